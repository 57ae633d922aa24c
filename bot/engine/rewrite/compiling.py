"""From the text of ``match`` and ``replace`` to patterns and templates, or to what is wrong with it and where."""

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from bot.domain.statement_patterns import SIMPLE, Head, begins_head, head, simple, targets
from bot.engine.rewrite.patterns import (
    CANONICAL,
    DEPRECATED,
    MAX_NESTING,
    ONE,
    REST,
    Hole,
    Pattern,
    PatternError,
    PatternHead,
    Reading,
    Template,
    Tree,
    encode,
    is_rest,
    metavariable,
    offset_at,
    rest_variable,
)
from bot.engine.source.text import parse_expression


def compile_pattern(text: str, subject: str = DEPRECATED) -> Pattern:
    """Parse a ``match``; it must name the ``subject`` and nothing that only a template can know.

    Raises `PatternError`.
    """
    source, places = encode(text)
    if begins_head(source) and subject == DEPRECATED:
        return _with_head(text, source, places, subject)
    tree = _parsed(source, len(places), statements=subject == DEPRECATED)
    for name, offset in places:
        if name == CANONICAL:
            raise PatternError("$canonical cannot be matched: it belongs into 'replace'", offset)
        if name == DEPRECATED != subject:
            raise PatternError("$deprecated stands in 'match' only", offset)
    names = frozenset(name for name, _ in places)
    if subject not in names:
        raise PatternError(f"the pattern does not name ${subject}, so that it would fit anywhere", 0)
    _check_rests(tree, text)
    if any(metavariable(target) == DEPRECATED for target in targets(tree)):
        raise PatternError("$deprecated is no variable that a statement binds", 0)
    return Pattern(text=text, tree=tree, names=names)


def _with_head(text: str, source: str, places: Sequence[tuple[str, int]], subject: str) -> Pattern:
    """A ``match`` that is the head of a statement."""
    found = _head(source)
    with _shifted(found.value[0]):
        inner = compile_pattern(text[slice(*found.value)], subject)
    target = None
    if found.target is not None:
        with _shifted(found.target[0]):
            bound = slice(*found.target)
            target = _expression(source[bound], sum(found.target[0] <= at < found.target[1] for _, at in places))
        if any(metavariable(node) in (DEPRECATED, CANONICAL) for node in ast.walk(target)):
            raise PatternError("$deprecated and $canonical are no variables that a statement binds", found.target[0])
    return Pattern(text=text, tree=inner.tree, names=inner.names, head=PatternHead(word=found.word, target=target))


def compile_template(text: str, pattern: Pattern | None = None) -> Template:
    """Parse a ``replace``.  With ``pattern``: every metavariable must be bound by it, and the statement be alike.

    Raises `PatternError`.
    """
    source, _ = encode(text)
    if begins_head(source):
        found = _head(source)
        target = parse_expression(source[slice(*found.target)]).body if found.target else None
        given = PatternHead(word=found.word, target=target)
        if pattern is not None and (pattern.head is None or pattern.head.shape != given.shape):
            raise PatternError("'match' begins with another statement", 0)
        with _shifted(found.value[0]):
            return _template(text[slice(*found.value)], pattern, statements=False)
    if pattern is not None and pattern.head is not None:
        raise PatternError("'match' is a statement, so 'replace' must be one", 0)
    return _template(text, pattern, statements=pattern is None or isinstance(pattern.tree, ast.stmt))


def compile_reading(text: str, replace: str | None, variables: Collection[str]) -> Reading:
    """Parse one entry of ``reads``: it must name one of the variables that ``match`` binds.

    Raises `PatternError`.
    """
    _, places = encode(text)
    about = dict.fromkeys(name for name, _ in places if name in variables)
    if len(about) != 1:
        raise PatternError("it must name one variable that the statement in 'match' binds", 0)
    variable = next(iter(about))
    pattern = compile_pattern(text, variable)
    template = compile_template(replace, pattern) if replace is not None else None
    return Reading(variable=variable, pattern=pattern, template=template)


def _template(text: str, pattern: Pattern | None, *, statements: bool) -> Template:
    source, places = encode(text)
    tree = _parsed(source, len(places), statements=statements)
    if statements and pattern is not None and isinstance(tree, ast.expr):
        tree = ast.Expr(value=tree, lineno=tree.lineno, col_offset=tree.col_offset)
    bound = (pattern.names if pattern else frozenset()) | {CANONICAL}
    for name, offset in places:
        if name == DEPRECATED:
            raise PatternError("$deprecated cannot be part of 'replace': the result would be found again", offset)
        if pattern is not None and name not in bound:
            raise PatternError(f"${name} is not bound by 'match'", offset)
        if pattern is not None and name != CANONICAL and is_rest(tree, name) != is_rest(pattern.tree, name):
            raise PatternError(f"${name} stands for one expression here and for the rest there", offset)
    if pattern is not None and isinstance(pattern.tree, ast.stmt) and not _alike(pattern.tree, tree):
        raise PatternError("'match' binds another variable or is another statement", 0)
    return Template(text=text, tree=tree, names=frozenset(name for name, _ in places), holes=tuple(_holes(tree, text)))


