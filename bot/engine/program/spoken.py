"""Whether the text of a module has a name in a string that Python may look up: also where no usage is counted."""

import ast
import re

from bot.engine.program.doctests import in_example
from bot.engine.resolve.exports import PARSE_ERRORS, parse

_RUN = re.compile(rb"\b(?:eval|exec|globals|locals|vars)\b|__dict__|\bf_(?:globals|locals)\b")
"""What runs code, or has all variables: any word of a string may be a name."""
_ASKED = re.compile(
    rb"\b(?:getattr|hasattr|attrgetter|import_module|__import__|__getattr__|__all__)\b|\bsys\.modules\b"
)
"""What takes a name, whole, or the end of a dotted one."""


def is_in_string(source: bytes, name: str) -> bool:
    """Whether a string of the file may be looked up as ``name``; what docstrings say in prose is none."""
    if name.encode() not in source:
        return False
    try:
        tree = parse(source)
    except PARSE_ERRORS:
        return True
    docs = {id(node) for each in ast.walk(tree) for node in _docstrings(each)}
    run, asked = _RUN.search(source) is not None, _ASKED.search(source) is not None
    word = re.compile(rf"\b{re.escape(name)}\b")
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or not word.search(node.value):
            continue
        whole = node.value == name or node.value.endswith((f".{name}", f":{name}"))
        told = (run and id(node) not in docs) or (whole and asked) or in_example(node.value, name)
        if told:
            return True
    return False


def _docstrings(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Module(body=[ast.Expr(value=ast.Constant() as text), *_]):
            return [text]
        case (
            ast.ClassDef(body=[ast.Expr(value=ast.Constant() as text), *_])
            | ast.FunctionDef(body=[ast.Expr(value=ast.Constant() as text), *_])
            | ast.AsyncFunctionDef(body=[ast.Expr(value=ast.Constant() as text), *_])
        ):
            return [text]
        case _:
            return []
