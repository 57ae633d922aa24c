"""What the bot recognises itself by is written and parsed in ``bot.identity`` and nowhere else.

The rules read the source, so they see what is spelled out: wire names, prefixes, the low-level functions.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from bot.identity.checks import APPLY_SAFE_FIXES
from bot.identity.kinds import MarkerKind

ROOT = Path(__file__).parents[1]
ELSEWHERE = ("bot/identity/", "bot/sandbox/")
"""The room itself, and the GitHub on loopback, which knows no bot."""
ALLOWED = {"Marker", "MarkerKeys"}
"""All that others may take from ``bot.identity.markers``: the rest signs and finds without the register."""
SPELLED = re.compile(r"<!-- ?ssot|(?<![\w./-])ssot(-removal)?/|(?<!\w)Ssot-")
"""Openings of markers and trailers, and beginnings of branch names where a word begins: ``.ssot/`` is none."""
WIRES = {kind.wire for kind in MarkerKind}
WORDS = {"command", "re", "skip", "attest", "batch", "removal"}
"""Wire names that mean other things as well: they count only where a kind is asked for."""
TAKES_KIND = {"write", "read", "find", "write_trailer", "read_trailer", "sign"}
CUTS = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split", "rsplit"}
MATCHES = {"match", "fullmatch", "search", "findall", "finditer"}
PARSES = {
    "external_id": CUTS | MATCHES,
    # Not by a pattern: the merge queue's branches have GitHub's own form, and are read by their handler.
    "head_ref": CUTS,
}
PLACES = re.compile(r"/(pull|queue|issue)/|/(migration|removal)(:|$)")


def words_of(tree: ast.AST) -> set[int]:
    """The string statements: docstrings of modules, classes, functions and attributes.  They are for people."""
    return {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def forgeries(source: str) -> list[str]:
    """What a module outside of the room does that only the room may do."""
    tree = ast.parse(source)
    words = words_of(tree)
    nodes = (node for node in ast.walk(tree) if id(node) not in words)
    return [f"line {line}: {text}" for line, text in sorted({found for node in nodes for found in _of(node)})]


def _of(node: ast.AST) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Constant(value=str() | bytes() as value):
            text = value if isinstance(value, str) else value.decode("latin-1")
            if SPELLED.search(text):
                yield node.lineno, f"spells out a marker or a branch: {text!r}"
            if text in WIRES - WORDS or text == APPLY_SAFE_FIXES:
                yield node.lineno, f"names a kind or a button by its wire name: {text!r}"
        case ast.JoinedStr(values=[ast.FormattedValue(value=owner), ast.Constant(value=str(rest)), *_]):
            if _is_id(owner) and PLACES.match(rest):
                yield node.lineno, f"makes a place or an external id: {ast.unparse(node)}"
        case ast.ImportFrom(module="bot.identity.markers", names=names):
            for name in {alias.name for alias in names} - ALLOWED:
                yield node.lineno, f"imports {name} from bot.identity.markers"
        case ast.ImportFrom(module="bot.identity", names=names) if "markers" in {alias.name for alias in names}:
            yield node.lineno, "imports the module bot.identity.markers"
        case ast.Import(names=names) if "bot.identity.markers" in {alias.name for alias in names}:
            yield node.lineno, "imports the module bot.identity.markers"
        case ast.Attribute(attr="wire"):
            yield node.lineno, "takes the wire name of a kind"
        case ast.Call():
            yield from _of_call(node)


def _of_call(node: ast.Call) -> Iterator[tuple[int, str]]:
    name = _name(node.func)
    if name == "MarkerPlace":
        yield node.lineno, "makes a place"
    wires = [each for each in node.args if isinstance(each, ast.Constant) and each.value in WIRES]
    if name in TAKES_KIND and wires:
        yield node.lineno, f"gives {name} a kind by its wire name"
    parsed = [*node.args, *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
    if any(name in PARSES.get(_name(each) or "", ()) for each in parsed):
        yield node.lineno, f"parses an external id or a branch: {ast.unparse(node)}"
    for keyword in node.keywords:
        value = keyword.value
        if keyword.arg == "kind" and isinstance(value, ast.Constant) and value.value in WIRES:
            yield node.lineno, "gives a kind by its wire name"
        if keyword.arg == "external_id" and isinstance(value, ast.JoinedStr | ast.BinOp):
            yield node.lineno, "makes an external id"


def _name(node: ast.expr) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


def _is_id(node: ast.expr) -> bool:
    return _name(node) in ("id", "repository", "repository_id", "repo_id")


def others() -> list[Path]:
    found = (path for top in ("bot", "handlers") for path in (ROOT / top).rglob("*.py"))
    return sorted(path for path in found if not path.relative_to(ROOT).as_posix().startswith(ELSEWHERE))
