"""The SQL statements that are the same for both databases: functions of a connection."""

import zlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from isal import isal_zlib

from bot.domain.references import Delivery, DeliveryId
from bot.jobs import partitions
from bot.jobs.database import Connection
from bot.jobs.model import Accepted, Duplicate, Job, JobFilter, PastRun, RunOutcome, State

COLUMNS = (
    "seq, guid, event, received_at, state, key, action, attempts, next_at, not_before, started_at, finished_at, reason"
)
LARGE = 1024 * 1024
"""Bytes of a body from which it is not read before there is room for it."""
_LEVEL = 1
"""Of 0 to 3: payloads become a fifth as long, and higher levels hardly save more."""
AT_ONCE = 500
"""Values in one statement."""
KEPT_RUNS = 50
"""Past runs of one job that are kept: a job may be postponed for days."""


class BodyMissing(Exception):
    """A delivery without its body: rows were deleted by hand."""


# --- in ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A delivery that arrives."""

    delivery: Delivery
    received_at: datetime
    not_before: datetime | None = None


def put(c: Connection, arrived: Sequence[Put]) -> list[Accepted | Duplicate]:
    """Store them in their order."""
    values = [
        value
        for each in arrived
        for value in (
            each.delivery.id,
            each.delivery.event,
            each.received_at.timestamp(),
            c.until(each.not_before, each.received_at),
        )
    ]
    stored = c.execute(
        f"INSERT INTO deliveries (guid, event, received_at, not_before) VALUES {rows(len(arrived), 3, c.time)}"  # noqa: S608  # question marks
        " ON CONFLICT (guid) DO NOTHING RETURNING guid, seq",
        values,
    )
    new: dict[str, int] = dict(stored.fetchall())
    found: list[Accepted | Duplicate] = []
    bodies: list[object] = []
    for each in arrived:
        seq = new.pop(each.delivery.id, None)
        if seq is None:
            (seq,) = c.execute("SELECT seq FROM deliveries WHERE guid = ?", (each.delivery.id,)).fetchone()
            found.append(Duplicate(seq=seq))
        else:
            bodies += (seq, packed(each.delivery.body))
            found.append(Accepted(seq=seq))
    if bodies:
        c.execute(f"INSERT INTO bodies VALUES {rows(len(bodies) // 2, 2)}", bodies)  # noqa: S608  # question marks
    return found


def probe(c: Connection) -> None:
    c.execute("INSERT INTO probe VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET count = probe.count + 1")


def record_run(c: Connection, seq: int, outcome: RunOutcome, reason: str | None, at: datetime) -> None:
    """Keep what became of the run that is over, of a job that is queued again."""
    c.execute(
        "INSERT INTO runs (seq, began, ended, outcome, reason) SELECT seq, started_at, ?, ?, ? FROM deliveries"
        " WHERE seq = ?",
        (at.timestamp(), outcome.value, storable(reason), seq),
    )
    c.execute(
        "DELETE FROM runs WHERE seq = ? AND id <="
        " (SELECT id FROM runs WHERE seq = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (seq, seq, KEPT_RUNS),
    )


def record_end(c: Connection, seq: int) -> None:
    """Keep how a finished job ended, which is about to be queued again."""
    c.execute(
        "INSERT INTO runs (seq, began, ended, outcome, reason) SELECT seq, started_at, finished_at, state, reason"  # noqa: S608  # a constant
        f" FROM {c.jobs} WHERE seq = ? AND finished_at IS NOT NULL AND state NOT IN ('queued', 'running')",
        (seq,),
    )


# --- reads ----------------------------------------------------------------------------------------------------


def packed(body: bytes) -> bytes:
    """As zlib's format has it (RFC 1950).  ISA-L needs half of zlib's time, and every sender waits for it."""
    return isal_zlib.compress(body, _LEVEL)


