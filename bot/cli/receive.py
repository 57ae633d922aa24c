"""``ssot receive``: runs a payload file through the real handlers, without a webhook."""

import asyncio
import os
import sys
import uuid
from typing import TYPE_CHECKING, BinaryIO

import click

from bot.cli.faults import said
from bot.domain.errors import SsotError
from bot.domain.references import Delivery, DeliveryId

if TYPE_CHECKING:
    from bot.domain.effects import Effect


@click.command("receive")
@click.argument("event")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Read from GitHub and print what would be written; write nothing.")
def command(event: str, file: BinaryIO, dry_run: bool) -> None:
    """Run the webhook payload in FILE (-: standard input) as EVENT, e.g. pull_request, through the real handlers.

    Needs the environment of `ssot serve`.  Exit codes: 0 done or nothing to do, 2 an error.
    """
    from bot import log
    from bot.app import receive, redactor
    from bot.settings import Settings

    delivery = Delivery(id=DeliveryId(str(uuid.uuid4())), event=event, body=file.read())
    try:
        settings = Settings.from_env(os.environ)
        log.configure(form=settings.log_format, level=settings.log_level, redact=redactor(settings))
        outcome = asyncio.run(receive(settings, delivery, tell=_show if dry_run else None))
    except (SsotError, OSError) as error:
        click.echo(f"ssot receive: {said(error)}", err=True)
        sys.exit(2)
    reason = getattr(outcome, "reason", None) or getattr(outcome, "summary", None) or ""
    click.echo(f"{type(outcome).__name__.lower()}: {reason}")
    sys.exit(2 if type(outcome).__name__ == "Unreadable" else 0)


def _show(effect: "Effect") -> None:
    """Print an effect: its kind, then its fields."""
    click.echo(click.style(type(effect).__name__, bold=True))
    for name, field in type(effect).__dataclass_fields__.items():
        value = getattr(effect, name)
        if not field.repr or value in (None, (), ""):
            continue
        text = "\n".join(map(str, value)) if isinstance(value, tuple) else str(value)
        click.echo(f"  {name}: " + text.replace("\n", "\n    "))
