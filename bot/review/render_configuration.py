"""The texts about a pull request's own change to the configuration file."""

from bot.config.reading import FILE
from bot.domain.effects import Annotation, Level
from bot.domain.errors import ConfigError
from bot.markdown.blocks import cut
from bot.markdown.text import code, count, plain, prose, shorten
from bot.review.models import ProposedConfig

_LISTED = 100
"""Errors of one list; the rest is counted."""


def config_title(proposed: ProposedConfig | None) -> str:
    """A part of the check run's title; empty if the configuration is not changed."""
    if proposed is None:
        return ""
    if proposed.errors:
        return f"The configuration in this pull request is not valid: {count(len(proposed.errors), 'error')}"
    return "This pull request removes the configuration" if proposed.removed else "The changed configuration is valid"


def config_paragraph(proposed: ProposedConfig | None) -> str:
    """What the summary says of it: a paragraph, empty if the configuration is not changed."""
    if proposed is None:
        return ""
    if proposed.errors:
        said = f"is not valid: {prose(_told(proposed.errors[0]))}" + (
            f" There are {len(proposed.errors) - 1:,} more errors, see the details." if proposed.errors[1:] else ""
        )
        return f"\n\n**{code(FILE)} in this pull request {said}** Run `ssot config check` to check it locally."
    if proposed.removed:
        return f"\n\nThis pull request removes {code(FILE)}."
    return f"\n\nThis pull request changes {code(FILE)}, and it is valid. It applies once it is on the base branch."


def config_details(proposed: ProposedConfig | None) -> str:
    """All errors; empty if there is none."""
    if proposed is None or not proposed.errors:
        return ""
    lines = [f"- {plain(_told(error), limit=1_000)}" for error in proposed.errors]
    return f"### Errors in {FILE}\n\n" + "\n".join(cut(lines, _LISTED))


def config_annotations(proposed: ProposedConfig | None, level: Level) -> tuple[Annotation, ...]:
    """One for each error, at its place; one about the whole file is at its first line."""
    return tuple(_annotation(error, level) for error in proposed.errors) if proposed else ()


def _annotation(error: ConfigError, level: Level) -> Annotation:
    column = error.column if error.line else None
    return Annotation(
        path=FILE,
        start_line=error.line or 1,
        end_line=error.line or 1,
        start_column=column,
        end_column=column,
        level=level,
        title="The configuration is not valid",
        message=shorten(error.message, 4_000),
    )


def _told(error: ConfigError) -> str:
    place = f"line {error.line}, column {error.column}: " if error.line else ""
    return f"{place}{error.message}"
