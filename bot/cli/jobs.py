"""``ssot jobs``: look at the durable jobs and queue them again, also while the server runs."""

import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from functools import wraps
from typing import ParamSpec

import click

from bot.errors import SettingsError
from bot.jobs import sql
from bot.jobs.database import Connection
from bot.jobs.model import Job, State
from bot.jobs.opening import existing
from bot.jobs.store import StoreUnavailable

P = ParamSpec("P")


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
    """List, show and retry the durable jobs.  ID is a job's number or GitHub's delivery GUID."""


@command.command("list")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only these.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@_exit_2
def list_jobs(state: str | None, limit: int, form: str) -> None:
    """The newest jobs, newest first."""
    with closing(existing(_database())) as connection:
        jobs = sql.recent(connection, limit, State(state) if state else None)
    if form == "json":
        click.echo(json.dumps({"version": 1, "jobs": [_document(job) for job in jobs]}, indent=2))
        return
    for job in jobs:
        event = f"{job.event}.{job.action}" if job.action else job.event
        came = f"{job.received_at:%Y-%m-%d %H:%M:%S}Z"
        line = f"{job.seq:>7}  {job.state:<10}  {came}  {event:<28}  {job.key or '-':<30}  {job.reason or ''}"
        click.echo(line.rstrip())


@command.command("show")
@click.argument("name", metavar="ID")
@click.option("--body", is_flag=True, help="Write the payload as it came, and nothing else.")
@_exit_2
def show(name: str, body: bool) -> None:
    """One job as JSON."""
    with closing(existing(_database())) as connection:
        job = _find(connection, name)
        if body:
            sys.stdout.buffer.write(sql.body_of(connection, job.seq))
        else:
            click.echo(json.dumps(_document(job), indent=2))


@command.command("retry")
@click.argument("name", metavar="ID")
@_exit_2
def retry(name: str) -> None:
    """Queue a finished job again; a running server takes it up within seconds."""
    with closing(existing(_database(), writable=True)) as connection:
        job = _find(connection, name)
        if not sql.retry(connection, job.seq):
            click.echo(f"ssot jobs: job {job.seq} is {job.state}: only finished jobs can be retried", err=True)
            sys.exit(1)
    click.echo(f"job {job.seq} is queued")


def _find(connection: Connection, name: str) -> Job:
    if (job := sql.find(connection, name)) is None:
        raise StoreUnavailable(f"no job {name!r}")
    return job


def _document(job: Job) -> dict[str, object]:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in asdict(job).items()}


def _database() -> str:
    from bot.settings import database_url

    return database_url(os.environ).reveal()
