"""The pattern language of ``match`` and ``replace``: Python expressions and statements with metavariables.

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
from bot.domain.statement_patterns import NO_FSTRING, SIMPLE, in_fstring, targets

DEPRECATED = "deprecated"
CANONICAL = "canonical"

ONE = "ǃ"
REST = "ǂ"
"""Letters (so: parts of identifiers) that no program uses, and that NFKC leaves as they are."""

_LEXEME = re.compile(
    r"""(?P<string>(?i:[rbuf]{0,2})('''(?:[^'\\]|\\.|'(?!''))*+'''|\"""(?:[^"\\]|\\.|"(?!""))*+\"""
              |'(?:[^'\\\n]|\\.)*+'|"(?:[^"\\\n]|\\.)*+"))
      | (?P<meta>\$(?P<stars>\*{0,2})(?P<name>[^\W\d]\w*)?)
      | (?P<other>\w+|\\.|.)""",
    re.VERBOSE | re.DOTALL,
)
MAX_LENGTH = 10_000
"""Characters; a longer pattern is a mistake, and could exhaust the parser."""
MAX_NESTING = 50
Tree = ast.expr | SIMPLE
"""What a pattern or a template is: an expression, or a simple statement."""


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
    tree: Tree
    """Of a head the expression in it."""
    names: frozenset[str]
    """The metavariables that a match binds, without their ``$`` and stars, ``deprecated`` among them."""
    head: "PatternHead | None" = None

    @property
    def variables(self) -> frozenset[str]:
        """The metavariables that stand for a variable which the statement binds."""
        bound = [self.head.target] if self.head else targets(self.tree)
        names = (metavariable(node) for tree in bound if tree is not None for node in _leaves(tree))
        return frozenset(name for name in names if name)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternHead:
    """What stands around the expression of a ``with``, a ``for`` or a decorator."""

    word: str
    """See `bot.domain.statement_patterns.Head`."""
    target: ast.expr | None

    @property
    def shape(self) -> tuple[str, str]:
        """What a replacement must have too."""
        return self.word, ast.dump(self.target) if self.target else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A compiled ``replace``; of a head the expression in it."""

    text: str
    tree: Tree
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
class Reading:
    """A compiled entry of ``reads``: what may be read off a variable that the matched statement binds."""

    variable: str
    pattern: Pattern
    template: Template | None
    """What takes its place; ``None``: it stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A metavariable's place: ``[start, end)`` in characters of the template's text, stars and ``$`` included."""

    name: str
    rest: bool
    start: int
    end: int
    node: ast.expr
    """The node of the template's tree that stands there (for a rest: the ``Name`` inside the star)."""


def path_of(node: ast.AST) -> str | None:
    """The name, dotted or not, that an expression is, when nothing in it is a metavariable."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id[0] in ONE + REST:
        return None
    return ".".join((node.id, *reversed(names)))


def named(tree: ast.AST, is_one: Callable[[str], object]) -> Iterator[tuple[ast.expr, str]]:
    """The names in a tree, dotted or not, that are one of those; of one that stands in another the longer."""
    path = path_of(tree)
    if path is not None and isinstance(tree, ast.expr) and is_one(path):
        yield tree, path
        return
    for child in ast.iter_child_nodes(tree):
        yield from named(child, is_one)


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


def encode(text: str) -> tuple[str, list[tuple[str, int]]]:
    """Metavariables as identifiers, character for character: ``$a`` → ``ǃa``, ``$*a`` → ``*ǂa``."""
    if len(text) > MAX_LENGTH:
        raise PatternError(f"the pattern is longer than {MAX_LENGTH} characters", MAX_LENGTH)
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
        if lexeme["string"] and (inside := in_fstring(piece)):
            raise PatternError(NO_FSTRING.format(inside[1]), lexeme.start() + inside[0])
        if lexeme["meta"]:
            if not lexeme["name"]:
                raise PatternError("a name must follow the $", lexeme.start())
            places.append((lexeme["name"], lexeme.start()))
            piece = lexeme["stars"] + (REST if lexeme["stars"] else ONE) + lexeme["name"]
        pieces.append(piece)
    return "".join(pieces), places


def _leaves(target: ast.expr) -> list[ast.expr]:
    """The parts of a target, those of a tuple or a list one by one."""
    parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    return [leaf for part in parts for leaf in ([part] if part is target else _leaves(part))]


def offset_of(text: str, node: ast.expr | ast.keyword) -> int:
    """Where a node of the compiled ``text`` starts, in characters of ``text``."""
    return offset_at(encode(text)[0], node.lineno, node.col_offset, in_bytes=True)


def extent(text: str, node: ast.expr) -> tuple[int, int]:
    """Where a node of the compiled ``text`` stands: ``[start, end)`` in characters of ``text``."""
    end = offset_at(encode(text)[0], node.end_lineno or node.lineno, node.end_col_offset or 0, in_bytes=True)
    return offset_of(text, node), end


def offset_at(source: str, line: int, column: int, *, in_bytes: bool = False) -> int:
    """The character offset of a position that Python reports (line from 1, column from 0)."""
    lines = source.split("\n")
    line = min(line, len(lines))
    before = sum(len(text) + 1 for text in lines[: line - 1])
    if in_bytes:
        column = len(lines[line - 1].encode()[:column].decode())
    return min(before + max(column, 0), len(source))
