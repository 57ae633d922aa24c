"""For which Pythons a project is: what its project file says of the oldest one."""

import ast
import re
from collections.abc import Iterator

from bot.engine.program.facts import Facts
from bot.engine.program.index import Index
from bot.engine.resolve.exports import PARSE_ERRORS, parse
from bot.engine.resolve.resolver import written
from bot.engine.source.names import PROJECT_FILES

Version = tuple[int, int]
UNSAID: Version = (0, 0)
"""Of a project that does not say it."""
_CLAUSE = re.compile(r"(>=|~=|===?|\^|~|>)?\s*(\d+)(?:\.(\d+))?(?:\.[\d*]+)*\Z")


def is_project(path: str) -> bool:
    """Whether the file describes a project."""
    return path.rpartition("/")[2] in PROJECT_FILES


def oldest_python(path: str, source: bytes) -> Version | None:
    """The oldest Python of the project that a project file describes; `UNSAID` if it does not say.

    ``None`` for a file that describes none: one with the settings of tools only, or one that cannot be read.
    """
    try:
        match path.rpartition("/")[2]:
            case "pyproject.toml":
                found = _of_toml(source.decode())
            case "setup.cfg":
                found = _of_cfg(source.decode())
            case _:
                found = _of_setup(parse(source))
    except (*PARSE_ERRORS, UnicodeDecodeError):
        return None
    return None if found is None else _oldest(found)


def oldest_for(index: Index, path: str) -> Version:
    """The oldest Python that a file is for: by the nearest project around it."""
    facts = index.program.facts
    for directory in _above(path):
        names = (f"{directory}/{name}" if directory else name for name in sorted(PROJECT_FILES))
        said = [each.python for name in names if (each := facts.get(name, _NOTHING)).python is not None]
        if said:
            return max(said)
    return UNSAID


_NOTHING = Facts()


def _above(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path


def _of_toml(text: str) -> str | None:
    import tomllib  # a plain scan reads no project file

    content = tomllib.loads(text)  # TOMLDecodeError is a ValueError
    match content:
        case {"project": {"requires-python": str(said)}}:
            return said
        case {"tool": {"poetry": {"dependencies": {"python": str(said)}}}}:
            return said
        case {"project": _} | {"tool": {"poetry": _}}:
            return ""
        case _:
            return None


def _of_cfg(text: str) -> str | None:
    import configparser

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    if not parser.has_section("metadata") and not parser.has_section("options"):
        return None
    return parser.get("options", "python_requires", fallback="")


def _of_setup(tree: ast.Module) -> str:
    """What ``setup(python_requires=…)`` is given as it stands, or by a variable of the module."""
    texts = {target.id: text for statement in tree.body for target, text in _named(statement)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and written(node.func).rpartition(".")[2] == "setup":
            for keyword in node.keywords:
                if keyword.arg == "python_requires":
                    return _text(keyword.value) or texts.get(getattr(keyword.value, "id", ""), "")
    return ""


def _named(statement: ast.stmt) -> Iterator[tuple[ast.Name, str]]:
    match statement:
        case ast.Assign(targets=[ast.Name() as target], value=value) if text := _text(value):
            yield target, text
        case _:
            return


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _oldest(said: str) -> Version:
    """The lower bound of a version specifier (PEP 440, Poetry's carets); `UNSAID` without one, or of alternatives."""
    bounds = [_bound(clause.strip()) for clause in said.split(",")] if "|" not in said else []
    return max((bound for bound in bounds if bound is not None), default=UNSAID)


def _bound(clause: str) -> Version | None:
    found = _CLAUSE.match(clause)
    return None if found is None else (int(found[2]), int(found[3] or 0))
