"""Every regular expression of the product, and texts on which it would take longest.

A pattern is found by itself: in a module's variables, in what they hold, and in the source where ``re`` is called with
a text.  The texts come from the pattern's own structure: whatever it repeats is repeated as often as they are long,
after what leads there, and before what makes it fail.
"""

import ast
import importlib
import itertools
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import sqrt
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

ROOT = Path(__file__).parents[2]
NOT_THE_SERVER = ("bot.sandbox", "bot.cli", "bot.__main__")
"""The GitHub on loopback, and what a person runs on a tree of their own."""
METHODS = ("match", "fullmatch", "search", "findall", "finditer", "sub", "subn", "split")
ANYWHERE = frozenset({"search", "findall", "finditer", "sub", "subn", "split"})
"""They try the pattern at each place of the text."""
SMALL, LARGE, STEP = 1_000, 1_024_000, 4
ENOUGH = 256_000
"""Characters at which a text that still costs nothing measurable costs little at any allowed size."""
TINY = 24
"""Characters of which only exponential patterns take long."""
MEASURABLE = 0.01
"""Seconds of processor time below which growth is not told from noise."""
SLOWEST_GROWTH = 8.0
"""By which the time may grow when the text grows fourfold: between linear (4) and quadratic (16)."""


@dataclass(frozen=True)
class Found:
    """A pattern, where it is, and how it is used: ``methods`` are names of :data:`METHODS`."""

    module: str
    name: str
    pattern: "re.Pattern[Any]"
    methods: frozenset[str]

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"


# --- which there are ----------------------------------------------------------------------------------------------


@cache
def modules() -> list[str]:
    """Of the product; not the GitHub on loopback that it is tried against."""
    files = sorted(path for top in ("bot", "handlers") for path in (ROOT / top).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files]
    return [name for name in names if not name.startswith(NOT_THE_SERVER)]


def patterns() -> list[Found]:
    return [found for name in modules() for found in (*_held(name), *_written(name))]


def _held(module: str) -> Iterator[Found]:
    for name, value in vars(importlib.import_module(module)).items():
        for index, pattern in enumerate(_patterns_in(value)):
            if _assigns(module, name):
                yield Found(module, f"{name}[{index}]" if index else name, pattern, _uses(module, name))


def _patterns_in(value: object) -> Iterator["re.Pattern[Any]"]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _patterns_in(each)
    elif isinstance(value, (tuple, list, frozenset)):
        for each in value:
            yield from _patterns_in(each)


@cache
def _source(module: str) -> str:
    path = ROOT.joinpath(*module.split("."))
    file = path.with_suffix(".py")
    return (file if file.exists() else path / "__init__.py").read_text()


def _assigns(module: str, name: str) -> bool:
    return re.search(rf"^{re.escape(name)}\b[^=\n]*=", _source(module), re.MULTILINE) is not None


def _uses(module: str, name: str) -> frozenset[str]:
    """The methods that are called on a variable, here and where it is imported; of what it holds, all that are called.

    A pattern that is used in no way that is seen is tried in all.
    """
    direct: set[str] = set()
    near: set[str] = set()
    for other in modules():
        source = _source(other)
        if name not in source or (other != module and f"from {module} import" not in source):
            continue
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Attribute(value=ast.Name(id=owner), attr=method) if method in METHODS and owner != "re":
                    (direct if owner == name else near).add(method)
                case ast.Attribute(attr=method) if method in METHODS:
                    near.add(method)
    return frozenset(direct or near or METHODS)


def _written(module: str) -> Iterator[Found]:
    """Where a function calls a method of ``re`` with a pattern that is written there."""
    tree = ast.parse(_source(module))
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    nodes = (node for each in functions for node in ast.walk(each))
    calls = {(node.lineno, node.col_offset): node for node in nodes if isinstance(node, ast.Call)}
    for (line, _), call in sorted(calls.items()):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=method), args=[first, *_rest]):
                if (text := _text(first)) is not None and method in (*METHODS, "compile"):
                    used = frozenset(METHODS) if method == "compile" else frozenset({method})
                    yield Found(module, f"line {line}", re.compile(text, _flags(call)), used)


