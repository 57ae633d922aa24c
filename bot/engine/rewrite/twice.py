"""Imports that bind one name: several below a package, and one that stands twice."""

from bot.engine.resolve.bindings import Binding, Imported
from bot.engine.resolve.resolver import written
from bot.engine.rewrite.flow import dominates
from bot.engine.usages.analysis import Analysis, Use


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


def home(use: Use, binding: Binding) -> Binding:
    """The import that a usage is about: of several below one package the one whose path it continues."""
    path = f"{written(use.expression)}." if use.expression else ""
    found = [b for b in siblings(binding) if b.imported and path.startswith(f"{b.imported.alias.name}.")]
    return max(found, key=lambda b: len(b.imported.alias.name) if b.imported else 0, default=binding)


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


def comes_through(analysis: Analysis, use: Use) -> Binding | None:
    """The import that brings a usage what it begins with, beside which (or in whose place) another can stand.

    Of several below one package: the last, if it has certainly happened where the usage stands; else the one that the
    usage is about, or the first that has.  A function may be called before those that stand below it.
    """
    binding = use.binding
    if binding is None:
        return None
    beside = siblings(binding)
    if len(beside) != len(binding.scope.bindings[binding.name]):
        beside = [binding]
    own = home(use, beside[0])
    happened = (each for each in (binding, own, *beside) if dominates(analysis, each.statement, use.statement))
    return first(analysis, next(happened, own))
