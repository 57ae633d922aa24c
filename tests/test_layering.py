"""A module imports only from lower rows, and never from its neighbours where they are adapters."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROWS = {
    "bot": 0, "bot.model": 0, "bot.errors": 0, "bot.migration": 0, "bot.actions": 0,
    "bot.effects": 0, "bot.facts": 0, "bot.talk": 0, "bot.tracker": 0, "bot.ask": 0,
    "bot.refs": 0, "bot.outcomes": 0, "bot.evidence": 0, "bot.builtin": 0,
    "bot.identity": 0.5, "bot.markdown": 0.5, "bot.batches": 0.7,
    "bot.engine": 1, "bot.checklist": 1, "bot.config": 1, "bot.commands": 1, "bot.events": 1, "bot.plan": 1,
    "bot.render": 1, "bot.sweep": 1, "bot.batching": 1, "bot.authority": 1, "bot.plan_migrate": 1,
    "bot.github": 2, "bot.jobs": 2, "bot.scanner": 2, "bot.settings": 2, "bot.sandbox": 2, "bot.local": 2, "bot.log": 2,
    "bot.ledger": 2, "bot.records": 2,
    "bot.repository": 3,
    "bot.workflows": 4,
    "handlers": 5,
    "bot.app": 6, "bot.cli": 6, "bot.web": 6, "bot.__main__": 6,
}  # fmt: skip
IMPURE = {
    "os",
    "io",
    "socket",
    "subprocess",
    "time",
    "asyncio",
    "aiohttp",
    "gidgethub",
    "random",
    "pathlib",
    "tempfile",
}


def part_of(module: str) -> str:
    """The entry of ROWS that a module belongs to: its longest prefix."""
    names = module.split(".")
    candidates = (".".join(names[:n]) for n in range(min(len(names), 2), 0, -1))
    return next(name for name in candidates if name in ROWS)


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=module, level=0, names=names) if module == "bot":
                found |= {f"bot.{alias.name}" if f"bot.{alias.name}" in ROWS else "bot" for alias in names}
            case ast.ImportFrom(module=module, level=0) if module:
                found.add(module)
            case ast.ImportFrom(module=module, level=level, names=names) if level:
                base = package[: len(package) - level + 1]
                found.add(".".join((*base, module) if module else (*base, names[0].name)))
    return found


def modules() -> list[Path]:
    return sorted(p for top in ("bot", "handlers") for p in (ROOT / top).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def complaints(module: str, imported: set[str]) -> list[str]:
    """What the layering holds against ``module`` importing these names."""
    mine = part_of(module)
    found = []
    for name in sorted(imported):
        if name.partition(".")[0] not in ("bot", "handlers"):
            if ROWS[mine] <= 1 and name.partition(".")[0] in IMPURE:
                found.append(f"{module} is pure and imports {name}")
            continue
        theirs = part_of(name)
        if theirs == mine:
            continue
        if ROWS[theirs] > ROWS[mine] or (ROWS[theirs] == ROWS[mine] and ROWS[mine] in (0.5, 1, 2)):
            found.append(f"{module} (row {ROWS[mine]}) imports {name} (row {ROWS[theirs]})")
        if theirs == "handlers" and mine not in ("bot.app", "handlers"):
            found.append(f"{module} imports {name}: only bot.app may")
    return found


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_imports_only_from_lower_rows(path: Path) -> None:
    assert complaints(name_of(path), imports_of(path)) == []


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("bot.model", "bot.engine"),
        ("bot.talk", "bot.identity.places"),
        ("bot.identity.kinds", "bot.markdown.text"),
        ("bot.identity.kinds", "bot.config"),
        ("bot.markdown.links", "bot.github"),
        ("bot.engine.scan", "bot.config"),
        ("bot.engine.scan", "asyncio"),
        ("bot.github.client", "bot.jobs"),
        ("bot.github.client", "bot.repository"),
        ("bot.repository", "bot.workflows.context"),
        ("bot.workflows", "handlers.push"),
        ("bot.web.hook", "handlers"),
        ("handlers.push", "bot.app"),
    ],
)
def test_the_rule_can_be_broken(module: str, imported: str) -> None:
    assert complaints(module, {imported}) != []