def _alike(one: ast.stmt, other: Tree) -> bool:
    """Whether two statements leave the same way and bind the same variables."""
    jumps = (ast.Return, ast.Raise)
    if isinstance(one, jumps) or isinstance(other, jumps):
        return type(one) is type(other)
    bound = [{target.id for target in targets(tree) if isinstance(target, ast.Name)} for tree in (one, other)]
    return bound[0] == bound[1]


def _parsed(source: str, places: int, *, statements: bool) -> Tree:
    """The tree of an encoded pattern: an expression, else, with ``statements``, a simple statement."""
    try:
        return _expression(source, places)
    except PatternError:
        statement = _statement(source) if statements else None
        if statement is None:
            raise
    _check(statement, source, places)
    return statement


def _statement(source: str) -> SIMPLE | None:
    try:
        return simple(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _expression(source: str, places: int) -> ast.expr:
    try:
        tree = parse_expression(source).body
    except SyntaxError as error:
        offset = offset_at(source, error.lineno or 1, (error.offset or 1) - 1)
        raise PatternError(f"not a Python expression: {error.msg}", offset) from None
    except (ValueError, MemoryError, RecursionError):
        raise PatternError("not a Python expression", 0) from None
    _check(tree, source, places)
    return tree


def _check(tree: Tree, source: str, places: int) -> None:
    _check_nesting(tree, 0)
    _check_places(tree, source, places)


def _head(source: str) -> Head:
    try:
        return head(source)
    except SyntaxError as error:
        offset = offset_at(source, error.lineno or 1, (error.offset or 1) - 1)
        raise PatternError(f"not a statement that can be matched: {error.msg}", offset) from None
    except (ValueError, MemoryError, RecursionError):
        raise PatternError("not a statement that can be matched", 0) from None


@contextmanager
def _shifted(by: int) -> Iterator[None]:
    """Errors in a part of a pattern, at their places in the whole."""
    try:
        yield
    except PatternError as error:
        raise PatternError(error.message, error.offset + by) from None


def _check_nesting(node: ast.AST, depth: int) -> None:
    if depth > 2 * MAX_NESTING:
        raise PatternError("nested too deeply", 0)
    for child in ast.iter_child_nodes(node):
        _check_nesting(child, depth + 1)


def _check_places(tree: Tree, source: str, expected: int) -> None:
    """Every metavariable must have become a ``Name``, and a rest must stand where there can be one."""
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id[0] in ONE + REST]
    if len(names) != expected:
        seen = {offset_at(source, n.lineno, n.col_offset, in_bytes=True) for n in names}
        stray = next(m.start() for m in re.finditer(f"[{ONE}{REST}]", source) if m.start() not in seen)
        raise PatternError("a metavariable stands for an expression, not for a name or a label", stray)
    allowed = {id(rest) for node in ast.walk(tree) for rest in _rests(node)}
    bound = {id(target) for target in targets(tree)}
    for node in names:
        stored = not isinstance(node.ctx, ast.Load) and id(node) not in bound
        if (node.id[0] == REST and id(node) not in allowed) or stored:
            offset = offset_at(source, node.lineno, node.col_offset, in_bytes=True)
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


def _check_rests(tree: Tree, text: str) -> None:
    """A call or a sequence has at most one rest of each sort, else a match would be a guess."""
    for node in ast.walk(tree):
        rests = [rest for rest in _rests(node) if isinstance(rest, ast.Name)]
        starred = isinstance(node, ast.Call) and sum(rest_variable(a) is not None for a in node.args)
        if len(rests) - int(starred) > 1 or int(starred) > 1:
            raise PatternError("one list has room for one rest only", text.find("$" + "*"))


def _holes(tree: Tree, text: str) -> Iterator[Hole]:
    source, _ = encode(text)
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id[0] in ONE + REST]
    for node in sorted(found, key=lambda n: (n.lineno, n.col_offset)):
        start = offset_at(source, node.lineno, node.col_offset, in_bytes=True)
        stars = 0
        while node.id[0] == REST and source[start - 1 - stars] == "*":
            stars += 1
        yield Hole(name=node.id[1:], rest=node.id[0] == REST, start=start - stars, end=start + len(node.id), node=node)
