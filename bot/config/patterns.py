"""A small check of ``match`` and ``replace``: Python expressions with metavariables.

The engine compiles them.  Here they are only checked against the grammar, so that a mistake is reported at its place in
the file and not at the first usage.
"""

import ast
import re
import unicodedata
import warnings

DEPRECATED = "deprecated"
CANONICAL = "canonical"

_TOKEN = re.compile(
    r"""(?:[rbuf]{0,2})(?:'''(?:\\.|[^\\])*?'''|\"""(?:\\.|[^\\])*?\"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
      | \$(?P<stars>\*{0,2})(?P<name>(?:[^\W\d]\w*)?)
      | [^\W\d]\w* | .""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ONE, _REST = "ǃ", "ǂ"
"""The prefixes of metavariables while Python parses them: letters that no program uses."""
_RESERVED = re.compile(f"[{_ONE}{_REST}]")
_MAX_BRACKETS = 50
_MAX_DEPTH = 100


def metavariables(text: str) -> dict[str, tuple[int, bool]]:
    """Name without ``$`` and stars -> its first offset, and whether it is starred.  Strings have none."""
    found: dict[str, tuple[int, bool]] = {}
    for token in _TOKEN.finditer(text):
        if token[0].startswith("$"):
            found.setdefault(token["name"], (token.start(), bool(token["stars"])))
    return found


def check_match(text: str) -> tuple[int, str] | None:
    """The error in a ``match`` on its own."""
    names = metavariables(text)
    if problem := _expression(text, names):
        return problem
    if CANONICAL in names:
        return names[CANONICAL][0], "$canonical is not allowed in `match`, only in `replace`"
    if DEPRECATED not in names:
        return 0, "the pattern has no $deprecated, so it would match anywhere"
    return None


def check_replace(text: str) -> tuple[int, str] | None:
    """The error in a ``replace`` on its own."""
    names = metavariables(text)
    if problem := _expression(text, names):
        return problem
    if DEPRECATED in names:
        return names[DEPRECATED][0], "$deprecated is not allowed in `replace`: the result would match again"
    return None


def check_bound(match: str, replace: str) -> tuple[int, str] | None:
    """Whether ``replace`` uses only what ``match`` captures; both are valid on their own."""
    bound = metavariables(match)
    for name, (offset, rest) in metavariables(replace).items():
        if name == CANONICAL:
            continue
        if name not in bound:
            return offset, f"${name} is not in `match`"
        if rest != bound[name][1]:
            return offset, f"${name} is starred in only one of `match` and `replace`"
    return None


def _expression(text: str, names: dict[str, tuple[int, bool]]) -> tuple[int, str] | None:
    if "" in names:
        return names[""][0], "a `$` without a name"
    if problem := _misnamed(text, names):
        return problem
    for name in (DEPRECATED, CANONICAL):
        if name in names and names[name][1]:
            return names[name][0], f"${name} is a single name: remove the star"
    if text != text.strip():
        return 0, "remove the white space around the expression"
    if found := _RESERVED.search(text):
        return found.start(), f"the character {found[0]!r} is not allowed in a pattern"
    if max(text.count("("), text.count("["), text.count("{")) > _MAX_BRACKETS:
        return 0, f"more than {_MAX_BRACKETS} brackets"
    source = _TOKEN.sub(_placeholder, text)
    parsed = _parsed(source)
    return parsed if isinstance(parsed, tuple) else _structure(parsed, source)


def _misnamed(text: str, names: dict[str, tuple[int, bool]]) -> tuple[int, str] | None:
    """A metavariable whose name Python reads as another one, or that is starred in one place and not in another."""
    for token in _TOKEN.finditer(text):
        if (name := token["name"]) and (normal := unicodedata.normalize("NFKC", name)) != name:
            return token.start(), f"Python reads {name!r} as {normal!r}: write {normal!r}"
        if name and bool(token["stars"]) != names[name][1]:
            return token.start(), f"${name} is starred in one place and not in another"
    return None


def _placeholder(token: re.Match[str]) -> str:
    """An identifier of the same length, so that Python's offsets are those of the text."""
    if not token[0].startswith("$"):
        return token[0]
    stars: str = token["stars"]
    return f"{stars}{_REST if stars else _ONE}{token['name']}"


def _parsed(source: str) -> ast.expr | tuple[int, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return ast.parse(source, mode="eval").body
        except SyntaxError as error:
            offset = _offset(source, error.lineno or 1, max((error.offset or 1) - 1, 0))
            return offset, f"not a Python expression: {error.msg}"
        except (ValueError, MemoryError, RecursionError):
            return 0, "Python cannot read this expression"


def _structure(tree: ast.expr, source: str) -> tuple[int, str] | None:
    """Whether metavariables are expressions, and starred ones are in argument lists or displays, one in each."""
    if _deep(tree, _MAX_DEPTH):
        return 0, "nested too deeply"
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id[0] in _ONE + _REST]
    seen = {_place(source, node) for node in names}
    stray = [found.start() for found in re.finditer(f"[{_ONE}{_REST}]", source) if found.start() not in seen]
    if stray:
        return stray[0], "a metavariable must be an expression, not a name, a label or part of a string"
    placed: set[int] = set()
    for node in ast.walk(tree):
        for run in _runs(node):
            placed |= {id(name) for name in run}
            if len(run) > 1:
                return source.find("*" + _REST), "only one starred metavariable is allowed in a list"
    if any((node.id[0] == _REST and id(node) not in placed) or not isinstance(node.ctx, ast.Load) for node in names):
        return 0, "a starred metavariable must be an argument of a call or an element of a list, a tuple or a set"
    return None


def _deep(node: ast.AST, levels: int) -> bool:
    return levels == 0 or any(_deep(child, levels - 1) for child in ast.iter_child_nodes(node))


def _runs(node: ast.AST) -> list[list[ast.Name]]:
    """The rests directly in ``node``: positional ones and, of a call, those of keyword arguments."""
    match node:
        case ast.Call(args=args, keywords=keywords):
            named = [keyword.value for keyword in keywords if keyword.arg is None]
            return [_rests([arg.value for arg in args if isinstance(arg, ast.Starred)]), _rests(named)]
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            return [_rests([element.value for element in elements if isinstance(element, ast.Starred)])]
        case _:
            return []


def _rests(nodes: list[ast.expr]) -> list[ast.Name]:
    return [node for node in nodes if isinstance(node, ast.Name) and node.id[0] == _REST]


def _place(source: str, node: ast.expr) -> int:
    """The offset of a node, whose column Python gives in bytes."""
    line = source.split("\n")[node.lineno - 1]
    return _offset(source, node.lineno, len(line.encode()[: node.col_offset].decode()))


def _offset(source: str, line: int, column: int) -> int:
    """The offset in characters of a line, from 1, and a column, from 0."""
    before = sum(len(text) + 1 for text in source.split("\n")[: line - 1])
    return min(before + column, len(source))