def body_of(c: Connection, seq: int) -> bytes:
    """Raises ``BodyMissing`` for a row that is not there, ``zlib.error`` for one that is damaged."""
    return zlib.decompress(_packed(c, seq))


def small_body_of(c: Connection, seq: int) -> bytes | None:
    """``None`` for a large one.  Raises as :func:`body_of`."""
    return unpacked_if_small(_packed(c, seq))


def unpacked_if_small(packed: bytes) -> bytes | None:
    """A body as it was sent; ``None`` for a large one.  Raises ``zlib.error`` where a small one is damaged."""
    unpacking = zlib.decompressobj()
    body = unpacking.decompress(packed, LARGE + 1)
    if len(body) > LARGE:
        return None
    if not unpacking.eof:
        raise zlib.error("the stream was cut short")
    return body


def bodies_below(c: Connection, size: int, seqs: Sequence[int]) -> dict[int, bytes]:
    """Those bodies that are shorter than ``size`` bytes and whole, by ``seq``."""
    found: dict[int, bytes] = {}
    for some in pieces(seqs):
        rows = c.execute(
            f"SELECT seq, body FROM bodies WHERE seq IN {marks(some)} AND length(body) < ?",  # noqa: S608  # question marks
            (*some, size),
        )
        for seq, packed_body in rows.fetchall():
            unpacking = zlib.decompressobj()
            with suppress(zlib.error):
                body = unpacking.decompress(packed_body, size)
                if unpacking.eof and len(body) < size:
                    found[seq] = body
    return found


