"""Making a program smaller while something holds of it: whole files go, then statements."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.programs.model import Program


def shrunk(program: Program, holds: Callable[[Program], bool], below: str) -> Program:
    """A program of which ``holds`` still says yes, and no more once another statement is taken out.

    Only files whose path has ``below`` in it get smaller.
    """
    while True:
        for smaller in _smaller(program, below):
            if holds(smaller):
                program = smaller
                break
        else:
            return program


def _smaller(program: Program, below: str) -> Iterator[Program]:
    """The program with one thing less, the largest first."""
    paths = [path for path in program.files if below in path]
    for path in paths:
        if program.files[path]:
            yield replace(program, files={**program.files, path: ""})
    for path in paths:
        for shorter in _shorter(program.files[path]):
            yield replace(program, files={**program.files, path: shorter})


def _shorter(text: str) -> Iterator[str]:
    """The text without one of its statements; what is the only one in a block becomes ``pass``."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    lines = text.splitlines(keepends=True)
    blocks = [
        block
        for node in ast.walk(tree)
        for field in ("body", "orelse", "finalbody")
        if isinstance(block := getattr(node, field, None), list)
    ]
    if len(tree.body) > 3:
        half = tree.body[len(tree.body) // 2].lineno - 1
        yield "".join(lines[:half])
        yield "".join(lines[half:])
    for block in blocks:
        for statement in block:
            if not isinstance(statement, ast.Pass):
                yield _without(lines, statement, alone=len(block) == 1 and block is not tree.body)
                if nested := getattr(statement, "body", None):
                    yield _unwrapped(lines, statement, nested)


def _without(lines: list[str], statement: ast.stmt, *, alone: bool) -> str:
    first = min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", ()))])
    indent = " " * statement.col_offset
    return "".join([*lines[: first - 1], *([f"{indent}pass\n"] if alone else []), *lines[statement.end_lineno :]])


def _unwrapped(lines: list[str], statement: ast.stmt, nested: list[ast.stmt]) -> str:
    """The statements of its block in its place."""
    start, end = nested[0].lineno - 1, nested[-1].end_lineno or 0
    less = nested[0].col_offset - statement.col_offset
    body = [line[less:] if line[:less].isspace() else line for line in lines[start:end]]
    return "".join([*lines[: statement.lineno - 1], *body, *lines[statement.end_lineno :]])
