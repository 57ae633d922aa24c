"""Partitions by id: what they are called for people, and how rows of older versions get theirs.

Until version 3 of the tables a partition named its repository, ``owner/name#7``; now its id, ``repo:77#7``.  The id is
in the body of each row, so what waited or ran under a name goes on in the partition of its repository, in its order.
"""

import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.jobs.database import Connection

REPOSITORY = re.compile(r"repo:(\d{1,18})(?=[#@ ]|\Z)")
"""The repository's id in a partition."""


def ids_of(keys: Iterable[str | None]) -> set[int]:
    """The repositories that the partitions are of."""
    return {int(number) for key in keys for number in REPOSITORY.findall(key or "")}


def place(key: str | None, names: Mapping[int, str]) -> str | None:
    """A partition as people read it: with the repository's name, where it is known."""
    return key and REPOSITORY.sub(lambda found: names.get(int(found[1]), found[0]), key)


def remember(c: Connection, repository: tuple[int, str]) -> None:
    """The name of a repository, for people.  Nothing is written, or locked, where it is known already."""
    number, name = repository
    known = c.execute("SELECT name FROM names WHERE id = ?", (number,)).fetchone()
    if known is None or known[0] != name:
        c.execute("INSERT INTO names VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name", (number, name))


def names(c: Connection, ids: Iterable[int]) -> dict[int, str]:
    """The names that are known of these repositories."""
    requested = tuple(ids)
    if not requested:
        return {}
    marks = ", ".join("?" * len(requested))
    return dict(c.execute(f"SELECT id, name FROM names WHERE id IN ({marks})", requested).fetchall())  # noqa: S608  # question marks


def known(c: Connection, limit: int) -> dict[int, str]:
    """The names of repositories by their ids, sorted by name; at most ``limit``."""
    return dict(c.execute("SELECT id, name FROM names ORDER BY name, id LIMIT ?", (limit,)).fetchall())


def called(c: Connection, name: str) -> frozenset[int]:
    """The repositories of that name, in whatever case; one that was renamed may have left its name to another."""
    return frozenset(
        number for (number,) in c.execute("SELECT id FROM names WHERE lower(name) = lower(?)", (name,)).fetchall()
    )


def convert(c: Connection) -> None:
    """Give every unfinished row the partition of its repository's id.

    A row whose body does not tell is routed anew.  Two rows that ran under two names of one repository do not run at
    once any more: the later one is queued again.
    """
    rows = c.execute(
        "SELECT seq, key, action, state FROM deliveries"
        " WHERE state IN ('queued', 'running') AND key IS NOT NULL ORDER BY seq"
    ).fetchall()
    running: set[str] = set()
    for seq, key, action, state in rows:
        found = _by_id(c.execute("SELECT body FROM bodies WHERE seq = ?", (seq,)).fetchone())
        new = None if found is None and "/" in key else found[0](key) if found else key
        if found is not None:
            action = found[0](action)  # noqa: PLW2901  # some actions name the place, too
            remember(c, found[1])
        if state == "running" and new in running:
            c.execute("UPDATE deliveries SET state = 'queued' WHERE seq = ?", (seq,))
        elif state == "running" and new is not None:
            running.add(new)
        c.execute("UPDATE deliveries SET key = ?, action = ? WHERE seq = ?", (new, action, seq))


def _by_id(row: tuple[bytes] | None) -> tuple[Callable[[str], str], tuple[int, str]] | None:
    """What puts the id in the place of the name, and both; ``None``: the body is of no repository, or unreadable."""
    try:
        repository: Any = json.loads(zlib.decompress(row[0] if row else b""))["repository"]
        number, name = int(repository["id"]), str(repository["full_name"])
    except (zlib.error, ValueError, RecursionError, KeyError, TypeError):
        return None
    return lambda text: text.replace(name, f"repo:{number}", 1), (number, name)