def _text(node: ast.expr) -> str | None:
    """The pattern as it is written; ``name`` stands for what is put in."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            parts = [str(value.value) if isinstance(value, ast.Constant) else "name" for value in values]
            try:
                re.compile("".join(parts))
            except re.error:
                return None
            return "".join(parts)
        case _:
            return None


def _flags(call: ast.Call) -> int:
    names = {node.attr for node in ast.walk(call) if isinstance(node, ast.Attribute)}
    return sum(int(flag) for name, flag in re.RegexFlag.__members__.items() if name in names and len(name) > 1)


# --- what is worst for one ----------------------------------------------------------------------------------------


def hostile_texts(pattern: "re.Pattern[Any]") -> list[Callable[[int], Any]]:
    """Each makes a text of about that length."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    shapes: dict[tuple[str, str, str], None] = {}
    for before, repeated in _repeats(list(tree), ""):
        for tail in ("", "\0"):
            shapes[before, repeated, tail] = None
    sample = "".join(map(_example, tree))
    for unit in (sample, sample[:-1], *COMMON):
        shapes["", unit, "\0"] = None
    binary = isinstance(pattern.pattern, bytes)
    return [_maker(*shape, binary=binary) for shape in shapes if shape[1]]


COMMON = (
    " ",
    "\t",
    "a",
    "0",
    "(",
    "[",
    "<",
    "*",
    "`",
    "'",
    '"',
    "\\",
    "#",
    "|a",
    "a.",
    "a,",
    "\r\n",
    "\n",
    "- [ ] ",
    "é",
)
"""Hand-written: what texts of people are full of when they mean ill."""