def _packed(c: Connection, seq: int) -> bytes:
    row = c.execute("SELECT body FROM bodies WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        raise BodyMissing(f"no body for delivery {seq}")
    packed: bytes = row[0]
    return packed


def queued(c: Connection) -> list[Job]:
    return jobs(c, "WHERE state IN ('queued', 'running') AND state = 'queued' ORDER BY seq", ())


def unfinished(c: Connection, seqs: Collection[int]) -> set[int]:
    """Those of the numbers that wait or run."""
    found: set[int] = set()
    for some in pieces(list(seqs)):
        query = f"SELECT seq FROM {c.jobs} WHERE seq IN {marks(some)} AND state IN ('queued', 'running')"  # noqa: S608  # question marks
        found |= {seq for (seq,) in c.execute(query, some).fetchall()}
    return found


def recent(c: Connection, limit: int, state: State | None = None) -> list[Job]:
    if state is None:
        return with_places(c, jobs(c, "ORDER BY seq DESC LIMIT ?", (limit,)))
    return with_places(c, jobs(c, "WHERE state = ? ORDER BY seq DESC LIMIT ?", (state.value, limit)))


def search(c: Connection, requested: JobFilter, limit: int) -> list[Job]:
    """The jobs that fit, newest first unless the filter says otherwise; at most ``limit``."""
    clauses, values = ["true"], list[object]()
    if requested.states <= _UNFINISHED:
        clauses.append("state IN ('queued', 'running')")  # as the index has it
    if requested.states < set(State):
        clauses.append(f"state IN {marks(list(requested.states)) if requested.states else '(NULL)'}")
        values += sorted(state.value for state in requested.states)
    if requested.event is not None:
        clauses.append("event = ?")
        values.append(requested.event)
    if requested.key is not None:
        clauses.append("key = ?")
        values.append(requested.key)
    if requested.repositories is not None:
        ways = [pattern.format(number) for number in sorted(requested.repositories) for pattern in _OF_REPOSITORY]
        clauses.append(f"({' OR '.join(['key LIKE ?'] * len(ways)) or 'false'})")
        values += ways
    if requested.before is not None:
        clauses.append("seq < ?")
        values.append(requested.before)
    order = "ASC" if requested.oldest_first else "DESC"
    return with_places(c, jobs(c, f"WHERE {' AND '.join(clauses)} ORDER BY seq {order} LIMIT ?", (*values, limit)))


_UNFINISHED = frozenset({State.QUEUED, State.RUNNING})
_OF_REPOSITORY = ("%repo:{}", "%repo:{}#%", "%repo:{}@%", "%repo:{} %")
"""How a partition of a repository may look: see ``partitions.ids_of``."""


def history(c: Connection, seq: int) -> list[PastRun]:
    """The runs after which the job was queued again, oldest first; at most ``KEPT_RUNS``, the newest."""
    rows = c.execute("SELECT began, ended, outcome, reason FROM runs WHERE seq = ? ORDER BY id", (seq,)).fetchall()
    return [
        PastRun(
            began=moment(began),
            ended=datetime.fromtimestamp(ended, UTC),
            outcome=RunOutcome(outcome),
            reason=reason,
        )
        for began, ended, outcome, reason in rows
    ]


def tally(c: Connection) -> Mapping[tuple[str, State], int]:
    """The number of deliveries by event and state."""
    query = f"SELECT event, state, count(*) FROM {c.jobs} GROUP BY event, state"  # noqa: S608  # a constant
    return {(event, State(state)): number for event, state, number in c.execute(query).fetchall()}


def find(c: Connection, name: str) -> Job | None:
    """By number or by GUID."""
    seq = int(name) if name.isascii() and name.isdigit() and len(name) < 19 else -1
    found = with_places(c, jobs(c, "WHERE guid = ? OR seq = ?", (name, seq)))
    return found[0] if found else None


def known(c: Connection, ids: Collection[DeliveryId]) -> frozenset[DeliveryId]:
    found: set[DeliveryId] = set()
    for some in pieces(list(ids)):
        query = f"SELECT guid FROM deliveries WHERE guid IN {marks(some)}"  # noqa: S608  # question marks
        found |= {DeliveryId(guid) for (guid,) in c.execute(query, some).fetchall()}
    return frozenset(found)


def counts(c: Connection) -> Mapping[State, int]:
    rows = dict(c.execute(f"SELECT state, count(*) FROM {c.jobs} GROUP BY state").fetchall())  # noqa: S608
    return {state: rows.get(state.value, 0) for state in State}


def jobs(c: Connection, clause: str, values: tuple[object, ...]) -> list[Job]:
    return [job_of(row) for row in c.execute(f"SELECT {COLUMNS} FROM {c.jobs} {clause}", values).fetchall()]  # noqa: S608  # constants of this module


def with_places(c: Connection, found: Sequence[Job]) -> list[Job]:
    """The jobs, each with the name that its repository has now."""
    names: dict[int, str] = {}
    for some in pieces(sorted(partitions.ids_of(job.key for job in found))):
        names |= partitions.names(c, some)
    return [replace(job, place=partitions.place(job.key, names)) for job in found]


def job_of(row: tuple[Any, ...]) -> Job:
    seq, guid, event, received_at, state, key, action, attempts, next_at, not_before, started, finished_at, reason = row
    return Job(
        seq=seq,
        id=DeliveryId(guid),
        event=event,
        received_at=datetime.fromtimestamp(received_at, UTC),
        state=State(state),
        key=key,
        action=action,
        attempts=attempts,
        next_at=moment(next_at),
        not_before=moment(not_before),
        started_at=None if state == State.QUEUED else moment(started),
        finished_at=moment(finished_at),
        reason=reason,
    )


def moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def storable(reason: str | None) -> str | None:
    """PostgreSQL holds no NUL, and neither database half a character."""
    return reason and reason.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def rows(count: int, width: int, *more: str) -> str:
    """Question marks for so many rows; ``more`` are expressions for further columns."""
    return ", ".join([f"({', '.join(['?'] * width + list(more))})"] * count)


def marks(values: Sequence[object]) -> str:
    return f"({', '.join('?' * len(values))})"


def pieces(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[n : n + AT_ONCE] for n in range(0, len(values), AT_ONCE)]
