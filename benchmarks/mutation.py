"""One-place mutants of a module: a comparison, ``and``/``or``, a condition or a returned value turned round.

A mutant lies inside a function; its code object can take the place of the one that is loaded.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import CodeType

OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
BOUNDARY: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip
NOTHING = {
    "tuple": "()", "list": "[]", "dict": "{}", "Mapping": "{}", "set": "set()", "frozenset": "frozenset()",
    "str": "''", "bytes": "b''", "Iterator": "iter(())", "Sequence": "()",
}  # fmt: skip
"""What a function returns instead, by its annotation; ``None`` where there is no row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One place, and what stands there instead."""

    path: Path
    source: bytes = field(repr=False)
    """As it was when the sample was taken."""
    function: str
    """The qualified name of the function, or of the method, that is loaded with the change."""
    first: int
    """Its first line, that of its decorators included, from 1."""
    lines: frozenset[int]
    """The lines that run when the place does."""
    before: str
    after: str
    place: int
    """Which of the module's changes, in the order of :func:`_changes`."""
    number: int = 1
    """Which of the function's mutants with this text, from 1."""

    @property
    def label(self) -> str:
        """What it is known by in the list of equivalent mutants: no line number, so that it stays."""
        more = f" #{self.number}" if self.number > 1 else ""
        return f"{self.function}{more}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """``new`` in the place of ``old``, which is ``field`` (or its element ``index``) of ``owner``."""

    owner: ast.AST
    field: str
    index: int | None
    old: ast.expr
    new: ast.expr

    def make(self) -> None:
        """Change the tree."""
        ast.copy_location(self.new, self.old)
        ast.fix_missing_locations(self.new)
        if self.index is None:
            setattr(self.owner, self.field, self.new)
        else:
            getattr(self.owner, self.field)[self.index] = self.new


def mutants(path: Path) -> list[Mutant]:
    """All of the module at ``path``, in the order of its text."""
    found, seen, source = [], Counter[tuple[str, str, str]](), path.read_bytes()
    for place, (function, name, statement, change) in enumerate(_changes(ast.parse(source))):
        before, after = ast.unparse(change.old), ast.unparse(change.new)
        seen[name, before, after] += 1
        first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
        mutant = Mutant(
            path=path, source=source, function=name, first=first,
            lines=frozenset({statement, *range(change.old.lineno, (change.old.end_lineno or 0) + 1)}),
            before=before, after=after, place=place,
        )  # fmt: skip
        found.append(replace(mutant, number=seen[name, before, after]))
    return found


def code(mutant: Mutant) -> CodeType:
    """The code of the mutant's function, with the change."""
    tree = ast.parse(mutant.source)
    for place, (_, _, _, change) in enumerate(_changes(tree)):
        if place == mutant.place:
            change.make()
            break
    (found,) = (
        inner
        for inner in _codes(compile(tree, str(mutant.path), "exec"))
        if (inner.co_qualname, inner.co_firstlineno) == (mutant.function, mutant.first)
    )
    return found


def _codes(outer: CodeType) -> Iterator[CodeType]:
    for inner in outer.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from _codes(inner)


def _changes(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, str, int, _Change]]:
    """The changes with the outermost function that each is in, its name, and the first line of its statement."""
    for function, name in _functions(tree, ""):
        for statement in function.body:
            for change, line in _inside(statement, statement.lineno, function.returns):
                yield function, name, line, change


def _functions(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[ast.FunctionDef, str]]:
    for child in node.body:
        if isinstance(child, ast.FunctionDef):
            yield child, prefix + child.name
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")


def _inside(node: ast.AST, line: int, returns: ast.expr | None) -> Iterator[tuple[_Change, int]]:
    if isinstance(node, ast.FunctionDef):
        returns = node.returns
    if isinstance(node, ast.Return) and node.value:
        yield from ((change, line) for change in _returned(node, node.value, returns))
    for where, value in ast.iter_fields(node):
        if where in ("annotation", "returns", "decorator_list"):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.expr):
                condition = where in ("test", "ifs", "guard")
                for new in (*_turned(child), *(_negated(child) if condition else ())):
                    yield _Change(owner=node, field=where, index=index, old=child, new=new), line
            if isinstance(child, ast.AST):
                yield from _inside(child, child.lineno if isinstance(child, ast.stmt) else line, returns)


def _turned(node: ast.expr) -> Iterator[ast.expr]:
    """What a comparison, ``and``/``or`` or ``not`` becomes."""
    match node:
        case ast.Compare(left=left, ops=ops, comparators=right):
            for index, op in enumerate(ops):
                for table in (OPPOSITE, BOUNDARY):
                    if new := table.get(type(op)):
                        yield ast.Compare(left=left, ops=[*ops[:index], new(), *ops[index + 1 :]], comparators=right)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(op=ast.Or() if isinstance(op, ast.And) else ast.And(), values=values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case _:
            pass


def _negated(node: ast.expr) -> Iterator[ast.expr]:
    """The opposite of a condition, where :func:`_turned` has not given it."""
    match node:
        case ast.Compare(ops=[_]) | ast.UnaryOp(op=ast.Not()):
            pass
        case _:
            yield ast.UnaryOp(op=ast.Not(), operand=node)


def _returned(owner: ast.Return, value: ast.expr, returns: ast.expr | None) -> Iterator[_Change]:
    """A returned truth value turned round; nothing instead of another value."""
    annotation = ast.unparse(returns) if returns else ""
    if annotation == "bool":
        new = list(_negated(value))
    else:
        optional = annotation.endswith("| None")
        text = "None" if optional else NOTHING.get(annotation.partition("[")[0], "None")
        new = [] if ast.unparse(value) == text else [ast.parse(text, mode="eval").body]
    for other in new:
        yield _Change(owner=owner, field="value", index=None, old=value, new=other)
