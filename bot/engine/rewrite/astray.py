"""Usages that come through an import which is replaced, and go elsewhere than it goes."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.finding import Edit
from bot.engine.rewrite.flow import observed_by_try
from bot.engine.rewrite.imports import Spelling, spell
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.paths import names_module, successor_of_node
from bot.engine.rewrite.reasons import Refusal
from bot.engine.rewrite.renamable import is_renamable_module
from bot.engine.rewrite.replacements import ImportReplacement
from bot.engine.rewrite.twice import is_plain
from bot.engine.usages.analysis import Use


def with_astray(layout: Layout, replacement: ImportReplacement, astray: Sequence[Use]) -> ImportReplacement | None:
    """The replacement with those usages spelled again; the import goes where nothing else is read through it."""
    for use in astray:
        spelling = spell(layout, successor_of_node(use), use, module_itself=names_module(use))
        if isinstance(spelling, Refusal) or _begins_with(replacement, spelling):
            return None
        added = (spelling.addition,) if spelling.addition else ()
        start, end = layout.span(use.node)
        edits = tuple(sorted((*replacement.edits, Edit(start=start, end=end, text=spelling.text))))
        additions = tuple(dict.fromkeys((*replacement.additions, *added)))
        replacement = replace(replacement, uses=(*replacement.uses, use), additions=additions, edits=edits)
    return replace(replacement, line=None) if astray and is_left(layout, replacement, astray) else replacement


def _begins_with(replacement: ImportReplacement, spelling: Spelling) -> bool:
    """Whether a usage would go on to need what the import binds, and not the like of it from an import of its own."""
    own = spelling.addition is not None and spelling.addition.line.name is None and is_plain(replacement.binding)
    return not own and spelling.text.partition(".")[0] == replacement.binding.name


def is_left(layout: Layout, replacement: ImportReplacement, astray: Sequence[Use]) -> bool:
    """Whether nobody has a use for what the import brings, once ``astray`` go elsewhere."""
    binding = replacement.binding
    loads = {use.load for use in astray}
    read = any(load not in loads for load in binding.scope.reads.get(binding.name, ()))
    watched = observed_by_try(layout.analysis, binding.statement)
    return not read and not watched and is_renamable_module(layout.analysis, binding)
