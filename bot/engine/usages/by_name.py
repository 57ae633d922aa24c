"""Usages that are names: imports, calls and references."""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.domain.finding import Kind
from bot.domain.migration import Migration, Target, TargetKind
from bot.engine.resolve.bindings import Binding, BindingKind, Imported, Load
from bot.engine.resolve.resolver import Resolved
from bot.engine.resolve.scope import owner_at
from bot.engine.usages.analysis import Use
from bot.engine.usages.file import File
from bot.engine.usages.targets import Match, is_moved


def imports(file: File) -> Iterator[Use]:
    """The imports of a target, or of a module that is one or holds one that is."""
    for scope in file.scopes.root.walk():
        for star in scope.stars:
            yield from _stars_of(file, star)
        for bindings in scope.bindings.values():
            for binding in bindings:
                imported = binding.imported
                # An import can lead to a target by the name that it takes, or by the variable that is asked for.
                if imported and imported.name != "*" and not file.names.isdisjoint((binding.name, imported.name)):
                    yield from _imports_of(file, binding, imported)


def _imports_of(file: File, binding: Binding, imported: Imported) -> Iterator[Use]:
    dotted = imported.modules if imported.name is None else imported.origins
    for match in file.matches(dotted):
        if imported.is_plain and not _is_named(match, dotted):
            continue
        kind = Kind.RE_EXPORT if _is_re_export(file, binding) else Kind.IMPORT
        yield Use(
            node=binding.node, kind=kind, migration=match.migration, target=match.target, symbol=match.symbol,
            statement=binding.statement, scope=binding.written_in, range=file.place(binding.node),
            bindings=(binding,), resolves=match.resolves,
        )  # fmt: skip


def _is_named(match: Match, dotted: Sequence[str]) -> bool:
    """Whether a plain ``import a.b`` names the target: it brings the module, whatever else its package calls so."""
    return match.target.kind is TargetKind.MODULE or match.symbol in dotted


def _stars_of(file: File, binding: Binding) -> Iterator[Use]:
    """``from m import *`` where the whole of ``m`` is deprecated; in an ``__init__`` it is what others import.

    The statement means the file of the module, whatever else its package calls so.
    """
    modules = binding.imported.modules if binding.imported else ()
    for match in file.matches(modules):
        if match.target.kind is not TargetKind.MODULE:
            continue
        if match.symbol not in modules and any(file.index.source_of(module) is not None for module in modules):
            file.missing_modules |= {module for module in modules if file.index.source_of(module) is False}
            continue
        yield Use(
            node=binding.node, kind=Kind.RE_EXPORT if file.resolver.package else Kind.IMPORT,
            migration=match.migration, target=match.target, symbol=match.symbol, statement=binding.statement,
            scope=binding.written_in, range=file.place(binding.node), bindings=(binding,), resolves=match.resolves,
        )  # fmt: skip


def _is_re_export(file: File, binding: Binding) -> bool:
    """Whether an import serves others only: ``as`` its own name, or in an ``__init__`` and unused there.

    A name in ``__all__`` has its entry there as the re-export.
    """
    imported = binding.imported
    if binding.scope is not file.scopes.root or imported is None or imported.name is None:
        return False
    if imported.alias.asname == imported.alias.name:
        return True
    listed = any(entry.value == binding.name for entry, _ in file.entries)
    return file.resolver.package and not listed and not file.scopes.root.reads.get(binding.name)


def loads(file: File) -> Iterator[Use]:
    """The places where a target is called or otherwise read, by a name or through a module."""
    for load in file.resolver.loads.values():
        if load.node.id not in file.names:
            continue
        chain = _chain(load.node, file.scopes.parents)
        if file.scopes.root.stars:
            _want_stars(file, load)
        for resolved in _own(file, load) or file.resolver.name(load) or _built_in(file, load):
            if resolved.origins and (resolved.star is None or _interesting(file, chain)):
                yield from _loads_of(file, load, chain, resolved)


def _want_stars(file: File, load: Load) -> None:
    """Ask for the modules that may bring an interesting name with a star: the last that has it counts."""
    if load.node.id in file.interest and owner_at(load) in (None, file.scopes.root):
        for star in file.scopes.root.stars:
            for module in star.imported.modules if star.imported else ():
                file.missing_modules |= file.index.resolution(f"{module}.{load.node.id}").missing_modules


def _own(file: File, load: Load) -> tuple[Resolved, ...]:
    """What the file defines itself: a usage only of what keeps its name, which is all that is not exempt here."""
    origins = tuple(f"{module}.{load.node.id}" for module in file.resolver.modules)
    if file.own.isdisjoint(origins) or owner_at(load) is not file.scopes.root:
        return ()
    bindings = file.scopes.root.bindings[load.node.id]
    defined = all(binding.kind in (BindingKind.FUNCTION, BindingKind.CLASS) for binding in bindings)
    return (Resolved(origins=origins, load=load),) if defined else ()