def _maker(before: str, unit: str, tail: str, *, binary: bool) -> Callable[[int], Any]:
    def make(size: int) -> str | bytes:
        text = before + unit * max(1, size // len(unit)) + tail
        return text.encode("utf-8", "replace") if binary else text

    make.__name__ = f"{before[-20:]!r} + {unit[:20]!r} * n + {tail!r}"
    return make


def _repeats(nodes: list[Any], before: str) -> Iterator[tuple[str, str]]:
    """Each repetition of the pattern: what leads to it, and what it repeats."""
    for position, (code, value) in enumerate(nodes):
        here = before + "".join(map(_example, nodes[:position]))
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            _, most, body = value
            inner = list(body)
            if most is codes.MAXREPEAT or most > 50:
                for unit in _examples(inner):
                    yield here, unit
                following = next((_example(each) for each in nodes[position + 1 :] if _example(each)), "")
                yield here, "".join(map(_example, inner)) + following
                yield "", here + "".join(map(_example, inner))
            yield from _repeats(inner, here)
        elif code is codes.SUBPATTERN:
            yield from _repeats(list(value[3]), here)
        elif code is codes.BRANCH:
            for branch in value[1]:
                yield from _repeats(list(branch), here)
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            yield from _repeats(list(value[1]), here)
        elif code is codes.ATOMIC_GROUP:
            yield from _repeats(list(value), here)


def _examples(nodes: list[Any]) -> list[str]:
    """A few texts that the nodes match."""
    choices = [_choices(node) for node in nodes]
    return ["".join(each) for each in itertools.islice(itertools.product(*choices), 6)]


def _choices(node: Any) -> list[str]:  # noqa: ANN401  # of Python's own parser
    code, value = node
    if code is codes.IN:
        return [_member(each, value) for each in value[:5] if each[0] is not codes.NEGATE] or ["\x7e"]
    if code is codes.BRANCH:
        return ["".join(map(_example, branch)) for branch in value[1]]
    if code is codes.SUBPATTERN:
        return _examples(list(value[3]))
    return [_example(node)]


def _member(each: Any, members: list[Any]) -> str:  # noqa: ANN401
    if members[0][0] is codes.NEGATE:
        return next(c for c in "a0 \t.,;:-_/'\"()[]<>#~%&\n\\" if not any(_is_in(c, one) for one in members[1:]))
    return _example(each)


def _is_in(character: str, member: Any) -> bool:  # noqa: ANN401
    code, value = member
    match code:
        case codes.LITERAL:
            return bool(ord(character) == value)
        case codes.RANGE:
            return bool(value[0] <= ord(character) <= value[1])
        case codes.CATEGORY:
            return re.fullmatch(CATEGORIES[str(value)], character) is not None
        case _:
            return False


CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
OF_A_CATEGORY = {
    "CATEGORY_DIGIT": "7",
    "CATEGORY_NOT_DIGIT": "a",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_SPACE": "a",
    "CATEGORY_WORD": "a",
    "CATEGORY_NOT_WORD": "-",
}


def _example(node: Any) -> str:  # noqa: ANN401
    code, value = node
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if code is codes.ANY:
        return "a"
    if code is codes.RANGE:
        return chr(value[0])
    if code is codes.CATEGORY:
        return OF_A_CATEGORY[str(value)]
    if code is codes.IN:
        return _member(value[-1], value)
    if code is codes.BRANCH:
        return "".join(map(_example, value[1][0]))
    if code is codes.SUBPATTERN:
        return "".join(map(_example, value[3]))
    if code is codes.ATOMIC_GROUP:
        return "".join(map(_example, value))
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        least, _, body = value
        return "".join(map(_example, body)) * int(max(least, 1))
    return ""


# --- how long it takes -----------------------------------------------------------------------------------------------


def worst_growth(found: Found, largest: int = LARGE) -> tuple[float, str]:
    """By how much the time grows at most when a text grows fourfold, and on which; 0 when it is always small."""
    worst = (0.0, "")
    for method, make in itertools.product(sorted(_distinct(found.methods)), hostile_texts(found.pattern)):
        growth = _growth(_run(found.pattern, method), make, largest)
        worst = max(worst, (growth, f"{method} of {make.__name__}"))
    return worst


def _distinct(methods: frozenset[str]) -> set[str]:
    """One of those that try each place stands for all: ``findall`` goes on where ``search`` would stop."""
    return set(methods - ANYWHERE) | ({"findall"} if methods & ANYWHERE else set())


def _run(pattern: "re.Pattern[Any]", method: str) -> Callable[[Any], object]:
    call: Callable[[Any], object] = getattr(pattern, method)
    return call


def _growth(run: Callable[[Any], object], make: Callable[[int], Any], largest: int) -> float:
    """Goes on to ``largest`` only where it takes long enough to be measured."""
    if _time(run, make(TINY)) > MEASURABLE:
        return float("inf")
    size, before = SMALL, 0.0
    while size <= largest:
        took = _time(run, make(size))
        if took >= MEASURABLE and before:
            growth = took / before
            if growth > SLOWEST_GROWTH:  # another process may have disturbed it
                again = [_time(run, make(size)) / max(_time(run, make(size // STEP)), 1e-6) for _ in range(3)]
                growth = min(growth, *again)
            if growth > SLOWEST_GROWTH and size > largest // STEP:  # or much memory, which costs more than little
                growth = min(growth, sqrt(_best(run, make(size)) / _best(run, make(size // STEP**2))))
            if growth > SLOWEST_GROWTH:
                return growth
        if took < MEASURABLE and size >= ENOUGH:
            return 0.0
        before, size = max(took, MEASURABLE / STEP / 4), size * STEP
    return 0.0


def _best(run: Callable[[Any], object], text: object) -> float:
    """The least of some times."""
    return max(min(_time(run, text) for _ in range(3)), 1e-6)


def _time(run: Callable[[Any], object], text: object) -> float:
    """Seconds of this thread on the processor."""
    began = time.thread_time()
    run(text)
    return time.thread_time() - began
