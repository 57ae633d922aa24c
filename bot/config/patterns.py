"""A small check of ``match`` and ``replace``: Python expressions and statements with metavariables.

The engine compiles them.  Here they are only checked against the grammar, so that a mistake is reported at its place in
the file and not at the first usage.
"""

import ast
import re
import unicodedata
import warnings

from bot.domain.statement_patterns import NO_FSTRING, SIMPLE, begins_head, head, in_fstring, simple, targets

DEPRECATED = "deprecated"
CANONICAL = "canonical"

_TOKEN = re.compile(
    r"""(?:[rbuf]{0,2})(?:'''(?:[^'\\]|\\.|'(?!''))*+'''|\"""(?:[^"\\]|\\.|"(?!""))*+\"""|
          '(?:[^'\\\n]|\\.)*+'|"(?:[^"\\\n]|\\.)*+")
      | \$(?P<stars>\*{0,2})(?P<name>(?:[^\W\d]\w*)?)
      | [^\W\d]\w* | \\. | .""",
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
    if DEPRECATED not in metavariables(_value(text)[1]):
        return 0, "the pattern has no $deprecated, so it would match anywhere"
    if DEPRECATED in _stored(text):
        return 0, "$deprecated is not a variable that a statement binds"
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
    """Whether ``replace`` uses only what ``match`` captures, and is as much of a statement; both are valid alone."""
    if (mismatch := _unlike(match, replace)) is not None:
        return 0, mismatch
    bound, (start, text) = metavariables(_value(match)[1]), _value(replace)
    for name, (offset, rest) in metavariables(text).items():
        if name == CANONICAL:
            continue
        if name not in bound:
            return start + offset, f"${name} is not in `match`"
        if rest != bound[name][1]:
            return start + offset, f"${name} is starred in only one of `match` and `replace`"
    return None


def check_reading(match: str, reading: str, replace: str | None) -> tuple[bool, int, str] | None:
    """The error in an entry of ``reads``, whether it is one of the key, and its offset."""
    names = metavariables(reading)
    about = [name for name in names if name in variables(match)]
    if problem := _expression(reading, names, statements=False):
        return True, *problem
    for name, why in ((CANONICAL, "only in `replace`"), (DEPRECATED, "only in `match`")):
        if name in names:
            return True, names[name][0], f"${name} is not allowed here, {why}"
    if len(about) != 1:
        return True, 0, "an entry of `reads` names one variable that the statement in `match` binds"
    if replace is None:
        return None
    found = _expression(replace, metavariables(replace), statements=False)
    found = found or check_replace(replace) or check_bound(reading, replace)
    return (False, *found) if found else None


def variables(match: str) -> frozenset[str]:
    """The metavariables, without ``$``, that stand for variables which a statement binds."""
    leaves = [leaf for each in _bound(match) for leaf in _leaves(each)]
    return frozenset(leaf.id[1:] for leaf in leaves if isinstance(leaf, ast.Name) and leaf.id[0] == _ONE)


def _stored(match: str) -> frozenset[str]:
    """The metavariables in what a head binds, or that are what a statement assigns to."""
    nodes = [node for each in _bound(match) for node in (ast.walk(each) if begins_head(match) else [each])]
    return frozenset(node.id[1:] for node in nodes if isinstance(node, ast.Name) and node.id[0] == _ONE)


def _bound(match: str) -> list[ast.expr]:
    source = _TOKEN.sub(_placeholder, match)
    if begins_head(match):
        target = head(source).target
        return [ast.parse(source[slice(*target)], mode="eval").body] if target else []
    tree = _tree(source)
    return [] if isinstance(tree, ast.expr) else targets(tree)


def _leaves(target: ast.expr) -> list[ast.expr]:
    parts = target.elts if isinstance(target, ast.Tuple | ast.List) else []
    return [leaf for part in parts for leaf in _leaves(part)] if parts else [target]


def _value(text: str) -> tuple[int, str]:
    """Of a head the expression in it and where that begins; else the whole."""
    start, end = head(_TOKEN.sub(_placeholder, text)).value if begins_head(text) else (0, len(text))
    return start, text[start:end]


def _unlike(match: str, replace: str) -> str | None:
    """Why ``replace`` cannot take the place of ``match``."""
    if begins_head(match) or begins_head(replace):
        shapes = [_shape(text) if begins_head(text) else None for text in (match, replace)]
        return (
            None
            if shapes[0] == shapes[1]
            else "`replace` must be the same statement as `match`, with the same variables"
        )
    one, other = (_tree(_TOKEN.sub(_placeholder, text)) for text in (match, replace))
    if isinstance(one, ast.expr):
        return None if isinstance(other, ast.expr) else "`match` is an expression, so `replace` must be one"
    leaves = [type(each) if isinstance(each, ast.Return | ast.Raise) else None for each in (one, other)]
    bound = [{ast.dump(each) for each in targets(tree) if isinstance(each, ast.Name)} for tree in (one, other)]
    same = leaves[0] is leaves[1] and bound[0] == bound[1]
    return None if same else "`replace` must be a statement that leaves and binds what `match` does"


def _shape(text: str) -> tuple[str, str]:
    source = _TOKEN.sub(_placeholder, text)
    found = head(source)
    target = ast.dump(ast.parse(source[slice(*found.target)], mode="eval")) if found.target else ""
    return found.word, target


def _expression(text: str, names: dict[str, tuple[int, bool]], *, statements: bool = True) -> tuple[int, str] | None:
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
    if statements and begins_head(source):
        return _head_problem(source)
    parsed = _parsed(source)
    if isinstance(parsed, tuple):
        statement = _statement(source) if statements else None
        return parsed if statement is None else _structure(statement, source)
    return _structure(parsed, source)


def _head_problem(source: str) -> tuple[int, str] | None:
    """The error in the head of a statement: in its form, its expression or its variables."""
    try:
        found = head(source)
    except SyntaxError as error:
        offset = _offset(source, error.lineno or 1, max((error.offset or 1) - 1, 0))
        return offset, f"not a statement that can be matched: {error.msg}"
    except (ValueError, MemoryError, RecursionError):
        return 0, "Python cannot read this statement"
    for start, end in filter(None, (found.value, found.target)):
        part = source[start:end]
        parsed = _parsed(part)
        problem = parsed if isinstance(parsed, tuple) else _structure(parsed, part)
        if problem is not None:
            return start + problem[0], problem[1]
    return None


def _statement(source: str) -> SIMPLE | None:
    try:
        return simple(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _tree(source: str) -> ast.expr | SIMPLE:
    """The tree of a valid pattern that is no head."""
    parsed = _parsed(source)
    return simple(source) if isinstance(parsed, tuple) else parsed


def _misnamed(text: str, names: dict[str, tuple[int, bool]]) -> tuple[int, str] | None:
    """A metavariable whose name Python reads as another one, that is starred in one place only, or in an f-string."""
    for token in _TOKEN.finditer(text):
        if inside := in_fstring(token[0]):
            return token.start() + inside[0], NO_FSTRING.format(inside[1])
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


def _structure(tree: ast.AST, source: str) -> tuple[int, str] | None:
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
    stored = {id(node) for node in names if not isinstance(node.ctx, ast.Load)} - {id(node) for node in targets(tree)}
    if any((node.id[0] == _REST and id(node) not in placed) or id(node) in stored for node in names):
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
