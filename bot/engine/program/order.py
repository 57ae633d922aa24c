"""The modules whose imports have to be known, to tell in which order the program's modules run."""

from collections.abc import Iterable, Iterator

from bot.domain.migration import Config
from bot.engine.program.facts import Facts
from bot.engine.program.index import Index
from bot.engine.source.names import absolute, is_package
from bot.engine.usages.targets import brought


def successors(config: Config) -> frozenset[str]:
    """All that may be imported by a rewrite."""
    targets = (target.canonical for migration in config.migrations for target in migration.targets)
    rules = (rule for migration in config.migrations for rule in migration.rewrites)
    return frozenset(name for name in (*targets, *(name for rule in rules for name in brought(rule))) if name)


def begun(config: Config) -> frozenset[str]:
    """All that is imported before a rewrite, or after it."""
    return successors(config) | {target.name for each in config.migrations for target in each.targets}


def beside(config: Config, paths: Iterable[str]) -> frozenset[str]:
    """What makes packages of the directories around files, and what may be a module there that an import means."""
    tops = sorted({name.partition(".")[0] for name in begun(config)})
    around = {path[:at] for path in paths for at, char in enumerate(path) if char == "/"}
    ends = ["__init__.py", *(f"{top}{end}" for top in tops for end in (".py", "/__init__.py"))]
    return frozenset(f"{directory}/{end}" for directory in around for end in ends)


def above(dotted: str) -> Iterator[str]:
    """The modules that a dotted name may begin with, and itself."""
    parts = dotted.split(".")
    return (".".join(parts[:cut]) for cut in range(1, len(parts) + 1))


def early_imports(path: str, facts: Facts, index: Index) -> set[str]:
    """The dotted names that may be modules and that a file imports while it is imported itself."""
    own, package = index.modules_of(path), is_package(path)
    found: set[str] = set()
    for imported in facts.imports:
        if imported.early:
            for module in absolute(imported.module.text or None, imported.module.level, own, package=package):
                found.update(above(f"{module}.{imported.name}" if imported.name else module))
    return found
