"""The pattern language of ``match`` and ``replace``: Python expressions with metavariables.

``$name`` stands for one expression, ``$*name`` for any run of positional arguments or elements, ``$**name`` for the
remaining keyword arguments; ``$deprecated`` and ``$canonical`` are the target's names as the file spells them.  Each
metavariable is parsed as an identifier of the same length, so that every offset that Python reports in the compiled
text is an offset of the pattern as it was written.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.domain.errors import SsotError
from bot.engine.source.text import parse_expression

DEPRECATED = "deprecated"
CANONICAL = "canonical"

ONE = "ǃ"
REST = "ǂ"
"""Letters (so: parts of identifiers) that no program uses, and that NFKC leaves as they are."""

_LEXEME = re.compile(
    r"""(?P<string>(?i:[rbuf]{0,2})('''(?:\\.|[^\\])*?'''|\"""(?:\\.|[^\\])*?\"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
      | (?P<meta>\$(?P<stars>\*{0,2})(?P<name>[^\W\d]\w*)?)
      | (?P<other>\w+|.)""",
    re.VERBOSE | re.DOTALL,
)
MAX_LENGTH = 10_000
"""Characters; a longer pattern is a mistake, and could exhaust the parser."""
MAX_NESTING = 50


class PatternError(SsotError):
    """A pattern or a template that cannot be used.

    ``offset`` counts characters from 0 within the text of the pattern.
    """

    def __init__(self, message: str, offset: int) -> None:
        self.message, self.offset = message, offset
        super().__init__(f"{message} (at character {offset + 1})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A compiled ``match``."""

    text: str
    tree: ast.expr
    names: frozenset[str]
    """The metavariables that a match binds, without their ``$`` and stars, ``deprecated`` among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A compiled ``replace``."""

    text: str
    tree: ast.expr
    names: frozenset[str]
    holes: tuple["Hole", ...]
    """Every place where a metavariable stands, in the order of the text."""

    @property
    def awaits(self) -> bool:
        """Whether it can stand in a coroutine only."""
        return any(isinstance(node, ast.Await) for node in ast.walk(self.tree))

    @property
    def paths(self) -> tuple[str, ...]:
        """The dotted names that it writes out, each once, whole; not what begins with a variable of its own."""
        found = (path for _, path in named(self.tree, lambda path: "." in path))
        return tuple(dict.fromkeys(path for path in found if path.partition(".")[0] in self.bare))

    @property
    def bare(self) -> frozenset[str]:
        """The names that it reads and does not bind itself; of a dotted one the first part."""
        nodes = list(ast.walk(self.tree))
        names = {node.id for node in nodes if isinstance(node, ast.Name) and node.id[0] not in ONE + REST}
        own = {node.arg for node in nodes if isinstance(node, ast.arg)}
        own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        return frozenset(names - own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A metavariable's place: ``[start, end)`` in characters of the template's text, stars and ``$`` included."""

    name: str
    rest: bool
    start: int
    end: int
    node: ast.expr
    """The node of the template's tree that stands there (for a rest: the ``Name`` inside the star)."""


def compile_pattern(text: str) -> Pattern:
    """Parse a ``match``; it must name ``$deprecated`` and nothing that only a template can know.

    Raises `PatternError`.
    """
    tree, places = _parse(text)
    for name, offset in places:
        if name == CANONICAL:
            raise PatternError("$canonical cannot be matched: it belongs into 'replace'", offset)
    names = frozenset(name for name, _ in places)
    if DEPRECATED not in names:
        raise PatternError("the pattern does not name $deprecated, so that it would fit anywhere", 0)
    _check_rests(tree, text)
    return Pattern(text=text, tree=tree, names=names)


def compile_template(text: str, pattern: Pattern | None = None) -> Template:
    """Parse a ``replace``.  With ``pattern``: every metavariable must be bound by it.

    Raises `PatternError`.
    """
    tree, places = _parse(text)
    bound = (pattern.names if pattern else frozenset()) | {CANONICAL}
    for name, offset in places:
        if name == DEPRECATED:
            raise PatternError("$deprecated cannot be part of 'replace': the result would be found again", offset)
        if pattern is not None and name not in bound:
            raise PatternError(f"${name} is not bound by 'match'", offset)
        if pattern is not None and name != CANONICAL and is_rest(tree, name) != is_rest(pattern.tree, name):
            raise PatternError(f"${name} stands for one expression here and for the rest there", offset)
    return Template(text=text, tree=tree, names=frozenset(name for name, _ in places), holes=tuple(_holes(tree, text)))


def path_of(node: ast.AST) -> str | None:
    """The name, dotted or not, that an expression is, when nothing in it is a metavariable."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id[0] in ONE + REST:
        return None
    return ".".join((node.id, *reversed(names)))


def named(tree: ast.AST, wanted: Callable[[str], object]) -> Iterator[tuple[ast.expr, str]]:
    """The names in a tree, dotted or not, that are ``wanted``; of one that stands in another the longer."""
    path = path_of(tree)
    if path is not None and isinstance(tree, ast.expr) and wanted(path):
        yield tree, path
        return
    for child in ast.iter_child_nodes(tree):
        yield from named(child, wanted)


def metavariable(node: ast.AST) -> str | None:
    """The name of the single metavariable that ``node`` is, or ``None``."""
    return node.id[1:] if isinstance(node, ast.Name) and node.id.startswith(ONE) else None


def rest_variable(node: ast.AST) -> str | None:
    """The name of the ``$*rest`` that ``node`` is, or ``None``."""
    match node:
        case ast.Starred(value=ast.Name(id=name)) if name.startswith(REST):
            return name[1:]
        case ast.keyword(arg=None, value=ast.Name(id=name)) if name.startswith(REST):
            return name[1:]
        case _:
            return None


def is_rest(tree: ast.AST, name: str) -> bool:
    """Whether the metavariable stands for a rest somewhere in ``tree``."""
    return any(isinstance(node, ast.Name) and node.id == REST + name for node in ast.walk(tree))


def _parse(text: str) -> tuple[ast.expr, list[tuple[str, int]]]:
    """The tree, and every metavariable with its offset."""
    if len(text) > MAX_LENGTH:
        raise PatternError(f"the pattern is longer than {MAX_LENGTH} characters", MAX_LENGTH)
    source, places = _encode(text)
    try:
        tree = parse_expression(source).body
    except SyntaxError as error:
        offset = _offset(source, error.lineno or 1, (error.offset or 1) - 1)
        raise PatternError(f"not a Python expression: {error.msg}", offset) from None
    except (ValueError, MemoryError, RecursionError):
        raise PatternError("not a Python expression", 0) from None
    _check_nesting(tree, 0)
    _check_places(tree, source, len(places))
    return tree, places


def _encode(text: str) -> tuple[str, list[tuple[str, int]]]:
    """Metavariables as identifiers, character for character: ``$a`` → ``ǃa``, ``$*a`` → ``*ǂa``."""
    pieces: list[str] = []
    places: list[tuple[str, int]] = []
    depth = 0
    for lexeme in _LEXEME.finditer(text):
        piece = lexeme[0]
        depth += (piece in "([{") - (piece in ")]}")
        if depth > MAX_NESTING:
            raise PatternError("nested too deeply", lexeme.start())
        if lexeme["other"] and (ONE in piece or REST in piece):
            raise PatternError(f"the character {piece[0]!r} cannot be part of a pattern", lexeme.start())
        if lexeme["meta"]:
            if not lexeme["name"]:
                raise PatternError("a name must follow the $", lexeme.start())
            places.append((lexeme["name"], lexeme.start()))
            piece = lexeme["stars"] + (REST if lexeme["stars"] else ONE) + lexeme["name"]
        pieces.append(piece)
    return "".join(pieces), places


def _check_nesting(node: ast.AST, depth: int) -> None:
    if depth > 2 * MAX_NESTING:
        raise PatternError("nested too deeply", 0)
    for child in ast.iter_child_nodes(node):
        _check_nesting(child, depth + 1)


def _check_places(tree: ast.expr, source: str, expected: int) -> None:
    """Every metavariable must have become a ``Name``, and a rest must stand where there can be one."""
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id[0] in ONE + REST]
    if len(names) != expected:
        seen = {_offset(source, n.lineno, n.col_offset, in_bytes=True) for n in names}
        stray = next(m.start() for m in re.finditer(f"[{ONE}{REST}]", source) if m.start() not in seen)
        raise PatternError("a metavariable stands for an expression, not for a name or a label", stray)
    allowed = {id(rest) for node in ast.walk(tree) for rest in _rests(node)}
    for node in names:
        if (node.id[0] == REST and id(node) not in allowed) or not isinstance(node.ctx, ast.Load):
            offset = _offset(source, node.lineno, node.col_offset, in_bytes=True)
            raise PatternError(f"${node.id[1:]} cannot stand here", offset)


def _rests(node: ast.AST) -> Iterator[ast.expr]:
    """The names of the rests that are direct elements of ``node``."""
    match node:
        case ast.Call(args=args, keywords=keywords):
            candidates: list[ast.AST] = [*args, *keywords]
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            candidates = [*elements]
        case _:
            return
    for candidate in candidates:
        if rest_variable(candidate) is not None and isinstance(candidate, ast.Starred | ast.keyword):
            yield candidate.value


def _check_rests(tree: ast.expr, text: str) -> None:
    """A call or a sequence has at most one rest of each sort, else a match would be a guess."""
    for node in ast.walk(tree):
        rests = [rest for rest in _rests(node) if isinstance(rest, ast.Name)]
        starred = isinstance(node, ast.Call) and sum(rest_variable(a) is not None for a in node.args)
        if len(rests) - int(starred) > 1 or int(starred) > 1:
            raise PatternError("one list has room for one rest only", text.find("$" + "*"))


def offset_of(text: str, node: ast.expr | ast.keyword) -> int:
    """Where a node of the compiled ``text`` starts, in characters of ``text``."""
    return _offset(_encode(text)[0], node.lineno, node.col_offset, in_bytes=True)


def extent(text: str, node: ast.expr) -> tuple[int, int]:
    """Where a node of the compiled ``text`` stands: ``[start, end)`` in characters of ``text``."""
    end = _offset(_encode(text)[0], node.end_lineno or node.lineno, node.end_col_offset or 0, in_bytes=True)
    return offset_of(text, node), end


def _holes(tree: ast.expr, text: str) -> Iterator[Hole]:
    source, _ = _encode(text)
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id[0] in ONE + REST]
    for node in sorted(found, key=lambda n: (n.lineno, n.col_offset)):
        start = _offset(source, node.lineno, node.col_offset, in_bytes=True)
        stars = 0
        while node.id[0] == REST and source[start - 1 - stars] == "*":
            stars += 1
        yield Hole(name=node.id[1:], rest=node.id[0] == REST, start=start - stars, end=start + len(node.id), node=node)


def _offset(source: str, line: int, column: int, *, in_bytes: bool = False) -> int:
    """The character offset of a position that Python reports (line from 1, column from 0)."""
    lines = source.split("\n")
    line = min(line, len(lines))
    before = sum(len(text) + 1 for text in lines[: line - 1])
    if in_bytes:
        column = len(lines[line - 1].encode()[:column].decode())
    return min(before + max(column, 0), len(source))
