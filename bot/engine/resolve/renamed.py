"""The names that a module gives to others' names."""

import re
from collections.abc import Iterable

from bot.engine.resolve.exports import exports_of
from bot.engine.source.mentions import line_before, occurrences

_AS = re.compile(rb"\s+as\s+([^\W\d]\w*)")
_NO_IMPORT = re.compile(rb"[ \t]*(?:async\s+)?(?:with|except|case)\b")
_ASSIGNED = re.compile(rb"([^\W\d]\w*)[ \t]*(?::[^=\r\n]+)?=[ \t]*(?:[\w.]+\.)?\Z")
_LINE_REST = re.compile(rb"[ \t]*(?:#|\r|\n|;|\Z)")


def renamed(source: bytes, names: frozenset[str], known: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names that ``source`` gives to one of ``names`` at its top level: ``from m import f as g``, ``g = m.f``.

    The text shows which may be; what a module imports or defines itself is none of them.  Nobody asks for ``known``.
    """
    candidates = _maybe_renamed(source, names) - known
    if not candidates:
        return candidates
    # Where a relative import leads does not matter here, only what it takes: any package will do.
    origins = exports_of(source, ["_._._._._._._._"], package=False).origins
    return frozenset(
        name for name in candidates if any(o.rpartition(".")[2] in names for o in origins.get(name, ()))
    )  # fmt: skip


def _maybe_renamed(source: bytes, names: Iterable[str]) -> frozenset[str]:
    found = set()
    for start, end in occurrences(source, names):
        imported, last = _AS.match(source, end), _LINE_REST.match(source, end)
        if imported is None and last is None:
            continue
        line = line_before(source, start)
        if imported and not _NO_IMPORT.match(line):
            found.add(imported.group(1))
        assigned = _ASSIGNED.match(line) if last else None
        if assigned:
            found.add(assigned.group(1))
    return frozenset(name.decode("utf-8", "replace") for name in found)
