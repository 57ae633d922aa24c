"""Usages that are strings: entries of ``__all__``, and the dotted names that ``patch`` and its like are given."""

import ast
from collections.abc import Iterator

from bot.domain.finding import Kind
from bot.engine.resolve.bindings import Binding
from bot.engine.resolve.flow import reaching, reaching_end
from bot.engine.resolve.lazy import lazy_names
from bot.engine.usages.analysis import DottedString, Use, scope_of, statement_of
from bot.engine.usages.file import File
from bot.engine.usages.strings import StringUse, members_of_string, string_uses


def exports(file: File) -> Iterator[Use]:
    """The entries of ``__all__`` that stand for a target."""
    root = file.scopes.root
    for node, statement in file.entries:
        name = str(node.value)
        if name not in file.names:
            continue
        bindings = reaching_end(root.bindings.get(name, ()), file.scopes.parents)
        origins = [origin for b in bindings if b.imported for origin in b.imported.origins]
        if not bindings:
            modules = [module for star in root.stars if star.imported for module in star.imported.modules]
            origins = [f"{module}.{name}" for module in modules if file.index.offers(module, name)]
        for match in file.matches(origins):
            yield Use(
                node=node, kind=Kind.RE_EXPORT, migration=match.migration, target=match.target,
                symbol=match.symbol, statement=statement, scope=root, range=file.place(node), bindings=bindings,
                resolves=match.resolves,
            )  # fmt: skip


def strings(file: File) -> Iterator[Use]:
    """The dotted strings that mean a target, or mean to."""
    parents = file.scopes.parents
    for plugin in _plugins(file):
        yield from _interesting(file, plugin)
    for node in [node for node in parents if isinstance(node, ast.Call | ast.Subscript | ast.Compare)]:
        found = string_uses(node, file.resolver) if isinstance(node, ast.Call) else ()
        uses = [use for string in found for use in _interesting(file, string)]
        if not uses:
            members = members_of_string(node, parents, file.resolver)
            uses = next(filter(None, ([*_interesting(file, member)] for member in members)), [])
        yield from uses


def lazy(file: File) -> Iterator[Use]:
    """The entries of the tables by which a module's ``__getattr__`` finds what it is asked for."""
    if b"__getattr__" not in file.source.source and b"attach" not in file.source.source:
        return
    for each in lazy_names(file.tree, file.resolver.modules, package=file.resolver.package):
        if isinstance(each.node, ast.Constant):
            for match in file.matches(each.dotted):
                if match.resolves is not False or match.symbol in each.dotted:
                    yield Use(
                        node=each.node, kind=Kind.STRING_REFERENCE, migration=match.migration, target=match.target,
                        symbol=match.symbol, statement=each.statement, scope=file.scopes.root,
                        range=file.place(each.node), resolves=match.resolves,
                        dotted=DottedString(text=match.symbol, function="__getattr__", resolves=match.resolves),
                    )  # fmt: skip


def _plugins(file: File) -> Iterator[StringUse]:
    """The modules that ``pytest_plugins`` names, or is given later."""
    root, parents = file.scopes.root, file.scopes.parents
    found: list[ast.AST] = []
    for binding in root.bindings.get("pytest_plugins", ()):
        added = binding.statement.value if isinstance(binding.statement, ast.AugAssign) else None
        found += [value for value in (binding.value, added) if value is not None]
    for load in root.reads.get("pytest_plugins", ()):
        method = parents.get(load.node)
        call = parents.get(method) if isinstance(method, ast.Attribute) else None
        found += call.args if isinstance(call, ast.Call) and call.func is method else []
    for node in (node for value in found for node in ast.walk(value)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node in parents:
            yield StringUse(node=node, dotted=(node.value,), function="pytest_plugins")


def _interesting(file: File, string: StringUse) -> Iterator[Use]:
    if any(not file.interest.isdisjoint(name.split(".")) for name in string.dotted):
        yield from _string_uses(file, string)


def _string_uses(file: File, string: StringUse) -> Iterator[Use]:
    for dotted in string.dotted:
        for match in file.matches([dotted]):
            parents, scopes = file.scopes.parents, file.scopes
            yield Use(
                node=string.node, kind=Kind.STRING_REFERENCE, migration=match.migration, target=match.target,
                symbol=match.symbol, statement=statement_of(string.node, parents),
                scope=scope_of(string.node, scopes.root, scopes.scopes, parents),
                range=file.place(string.node), bindings=_held_by(file, string.holder),
                dotted=DottedString(text=dotted, function=string.function, resolves=match.resolves),
                resolves=match.resolves,
            )  # fmt: skip


def _held_by(file: File, holder: ast.expr | None) -> tuple[Binding, ...]:
    """The bindings of the first name of what has the member."""
    while isinstance(holder, ast.Attribute):
        holder = holder.value
    load = file.resolver.loads.get(holder) if isinstance(holder, ast.Name) else None
    return tuple(reaching(load, file.scopes.parents)) if load else ()
