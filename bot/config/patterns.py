"""A small check of ``match`` and ``replace``: Python expressions with metavariables.

The engine compiles them; here they are only held against the grammar, so that a mistake is reported at its place in the
file and not when the first usage is met.
"""

import ast
import re
import warnings

DEPRECATED = "deprecated"
CANONICAL = "canonical"

_TOKEN = re.compile(
    r"""(?:[rbuf]{0,2})(?:'''(?:\\.|[^\\])*?'''|\"""(?:\\.|[^\\])*?\"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
      | \$(?P<stars>\*{0,2})(?P<name>(?:[^\W\d]\w*)?)
      | [^\W\d]\w* | .""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_MAX_BRACKETS = 50


def metavariables(text: str) -> dict[str, tuple[int, bool]]:
    """Name without ``$`` and stars -> where it first stands, and whether it stands for a rest.  Strings have none."""
    found: dict[str, tuple[int, bool]] = {}
    for token in _TOKEN.finditer(text):
        if token[0].startswith("$"):
            found.setdefault(token["name"], (token.start(), bool(token["stars"])))
    return found


def check_match(text: str) -> tuple[int, str] | None:
    """What is wrong with a ``match`` on its own."""
    names = metavariables(text)
    if problem := _expression(text, names):
        return problem
    if CANONICAL in names:
        return names[CANONICAL][0], "$canonical cannot be matched: it belongs into 'replace'"
    if DEPRECATED not in names:
        return 0, "the pattern does not name $deprecated, so that it would fit anywhere"
    return None


def check_replace(text: str) -> tuple[int, str] | None:
    """What is wrong with a ``replace`` on its own."""
    names = metavariables(text)
    if problem := _expression(text, names):
        return problem
    if DEPRECATED in names:
        return names[DEPRECATED][0], "$deprecated cannot be part of 'replace': the result would be found again"
    return None


def check_bound(match: str, replace: str) -> tuple[int, str] | None:
    """Whether ``replace`` uses only what ``match`` finds; both are right on their own."""
    bound = metavariables(match)
    for name, (offset, rest) in metavariables(replace).items():
        if name == CANONICAL:
            continue
        if name not in bound:
            return offset, f"${name} does not occur in 'match'"
        if rest != bound[name][1]:
            return offset, f"${name} stands for one expression in one of 'match' and 'replace', for a rest in the other"
    return None


def _expression(text: str, names: dict[str, tuple[int, bool]]) -> tuple[int, str] | None:
    if "" in names:
        return names[""][0], "a '$' without a name"
    for name in (DEPRECATED, CANONICAL):
        if name in names and names[name][1]:
            return names[name][0], f"${name} is one name: it takes no star"
    if text != text.strip():
        return 0, "white space around the expression"
    if max(text.count("("), text.count("["), text.count("{")) > _MAX_BRACKETS:
        return 0, f"more than {_MAX_BRACKETS} brackets"
    return _syntax(_TOKEN.sub(_placeholder, text))


def _placeholder(token: re.Match[str]) -> str:
    """An identifier of the same length, so that Python's offsets are those of the text."""
    if not token[0].startswith("$"):
        return token[0]
    stars: str = token["stars"]
    return f"{stars}_{token['name']}"


def _syntax(source: str) -> tuple[int, str] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            ast.parse(source, mode="eval")
        except SyntaxError as error:
            lines = source.splitlines(keepends=True)[: (error.lineno or 1) - 1]
            offset = sum(map(len, lines)) + max((error.offset or 1) - 1, 0)
            return min(offset, len(source)), f"not a Python expression: {error.msg}"
        except (ValueError, MemoryError, RecursionError):
            return 0, "not a Python expression that Python can read"
    return None
