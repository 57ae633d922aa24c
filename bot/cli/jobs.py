"""``ssot jobs``: list, show and retry jobs, also while the server runs."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from functools import wraps
from typing import ParamSpec

import click

from bot.domain.errors import SettingsError
from bot.jobs import partitions, sql
from bot.jobs.database import Connection
from bot.jobs.model import Job, JobFilter, PastRun, State
from bot.jobs.opening import existing
from bot.jobs.store import StoreUnavailable

P = ParamSpec("P")


HEADS = ("NUMBER", "STATE", "RECEIVED", "EVENT", "FOR", "ATTEMPTS", "REASON")


def as_json(function: Callable[P, None]) -> Callable[P, None]:
    """``--json``, and ``--format json`` as in the other commands."""
    choice = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
    return choice(click.option("--json", "form", flag_value="json", help="The same as --format json.")(function))


def _exit_2(function: Callable[P, None]) -> Callable[P, None]:
    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except (SettingsError, StoreUnavailable) as error:
            click.echo(f"ssot jobs: {error}", err=True)
            sys.exit(2)

    return run


@click.group("jobs")
def command() -> None:
    """List, show and retry jobs.  ID is a job's number or GitHub's delivery GUID."""


@command.command("list")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only jobs in this state.")
@click.option("--event", help="Only jobs of this event, e.g. pull_request.")
@click.option("--repository", help="Only jobs of this repository: owner/name as it is called now.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@as_json
@_exit_2
def list_jobs(state: str | None, event: str | None, repository: str | None, limit: int, form: str) -> None:
    """List the latest jobs, newest first."""
    with closing(existing(_database())) as connection:
        requested = JobFilter(
            states=frozenset({State(state)} if state else State),
            event=event,
            repositories=None if repository is None else partitions.called(connection, repository),
        )
        jobs = sql.search(connection, requested, limit)
    if form == "json":
        click.echo(json.dumps({"version": 1, "jobs": [_document(job) for job in jobs]}, indent=2))
        return
    if not jobs:
        click.echo("no jobs" if state is None else f"no {state} jobs", err=True)
        return
    rows = [HEADS, *(_cells(job) for job in jobs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@command.command("show")
@click.argument("name", metavar="ID")
@click.option("--body", is_flag=True, help="Write only the payload, unchanged.")
@as_json
@_exit_2
def show(name: str, body: bool, form: str) -> None:
    """Show one job."""
    with closing(existing(_database())) as connection:
        job = _find(connection, name)
        runs = sql.history(connection, job.seq)
        if body:
            sys.stdout.buffer.write(sql.body_of(connection, job.seq))
        elif form == "json":
            click.echo(json.dumps({**_document(job), "history": [_document(run) for run in runs]}, indent=2))
        else:
            for label, text in _facts(job, runs):
                click.echo(f"{label:<10}  {text}")


@command.command("retry")
@click.argument("name", metavar="ID")
@as_json
@_exit_2
def retry(name: str, form: str) -> None:
    """Queue a finished job again.

    A running server picks it up within seconds.
    """
    with closing(existing(_database(), writable=True)) as connection:
        job = _find(connection, name)
        if not connection.retry(job.seq):
            click.echo(f"ssot jobs: job {job.seq} is {job.state}; only finished jobs can be retried", err=True)
            sys.exit(1)
    text = f"job {job.seq} is queued"
    click.echo(json.dumps({"version": 1, "seq": job.seq, "state": State.QUEUED}) if form == "json" else text)


def _cells(job: Job) -> tuple[str, ...]:
    came = f"{job.received_at:%Y-%m-%d %H:%M:%S}Z"
    waits = f"waits until {job.due:%H:%M:%S}Z" if job.due and job.state is State.QUEUED else ""
    remark = "; ".join(filter(None, (waits, job.reason)))
    return (str(job.seq), job.state.value, came, _event(job), _where(job) or "-", str(job.attempts), remark)


def _facts(job: Job, runs: Sequence[PastRun]) -> Iterator[tuple[str, str]]:
    """The job's facts, and how to retry a dead one."""
    yield "job", f"{job.seq}, delivery {job.id}"
    yield "event", _event(job)
    yield "for", _where(job) or ("nothing yet" if job.state is State.QUEUED else "nothing")
    yield "state", job.state.value
    yield "attempts", str(job.attempts)
    yield "received", f"{job.received_at:%Y-%m-%d %H:%M:%S} UTC"
    for run in runs:
        yield "before", f"{run.ended:%Y-%m-%d %H:%M:%S} UTC {run.outcome}{f': {run.reason}' if run.reason else ''}"
    for label, time in (
        ("started", job.started_at),
        ("ended", job.finished_at),
        ("runs again", job.next_at),
        ("not before", job.not_before),
    ):
        if time is not None:
            yield label, f"{time:%Y-%m-%d %H:%M:%S} UTC"
    if job.reason:
        yield "reason", job.reason
    if job.state is State.DEAD:
        yield "to retry", f"ssot jobs retry {job.seq}"


def _event(job: Job) -> str:
    return f"{job.event}.{job.action}" if job.action else job.event


def _find(connection: Connection, name: str) -> Job:
    if (job := sql.find(connection, name)) is None:
        raise StoreUnavailable(f"no job has the ID {name!r}")
    return job


def _document(value: Job | PastRun) -> dict[str, object]:
    return {key: each.isoformat() if isinstance(each, datetime) else each for key, each in asdict(value).items()}


def _database() -> str:
    from bot.settings import database_url

    return database_url(os.environ).reveal()


def _where(job: Job) -> str | None:
    """The partition, with the name that the repository has now."""
    return job.place or job.key
