"""Other definitions under a deprecated name."""

from collections.abc import Iterator

from bot.domain.finding import Kind
from bot.domain.migration import Migration, Target, TargetKind
from bot.engine.resolve.bindings import Binding, BindingKind
from bot.engine.source.names import is_test
from bot.engine.usages.analysis import Use
from bot.engine.usages.file import File


def definitions(file: File) -> Iterator[Use]:
    """A function or class at the top level of another module of the target's package, under the target's name.

    A test may define a double under that name; elsewhere it is the deprecated name brought back.
    """
    if is_test(file.path):
        return
    packages = {module.partition(".")[0] for module in file.resolver.modules if "." in module}
    for migration in file.targets.migrations:
        for target in migration.targets:
            own = target.kind is TargetKind.MODULE or target in file.exempt or target.keeps_name
            bindings = file.scopes.root.bindings.get(target.leaf, ())
            if own or target.name.partition(".")[0] not in packages or not bindings or not file.owned_by_module(target):
                continue
            for binding in bindings:
                module = min(file.resolver.modules, key=len)
                symbol = f"{module}.{binding.name}"
                if binding.kind in (BindingKind.FUNCTION, BindingKind.CLASS) and not _is_origin(file, symbol, target):
                    yield redefinition(file, binding, migration, target, symbol)


def _is_origin(file: File, symbol: str, target: Target) -> bool:
    """Whether what is defined here is the successor, or what the target only passes on."""
    resolutions = [file.index.resolution(name) for name in (target.name, target.canonical) if name]
    for resolution in resolutions:
        file.missing_modules |= resolution.missing_modules
    return any(symbol in resolution.names for resolution in resolutions)


def redefinition(file: File, binding: Binding, migration: Migration, target: Target, symbol: str) -> Use:
    """The usage that another definition under a deprecated name is."""
    line = file.place(binding.node).line
    first, last = file.source.starts[line - 1], len(file.source.source)
    at = file.source.source.find(binding.name.encode(file.source.encoding), first, last)
    return Use(
        node=binding.node, kind=Kind.DEFINITION, migration=migration, target=target,
        symbol=symbol, statement=binding.statement, scope=binding.scope,
        range=file.source.range(at, at + len(binding.name.encode(file.source.encoding))), bindings=(binding,),
    )  # fmt: skip
