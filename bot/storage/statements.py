"""The SQL statements for records and documents, the same for both databases; nothing here queries one.

Each is a text with ``?`` for values, and the values.
"""

from collections.abc import Sequence

Statement = tuple[str, tuple[object, ...]]

DOCUMENT = "SELECT CAST(document AS TEXT) FROM ledger WHERE name = ?"
PLACEHOLDER = "INSERT INTO ledger (name, document) VALUES (?, '{}') ON CONFLICT DO NOTHING"
"""Creates a document's row if it is missing, so that it can be locked."""
DOCUMENT_UPDATE = "UPDATE ledger SET document = ? WHERE name = ?"
PUT = """
INSERT INTO records (namespace, "key", value, size, version, written_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (namespace, "key") DO UPDATE
SET value = excluded.value, size = excluded.size, version = excluded.version, written_at = excluded.written_at"""
DELETION = 'DELETE FROM records WHERE namespace = ? AND "key" = ?'
_RANKED = (
    'SELECT "key", written_at, row_number() OVER (ORDER BY written_at DESC, "key") AS place,'
    ' sum(size) OVER (ORDER BY written_at DESC, "key" ROWS UNBOUNDED PRECEDING) AS total FROM records'
)


def records(namespace: str, keys: Sequence[str]) -> Statement:
    """Key, value, version and time of each."""
    marks = ", ".join("?" * len(keys))
    query = f'SELECT "key", value, version, written_at FROM records WHERE namespace = ? AND "key" IN ({marks})'  # noqa: S608  # question marks
    return query, (namespace, *keys)


def entries(namespace: str, prefix: str) -> Statement:
    """Key, version, size and time of each, by key."""
    below, values = _below(namespace, prefix)
    return f'SELECT "key", version, size, written_at FROM records WHERE {below} ORDER BY "key"', values  # noqa: S608  # constants of this module


def pruning(namespace: str, prefix: str, before: float | None, keep: int | None, keep_bytes: int | None) -> Statement:
    """``before`` in seconds since 1970.  Raises ``ValueError`` without a condition."""
    conditions = (("written_at < ?", before), ("place > ?", keep), ("total > ?", keep_bytes))
    given = [(condition, limit) for condition, limit in conditions if limit is not None]
    if not given:
        raise ValueError("give an age or a limit")
    below, values = _below(namespace, prefix)
    ranked = f"{_RANKED} WHERE {below}"
    surplus = f'SELECT "key" FROM ({ranked}) AS ranked WHERE {" OR ".join(condition for condition, _ in given)}'  # noqa: S608  # the same
    query = f'DELETE FROM records WHERE namespace = ? AND "key" IN ({surplus})'  # noqa: S608  # the same
    return query, (namespace, *values, *(limit for _, limit in given))


def _below(namespace: str, prefix: str) -> Statement:
    if not prefix:
        return "namespace = ?", (namespace,)
    return 'namespace = ? AND "key" >= ? AND substr("key", 1, ?) = ?', (namespace, prefix, len(prefix), prefix)
