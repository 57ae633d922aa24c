"""Whether a file can call what it imports by another name."""

import re
from collections.abc import Collection, Mapping, Sequence

from bot.engine.program.taken import needed_elsewhere
from bot.engine.resolve.bindings import Binding, BindingKind, ScopeKind
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.namespaces import reads_by_name, reads_itself
from bot.engine.rewrite.paths import as_written
from bot.engine.rewrite.twice import doubles, siblings
from bot.engine.usages.analysis import Analysis, Use

_TYPE_COMMENT = re.compile(r"#\s*type:")

Through = Mapping[Binding, Sequence[Use]]
"""The usages that come through each import."""


def is_renamable(layout: Layout, binding: Binding, through: Through, imports: Collection[Binding]) -> bool:
    """Whether nothing but the usages that are known depends on what the file calls an imported thing.

    ``imports`` are the imports that are usages themselves.
    """
    analysis, scope, name, uses = layout.analysis, binding.scope, binding.name, through.get(binding, ())
    return (
        binding.written_in is scope
        and scope.kind in (ScopeKind.MODULE, ScopeKind.FUNCTION)
        and all(b.kind is BindingKind.FROM_IMPORT and b in imports for b in scope.bindings[name])
        and len(scope.bindings[name]) == 1
        and all(as_written(layout, use) for use in uses if use.string is not None)
        and not reads_by_name(analysis, scope)
        and not reads_itself(analysis, name)
        and not _is_annotated_within(analysis, binding, through)
        and not any(len(use.bindings) > 1 for use in uses)
        and not (scope is analysis.root and (analysis.is_package or is_exported(analysis, name)))
        and not any(name in inner.globals or name in inner.nonlocals for inner in scope.walk())
    )


def is_renamable_module(analysis: Analysis, binding: Binding) -> bool:
    """Whether the import of a module can become that of another one: nobody else takes it from here."""
    scope, name = binding.scope, binding.name
    public = scope is analysis.root and (analysis.is_package or is_exported(analysis, name))
    public = public or scope.kind is ScopeKind.CLASS  # an attribute, which whoever has the class can read
    alone = len(scope.bindings[name]) == len(siblings(binding) or [binding, *doubles(binding)])
    return alone and not public and not reads_by_name(analysis, scope) and not reads_itself(analysis, name)


def is_exported(analysis: Analysis, name: str) -> bool:
    """Whether others know a name of this module, or a type comment in it does."""
    listed = any(export.name == name for export in analysis.exports)
    return listed or _is_in_type_comment(analysis.text, name) or needed_elsewhere(analysis, name)


def _is_in_type_comment(text: str, name: str) -> bool:
    """Each is looked at up to the next one: a line may be full of them."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    return any(word.search(each.partition("\n")[0]) for each in _TYPE_COMMENT.split(text)[1:])


def _is_annotated_within(analysis: Analysis, binding: Binding, through: Through) -> bool:
    """Whether a string annotation may mean the module's name or an inner scope's of the same name.

    Type checkers read it where it stands, ``typing.get_type_hints`` among the module's names.
    """
    root, name = analysis.root, binding.name
    if binding.scope is root:
        others = (other for scope in root.walk() if scope is not root for other in scope.bindings.get(name, ()))
        return any(_is_annotation(other, through) for other in others)
    return _is_annotation(binding, through) and (name in root.bindings or bool(root.stars))


def _is_annotation(binding: Binding, through: Through) -> bool:
    return any(use.string is not None for use in through.get(binding, ()))