def at_home(file: File) -> Iterator[Use]:
    """The uses of a target in the module that defines it: all but those in the definition itself."""
    here = {target.leaf: target for target in file.exempt if target.kind is TargetKind.SYMBOL}
    migrations = {target: m for m in file.targets.migrations for target in m.targets}
    root = file.scopes.root
    for name, target in here.items():
        bindings = root.bindings.get(name, ())
        if not bindings or any(b.imported for b in bindings) or not file.owned_by_module(target):
            continue
        inside = {b.statement for each in here for b in root.bindings.get(each, ())}
        for load in root.reads.get(name, ()):
            if owner_at(load) is root and not _is_within(load.node, inside, file.scopes.parents):
                yield _own_use(file, load, migrations[target], target, bindings)


def _own_use(
    file: File, load: Load, migration: Migration, target: Target, bindings: Sequence[Binding]
) -> Use:  # fmt: skip
    parent = file.scopes.parents.get(load.node)
    call = parent if isinstance(parent, ast.Call) and parent.func is load.node else None
    return Use(
        node=load.node, kind=Kind.CALL if call else Kind.REFERENCE, migration=migration, target=target,
        symbol=target.name, statement=load.statement, scope=load.scope, range=file.place(load.node),
        expression=load.node, bindings=tuple(bindings), call=call, load=load, resolves=True,
        awaited=isinstance(file.scopes.parents.get(call or load.node), ast.Await),
    )  # fmt: skip


def _is_within(node: ast.AST, statements: Collection[ast.AST], parents: Mapping[ast.AST, ast.AST]) -> bool:
    current: ast.AST | None = node
    while current is not None:
        if current in statements:
            return True
        current = parents.get(current)
    return False


def _built_in(file: File, load: Load) -> tuple[Resolved, ...]:
    """A name that nothing binds is a built-in one: asked only where that is a target."""
    dotted = f"builtins.{load.node.id}"
    if owner_at(load) is not None or not any(dotted == t.name for m in file.targets.migrations for t in m.targets):
        return ()
    return (Resolved(origins=(dotted,), load=load),)


def _interesting(file: File, chain: Sequence[ast.expr]) -> bool:
    """Whether a name that may come through a star can be a target: only as itself, or as a module on the way."""
    return any((n.attr if isinstance(n, ast.Attribute) else getattr(n, "id", "")) in file.names for n in chain)


def _loads_of(file: File, load: Load, chain: Sequence[ast.expr], resolved: Resolved) -> Iterator[Use]:
    seen: dict[str, Use] = {}
    for length in range(len(chain)):
        tail = "".join(f".{part.attr}" for part in chain[1 : length + 1] if isinstance(part, ast.Attribute))
        names = [origin + tail for origin in resolved.origins]
        seen = {key: use for key, use in seen.items() if not any(is_moved(use.target, name) for name in names)}
        for match in file.matches(names):
            before = seen.get(match.migration.name)
            if before is None or before.target.name != match.target.name:
                seen[match.migration.name] = _load_use(file, load, chain, length, match, resolved)
    yield from seen.values()


def _load_use(file: File, load: Load, chain: Sequence[ast.expr], length: int, match: Match, resolved: Resolved) -> Use:
    node, expression, symbol = chain[length], chain[length], match.symbol
    if match.target.kind is TargetKind.MODULE:
        expression, symbol = _member(file, chain, length, match.symbol)
    parent = file.scopes.parents.get(expression)
    call = parent if isinstance(parent, ast.Call) and parent.func is expression else None
    awaited = isinstance(file.scopes.parents.get(call or expression), ast.Await)
    return Use(
        node=node, kind=Kind.CALL if call else Kind.REFERENCE, migration=match.migration, target=match.target,
        symbol=symbol, statement=load.statement, scope=load.scope, range=file.place(node),
        expression=expression, bindings=resolved.bindings, call=call, awaited=awaited, load=load,
        star=resolved.star, resolves=match.resolves,
    )  # fmt: skip


def _member(file: File, chain: Sequence[ast.expr], length: int, symbol: str) -> tuple[ast.expr, str]:
    """The part of a chain that names a member of a deprecated module: one component past its last module."""
    expression = chain[length]
    for node in chain[length + 1 :]:
        if not isinstance(node, ast.Attribute):
            break
        expression, symbol = node, f"{symbol}.{node.attr}"
        if not isinstance(file.index.source_of(symbol), tuple):
            break
    return expression, symbol


def _chain(node: ast.expr, parents: Mapping[ast.AST, ast.AST]) -> list[ast.expr]:
    """A name and the attributes taken of it, the whole chain last."""
    chain = [node]
    parent = parents.get(node)
    while isinstance(parent, ast.Attribute):
        chain.append(parent)
        parent = parents.get(parent)
    return chain
