"""Records as JSON with strict types: what is read is either what its type says or a ``ValueError``."""

import json
from datetime import datetime
from typing import TypeVar

from msgspec import convert, to_builtins

T = TypeVar("T")


def dump(value: object) -> bytes:
    """Of dataclasses and structs.  Equal values give equal bytes; half characters in paths are kept."""
    plain = to_builtins(value, builtin_types=(datetime,), order="deterministic")
    return json.dumps(plain, default=datetime.isoformat, separators=(",", ":")).encode()


def load(data: bytes, kind: type[T]) -> T:
    """The value that :func:`dump` made this of.  Raises ``ValueError`` for whatever is no such value."""
    return convert(json.loads(data), kind)
