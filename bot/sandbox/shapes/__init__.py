"""GitHub's JSON objects, built from the records: one module per area, every required field of the schemas present."""

from datetime import datetime

from bot.sandbox.world import Obj


def stamp(at: datetime) -> str:
    """A time as the REST API writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_or_none(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def link(href: str) -> Obj:
    return {"href": href}
