"""What a module itself says is deprecated: by a decorator, by a warning, or in a docstring.

The forms: ``@deprecated("…")`` (PEP 702, and the packages Deprecated and deprecation), a ``warnings.warn`` with a
DeprecationWarning that runs whenever the function does, and Sphinx's ``.. deprecated::``.  A warning below an ``if`` is
about an argument or a platform, not about the function.
"""

import ast
import inspect
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SIGNS = (b"deprecated", b"DeprecationWarning")
_DECORATORS = frozenset({"deprecated", "deprecate"})
_DETAILS = frozenset({"reason", "details", "msg", "message"})
"""Keywords of these decorators that hold the advice."""
_DIRECTIVE = re.compile(r"^\.\. deprecated::[ \t]*(.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
_SUCCESSOR = re.compile(
    r"\b(?:use|using|favou?r of|replaced (?:by|with)|renamed (?:to|as)|moved to|switch to|prefer)\s+(?:the\s+)?"
    r"(?:(?:new|function|method|class|module)\s+)?(?::\w+(?::\w+)?:)?[`'\"~]*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)",
    re.IGNORECASE,
)
_LONGEST = 300
"""Characters of an advice."""

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """One name that its own module deprecates."""

    name: str
    """Within the module: ``f``, ``Class``, ``Class.method``; empty for the module itself."""
    line: int
    """Counted from 1."""
    advice: str = ""
    """What the module says, on one line; empty if nothing that can be read."""
    successors: tuple[str, ...] = ()
    """The names that the advice names, as it writes them."""


def deprecations(source: bytes) -> tuple[Deprecation, ...]:
    """The names that a module deprecates, in the order of their lines; none where it does not parse."""
    if not any(sign in source for sign in _SIGNS):
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    whole = _said(tree.body, ast.get_docstring(tree, clean=False))
    own = [_deprecation("", 1, whole)] if whole is not None else []
    return (*own, *_in_body(tree.body, ""))


def _in_body(body: Sequence[ast.stmt], prefix: str) -> Iterator[Deprecation]:
    for node in body:
        if not isinstance(node, _Definition):
            continue
        name, advice = prefix + node.name, _advice(node)
        if advice is not None:
            yield _deprecation(name, node.lineno, advice)
        elif isinstance(node, ast.ClassDef) and not prefix:
            yield from _in_body(node.body, f"{name}.")


def _deprecation(name: str, line: int, advice: str) -> Deprecation:
    advice = " ".join(advice.split())
    found = dict.fromkeys(match[1] for match in _SUCCESSOR.finditer(advice))
    cut = advice if len(advice) <= _LONGEST else f"{advice[:_LONGEST]}…"
    return Deprecation(name=name, line=line, advice=cut, successors=tuple(found))


def _advice(node: _Definition) -> str | None:
    """What is said where the definition is deprecated; ``None`` where it is not."""
    if any(_leaf(decorator) in {"overload", "setter", "deleter"} for decorator in node.decorator_list):
        return None
    for decorator in node.decorator_list:
        if _leaf(decorator) in _DECORATORS:
            return _text_of(decorator) if isinstance(decorator, ast.Call) else ""
    body = node.body
    if isinstance(node, ast.ClassDef):
        makers = [each for each in body if isinstance(each, ast.FunctionDef) and each.name in ("__init__", "__new__")]
        body = makers[0].body if makers else []
    return _said(body, ast.get_docstring(node, clean=False))


def _said(body: Sequence[ast.stmt], docstring: str | None) -> str | None:
    """By a warning that comes whenever the body runs, or by a directive of the docstring's own."""
    for statement in body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and _warns(statement.value):
            return _text_of(statement.value)
    directive = _DIRECTIVE.search(inspect.cleandoc(docstring)) if docstring else None
    return directive[1] if directive else None


def _warns(call: ast.Call) -> bool:
    categories = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "category")]
    return _leaf(call) == "warn" and any(_leaf(each).endswith("DeprecationWarning") for each in categories)


def _text_of(call: ast.Call) -> str:
    """The advice in a call's arguments: its first text, or what a keyword says."""
    named = [keyword.value for keyword in call.keywords if keyword.arg in _DETAILS]
    for value in (*named, *call.args):
        parts = value.values if isinstance(value, ast.JoinedStr) else [value]
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)
        if any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts):
            return text
    return ""


def _leaf(node: ast.expr) -> str:
    """The last part of a name, also of one that is called."""
    match node:
        case ast.Call(func=called):
            return _leaf(called)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""
