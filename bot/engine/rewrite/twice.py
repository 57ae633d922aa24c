"""Imports that bind one name: several below a package, and one that stands twice."""

from bot.engine.resolve.bindings import Binding, Imported
from bot.engine.rewrite.flow import dominates
from bot.engine.usages.analysis import Analysis


def siblings(binding: Binding) -> list[Binding]:
    """The imports ``import a.x``, ``import a.y`` … that bind the same package, this one among them; else empty."""
    return [b for b in binding.scope.bindings[binding.name] if is_plain(b)] if is_plain(binding) else []


def doubles(binding: Binding) -> list[Binding]:
    """The other imports that bind the same name to the same module: ``import old.mod`` that stands twice."""
    found = binding.imported
    if found is None or found.name is not None:
        return []
    others = [b for b in binding.scope.bindings[binding.name] if b is not binding]
    same = [b for b in others if b.imported and _said(b.imported) == _said(found)]
    return same if len(same) == len(others) else []  # between them the name may mean something else


def _said(imported: Imported) -> tuple[object, ...]:
    return imported.modules, imported.name, imported.alias.name, imported.alias.asname


def is_plain(binding: Binding) -> bool:
    """Whether it is an ``import a.b`` that binds ``a``."""
    return binding.imported is not None and binding.imported.is_plain


def imported_name(binding: Binding) -> str:
    """What the import names, as it is written."""
    return binding.imported.alias.name if binding.imported else ""


def is_again(analysis: Analysis, binding: Binding, other: Binding) -> bool:
    """Whether ``binding`` says again what ``other`` has certainly said before it."""
    one, two = binding.imported, other.imported
    same = one is not None and two is not None and _said(one) == _said(two)
    return same and binding is not other and dominates(analysis, other.statement, binding.statement)


def first(analysis: Analysis, binding: Binding) -> Binding:
    """The first of the imports that say the same and bind the name to nothing else in between."""
    beside = siblings(binding)
    same = beside if len(beside) == len(binding.scope.bindings[binding.name]) else doubles(binding)
    return next((other for other in same if is_again(analysis, binding, other)), binding)
