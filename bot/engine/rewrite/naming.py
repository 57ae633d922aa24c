"""What a template names besides its captures, and how that is spelled where a usage stands."""

import builtins
import sys
from dataclasses import dataclass

from bot.domain.migration import Rewrite
from bot.engine.program.existence import lacks
from bot.engine.rewrite.imports import Addition, spell
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.patterns import CANONICAL, Template
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.rules import successor
from bot.engine.usages.analysis import Analysis, Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Spellings:
    """The names of a template, by what it calls them."""

    texts: dict[str, str]
    """How each is written."""
    dotted: dict[str, str]
    """What each stands for."""
    additions: tuple[Addition, ...]
    """The imports that they need."""


def spellings(layout: Layout, use: Use, rewrite: Rewrite, template: Template) -> Spellings | Refusal:
    """The successor, what the rule imports, and every dotted name that the template writes out."""
    names: dict[str, str] = {}
    additions: list[Addition] = []
    needed = _needed(layout.analysis, use, rewrite, template)
    for key, dotted in needed.items():
        if lacks(layout.analysis.index, dotted) and not (use.target.exists and dotted == successor(use)):
            return Refusal(reason=Reason.MISSING, name=dotted)
        spelling = spell(layout, dotted, use)
        if isinstance(spelling, Refusal):
            return spelling
        names[key] = spelling.text
        additions += [spelling.addition] if spelling.addition else []
    for name in template.bare - names.keys():
        if hasattr(builtins, name) and use.scope.owner(name) is not None:
            return Refusal(reason=Reason.NAME_TAKEN, name=name)
    return Spellings(texts=names, dotted=needed, additions=tuple(dict.fromkeys(additions)))


def _needed(analysis: Analysis, use: Use, rewrite: Rewrite, template: Template) -> dict[str, str]:
    """The dotted names by what stands for them in the template."""
    listed = {dotted.rpartition(".")[2]: dotted for dotted in rewrite.imports}
    found: dict[str, str] = {}
    for path in template.paths:
        module = max((d for d in rewrite.imports if f"{path}.".startswith(f"{d}.")), key=len, default=None)
        if module is not None:
            found[module] = module
        elif path.partition(".")[0] not in listed and not _is_local(analysis, use, path.partition(".")[0]):
            found[path] = path
    found |= listed
    if CANONICAL in template.names and (canonical := successor(use)):
        found[CANONICAL] = canonical
    return found


def _is_local(analysis: Analysis, use: Use, name: str) -> bool:
    """Whether a dotted name that begins with ``name`` speaks of what the file calls so, and of no module.

    A built-in type (``str.join``), ``self``, any variable where the usage stands, or an alias of an import: unless
    a known module has that name.
    """
    if name in ("self", "cls") or hasattr(builtins, name):
        return True
    if name in sys.stdlib_module_names or analysis.index.has(name):
        return False
    owner = use.scope.owner(name)
    imports = [binding.imported for binding in owner.bindings[name]] if owner else []
    return bool(imports) and not any(each is not None and name in each.origins for each in imports)
