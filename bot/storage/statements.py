"""The SQL statements for records and documents, as values; nothing here queries a database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Delete, and_, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.storage.schema import DOCUMENTS, RECORDS

_AT = RECORDS.c


def _insert(dialect: str) -> Any:  # noqa: ANN401 - either dialect's `insert`; their common parts are typed nowhere
    return sqlite.insert if dialect == "sqlite" else postgresql.insert


def records(namespace: str, keys: Sequence[str]) -> Any:  # noqa: ANN401 - a Select of four columns
    columns = select(_AT.key, _AT.value, _AT.version, _AT.written_at)
    return columns.where(_AT.namespace == namespace, _AT.key.in_(keys))


def entries(namespace: str, prefix: str) -> Any:  # noqa: ANN401 - a Select of four columns
    columns = select(_AT.key, _AT.version, _AT.size, _AT.written_at)
    return columns.where(_below(namespace, prefix)).order_by(_AT.key)


def put(dialect: str, row: Mapping[str, object]) -> Any:  # noqa: ANN401 - see `_insert`
    insert = _insert(dialect)(RECORDS).values(row)
    changed = {name: insert.excluded[name] for name in ("value", "size", "version", "written_at")}
    return insert.on_conflict_do_update(index_elements=["namespace", "key"], set_=changed)


def deletion(namespace: str, key: str) -> Delete:
    return delete(RECORDS).where(_AT.namespace == namespace, _AT.key == key)


def pruning(namespace: str, prefix: str, before: float | None, keep: int | None, keep_bytes: int | None) -> Delete:
    """``before`` in seconds since 1970.  Raises ``ValueError`` without a condition."""
    newest = (_AT.written_at.desc(), _AT.key)
    ranked = (
        select(
            _AT.key,
            _AT.written_at,
            func.row_number().over(order_by=newest).label("place"),
            func.sum(_AT.size).over(order_by=newest, rows=(None, 0)).label("total"),
        )
        .where(_below(namespace, prefix))
        .subquery()
    )
    old = [] if before is None else [ranked.c.written_at < before]
    many = [] if keep is None else [ranked.c.place > keep]
    big = [] if keep_bytes is None else [ranked.c.total > keep_bytes]
    conditions = [*old, *many, *big]
    if not conditions:
        raise ValueError("give an age or a limit")
    surplus = select(ranked.c.key).where(or_(*conditions))
    return delete(RECORDS).where(_AT.namespace == namespace, _AT.key.in_(surplus))


def _below(namespace: str, prefix: str) -> ColumnElement[bool]:
    mine = _AT.namespace == namespace
    return and_(mine, _AT.key >= prefix, func.substr(_AT.key, 1, len(prefix)) == prefix) if prefix else mine


def document(name: str) -> Any:  # noqa: ANN401 - a Select of one column
    return select(DOCUMENTS.c.document).where(DOCUMENTS.c.name == name)


def placeholder(dialect: str, name: str) -> Any:  # noqa: ANN401 - see `_insert`
    """Create the document's row if it is missing, so that it can be locked."""
    return _insert(dialect)(DOCUMENTS).values(name=name, document={}).on_conflict_do_nothing()


def document_update(name: str, changed: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an Update
    return DOCUMENTS.update().where(DOCUMENTS.c.name == name).values(document=dict(changed))
