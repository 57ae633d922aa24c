"""Usages of methods where no name leads to them: taken of an object, and overridden in a class of one's own."""

import ast
from collections.abc import Iterator

from bot.domain.finding import Kind
from bot.domain.migration import Target
from bot.engine.program.presence import definition_files
from bot.engine.program.presence import definitions as present
from bot.engine.resolve.bindings import Binding, BindingKind, Load
from bot.engine.resolve.scope import owner_at
from bot.engine.usages.analysis import Use
from bot.engine.usages.definitions import redefinition
from bot.engine.usages.file import File

_DECLARED = (BindingKind.PARAMETER, BindingKind.ASSIGNMENT, BindingKind.ANNOTATION)


def methods(file: File) -> Iterator[Use]:
    """The deprecated methods that are taken of variables which are bound once, to what certainly is an object."""
    for load in file.resolver.loads.values():
        attribute = file.scopes.parents.get(load.node)
        if isinstance(attribute, ast.Attribute) and attribute.attr in file.members and load.string is None:
            yield from _method(file, load, attribute)


def overrides(file: File) -> Iterator[Use]:
    """The methods of classes of their own that override a deprecated one: renamed alone, they override nothing."""
    for node, scope in file.scopes.scopes.items():
        if not isinstance(node, ast.ClassDef):
            continue
        bases = [origin for base in node.bases for origin in file.resolver.expression(base)]
        for name in file.members & scope.bindings.keys():
            bound = [b for b in scope.bindings[name] if b.kind is BindingKind.FUNCTION]
            for match in file.matches([f"{base}.{name}" for base in bases]) if bound else ():
                if match.symbol == match.target.name and not _is_gone(file, match.target):
                    yield redefinition(file, bound[0], match.migration, match.target, match.symbol)


def _is_gone(file: File, target: Target) -> bool:
    """Whether the class is known, and has no such method any more that could be overridden."""
    file.missing_modules |= file.index.resolution(target.name).missing_modules
    paths = definition_files([target], file.index.roots)
    sources = {path: source for path in paths if (source := file.index.files.get(path)) is not None}
    return bool(sources) and not present([target], sources, file.index.roots)


def _method(file: File, load: Load, attribute: ast.Attribute) -> Iterator[Use]:
    owner = owner_at(load)
    bindings = owner.bindings[load.node.id] if owner else []
    kind = type_of(bindings[0]) if len(bindings) == 1 else None
    if kind is None or _is_rest(file.scopes.parents.get(bindings[0].node), bindings[0]):
        return
    parent = file.scopes.parents.get(attribute)
    call = parent if isinstance(parent, ast.Call) and parent.func is attribute else None
    for match in file.matches([f"{origin}.{attribute.attr}" for origin in file.resolver.expression(kind)]):
        if match.symbol == match.target.name and match.target.leaf in file.members:
            yield Use(
                node=attribute, kind=Kind.CALL if call else Kind.REFERENCE, migration=match.migration,
                target=match.target, symbol=match.symbol, statement=load.statement, scope=load.scope,
                range=file.place(attribute), expression=attribute, call=call, load=load, resolves=match.resolves,
                awaited=isinstance(file.scopes.parents.get(call or attribute), ast.Await), object=bindings[0],
            )  # fmt: skip


def _is_rest(parent: ast.AST | None, binding: Binding) -> bool:
    """Whether it is ``*name`` or ``**name``, whose annotation speaks of each of the values."""
    return isinstance(parent, ast.arguments) and binding.node in (parent.vararg, parent.kwarg)


def type_of(binding: Binding) -> ast.expr | None:
    """The expression that names the class of what is bound: what is declared, else what is called."""
    if binding.annotation is not None:
        return binding.annotation if binding.kind in _DECLARED else None
    return binding.value.func if is_made(binding) and isinstance(binding.value, ast.Call) else None


def is_made(binding: Binding) -> bool:
    """Whether it is bound to the value of a call, so that no subclass stands for the class."""
    made = binding.kind is BindingKind.ASSIGNMENT and isinstance(binding.value, ast.Call)
    return made and binding.annotation is None
