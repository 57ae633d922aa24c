"""The order of the rooms, and what it holds against an import.

``ORDER`` is the only place that says it: the tables in CONTRIBUTING.md and docs/design.md are made from it by
``python -m tests.documents``.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Neighbours: they may import every lower row, and never each other."""

    rooms: tuple[str, ...]
    holds: str
    """What is in them, for the documents."""


ORDER = (
    Row(rooms=("domain",), holds="the values that all rooms share; standard library only"),
    Row(
        rooms=("sandbox", "engine", "identity", "markdown"),
        holds="a GitHub on loopback; names, usages, rewrites; markers, branch names and ids; Markdown helpers",
    ),
    Row(rooms=("config",), holds="parses `.github/ssot.yml` to migrations and reports every error at its place"),
    Row(
        rooms=("log", "settings", "sqlite_files", "postgres_session", "memory"),
        holds="logging; settings from the environment; whether SQLite's files are those that were opened; "
        "how long a connection to PostgreSQL waits; "
        "how much of what strangers wrote is in memory",
    ),
    Row(
        rooms=("github", "jobs", "scanner", "storage", "local"),
        holds="adapters: the API, the job queue, killable scanner processes, storage, a local checkout",
    ),
    Row(rooms=("context",), holds="`Bot`: the open adapters"),
    Row(
        rooms=("repository", "installations", "renames", "timers"),
        holds="a repository at a commit with its configuration; all repositories; their names now; scheduled tasks",
    ),
    Row(rooms=("inventory",), holds="scans of whole branches, stored"),
    Row(rooms=("review",), holds="a pull request's comments and check run; the merge queue"),
    Row(rooms=("migrate",), holds="fixes as commits on a pull request, and as migration pull requests"),
    Row(rooms=("onboarding",), holds="the pull request that proposes a first configuration"),
    Row(rooms=("tracker",), holds="the tracking issue, its evidence, and the pull request that removes the definition"),
    Row(rooms=("commands",), holds="`/ssot …`: parse, check permission, run, reply; the check run's buttons"),
    Row(rooms=("recovery",), holds="lost deliveries and missed reviews"),
    Row(rooms=("handlers",), holds="one module per event, task and command, with one call each"),
    Row(rooms=("web",), holds="the webhook, health, metrics, the operator's pages"),
    Row(rooms=("app",), holds="the composition root: builds the server from the settings"),
    Row(rooms=("cli",), holds="the command line"),
)
ROW = {room: number for number, row in enumerate(ORDER) for room in row.rooms}
PURE = frozenset({"domain", "engine", "identity", "markdown", "config"})
CAPABILITIES = frozenset({"inventory", "review", "migrate", "onboarding", "tracker", "commands", "recovery"})
PURE_INSIDE = ("models", "plan", "parse", "permissions", "checklist", "evidence")
"""Modules and packages of a capability that import no adapter; and all whose name begins with ``render``."""
ADAPTERS = frozenset(
    {
        "sandbox",
        "log",
        "settings",
        "github",
        "jobs",
        "scanner",
        "storage",
        "local",
        "context",
        "repository",
        "sqlite_files",
    }
)
IMPURE = frozenset(
    {"os", "io", "socket", "subprocess", "time", "asyncio", "aiohttp", "gidgethub", "random", "pathlib", "tempfile"}
)
READS_ITS_OWN_FILES = frozenset({"bot.config.resources"})
"""Data files that come with the package."""
TOP = {"bot": "domain", "bot.__main__": "cli"}
"""Modules outside the rooms, and which room's rights they have."""


def room_of(module: str) -> str:
    """The room that a module of ``bot`` or ``handlers`` belongs to.  ``KeyError``: it is in none."""
    if module in TOP:
        return TOP[module]
    first, _, rest = module.partition(".")
    room = first if first == "handlers" else rest.partition(".")[0]
    if room not in ROW:
        raise KeyError(f"{module} is in no room: add it to tests/layering.py")
    return room


def is_pure(module: str) -> bool:
    """Whether the module does no I/O and asks no clock."""
    room = room_of(module)
    if room in PURE:
        return module not in READS_ITS_OWN_FILES
    if room not in CAPABILITIES:
        return False
    return any(part in PURE_INSIDE or part.startswith("render") for part in module.split(".")[2:])


def complaints(module: str, imported: set[str]) -> list[str]:
    """What the order holds against ``module`` importing these modules."""
    return [text for name in sorted(imported) for text in _against(module, name)]


def _against(module: str, name: str) -> Iterator[str]:
    if name.partition(".")[0] not in ("bot", "handlers"):
        if is_pure(module) and name.partition(".")[0] in IMPURE:
            yield f"{module} is pure and imports {name}"
        return
    mine, theirs = room_of(module), room_of(name)
    if mine == theirs or name == "bot":
        return
    if ROW[theirs] >= ROW[mine]:
        yield f"{module} ({mine}) imports {name} ({theirs}), which is not below it"
    if is_pure(module) and theirs in ADAPTERS:
        yield f"{module} is pure and imports the adapter {name}"
    if theirs == "handlers" and mine != "app":
        yield f"{module} imports {name}: only bot.app may"


def imports_of(path: Path) -> set[str]:
    """The modules that a file imports, as full names; those that only type checkers see as well."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    return imports_in(path.read_text(), package)


def imports_in(source: str, package: tuple[str, ...] = ()) -> set[str]:
    """The same of a source in ``package``."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=module, level=level, names=names):
                base = ".".join((*package[: len(package) - level + 1], *filter(None, [module]))) if level else module
                found |= {_module(base or "", alias.name) for alias in names}
    return found


def _module(base: str, name: str) -> str:
    """``base.name`` where that is a module of ours, else ``base``."""
    full = ROOT.joinpath(*base.split("."), name)
    return f"{base}.{name}" if full.with_suffix(".py").exists() or (full / "__init__.py").exists() else base


def modules() -> list[Path]:
    """The source files of ``bot`` and ``handlers``."""
    return sorted(path for top in ("bot", "handlers") for path in (ROOT / top).rglob("*.py"))


def name_of(path: Path) -> str:
    """A file's name as a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def table() -> str:
    """The order for the documents, the highest row first."""
    lines = ["| row | rooms | what is in them |", "|---|---|---|"]
    for number in range(len(ORDER) - 1, -1, -1):
        rooms = ", ".join(f"`{room}`" if room == "handlers" else f"`bot.{room}`" for room in ORDER[number].rooms)
        lines.append(f"| {number} | {rooms} | {ORDER[number].holds} |")
    return "\n".join(lines)
