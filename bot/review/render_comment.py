"""The comment on a line that adds a usage, and how a finding is named wherever it is shown."""

from collections.abc import Mapping, Sequence

from bot.config.reading import FILE, shipped
from bot.domain.commands import PREFIX
from bot.domain.file_result import NewFinding, Suggestion
from bot.domain.finding import Finding
from bot.domain.migration import Applicability, Migration, TargetKind
from bot.markdown.limits import fit
from bot.markdown.text import code, fenced, prose

SHORT = 8
"""Digits of a fingerprint that are shown; `/ssot skip` takes 6 or more."""
_TRUST = {
    Applicability.SAFE: "Safe fix: behaviour stays the same.",
    Applicability.UNSAFE: "This fix may change behaviour: please read it before you commit it.",
    Applicability.DISPLAY_ONLY: "There is no automatic fix. Please change it by hand.",
}
_DECLARED = f"Declared safe in `{FILE}`: the change is checked, that both names behave alike is not."
_COMMANDS = {Applicability.SAFE: f"{PREFIX} migrate", Applicability.UNSAFE: f"{PREFIX} migrate --unsafe"}


def thread_comment(found: Sequence[NewFinding], migrations: Mapping[str, Migration], marker: str) -> str:
    """The comment on a line for the findings that are shown there, at least one; at most one has a suggestion."""
    parts = [inline_comment(new, migrations[new.finding.migration]) for new in found]
    return fit("\n\n---\n\n".join(parts), tail=f"\n{marker}")


def file_comment(found: Sequence[NewFinding], migrations: Mapping[str, Migration], marker: str) -> str:
    """The same on the file as a whole, or in a thread that is there: it names the line and suggests nothing.

    A suggestion replaces the lines that its comment is on: such a comment is on none, or on those of another finding.
    """
    parts = []
    for new in found:
        command = _COMMANDS.get(new.finding.applicability)
        instead = f"`{command}` can commit the fix." if new.suggestion and command else new.no_suggestion
        plain = inline_comment(
            NewFinding(
                finding=new.finding, fingerprint=new.fingerprint, line=None, no_suggestion=instead,
                also=new.also, also_fingerprints=new.also_fingerprints,
            ),
            migrations[new.finding.migration],
        )  # fmt: skip
        parts.append(f"Line {new.finding.range.line}: {plain}")
    return fit("\n\n---\n\n".join(parts), tail=f"\n{marker}")


def inline_comment(new: NewFinding, migration: Migration) -> str:
    """What one finding says on its line."""
    parts = [headline(new.finding, migration), message(new.finding)]
    if migration.docs_url:
        parts.append(f"[Why, and how to migrate]({migration.docs_url})")
    if new.suggestion is not None:
        parts += [_trust(new.finding, migration), suggestion_block(new.suggestion)]
    else:
        parts.append(prose(new.no_suggestion or new.finding.reason or _TRUST[Applicability.DISPLAY_ONLY]))
    if new.also:
        what = "This suggestion also changes" if new.suggestion is not None else "The same change is needed on"
        parts.append(f"{what} {_lines_of(new)}.")
    parts.append(
        f"<sub>{code(migration.name)} · {new.finding.kind} · {new.finding.applicability.label} · {handle(new)}</sub>"
    )
    return "\n\n".join(parts)


def _trust(finding: Finding, migration: Migration) -> str:
    """Whose word it is that the fix keeps the behaviour: the engine's, or that of the repository's configuration.

    What a preset says is tested with the product, whatever else of it the configuration changes.
    """
    vouched = migration.drop_in or any(rule.applicability is Applicability.SAFE for rule in migration.rewrites)
    if finding.applicability is Applicability.SAFE and vouched and not _is_shipped(migration):
        return _DECLARED
    return _TRUST[finding.applicability]


def _is_shipped(migration: Migration) -> bool:
    """Whether what is deprecated and what takes its place is a preset's, word for word."""
    said = (migration.targets, migration.rewrites, migration.drop_in)
    return any(said == (each.targets, each.rewrites, each.drop_in) for each in shipped())


def handle(new: NewFinding) -> str:
    """What people call the finding in ``/ssot skip``."""
    return handle_of(new.fingerprint)


def handle_of(fingerprint: str) -> str:
    """The same of one usage."""
    return code(fingerprint[:SHORT])


def headline(finding: Finding, migration: Migration) -> str:
    """One bold line: what is deprecated and what replaces it."""
    old, new = _names(finding, migration)
    place = f": use {code(new)}" if new else ""
    critical = " · critical path" if finding.critical else ""
    return f"**{code(old)} is deprecated{place}**{critical}"


def _names(finding: Finding, migration: Migration) -> tuple[str, str | None]:
    """The deprecated name and its successor: as few last components as tell them apart, of a moved module all."""
    symbol = finding.symbol
    target = next((t for t in migration.targets if symbol == t.name or symbol.startswith(f"{t.name}.")), None)
    if target is None or target.canonical is None:
        return symbol.rpartition(".")[2], None
    successor = target.canonical + symbol[len(target.name) :]
    if target.kind is TargetKind.MODULE:
        return symbol, successor
    old, new = symbol.split("."), successor.split(".")
    parts = next((n for n in range(1, max(len(old), len(new))) if old[-n:] != new[-n:]), max(len(old), len(new)))
    return ".".join(old[-parts:]), ".".join(new[-parts:])


def suggestion_block(suggestion: Suggestion) -> str:
    """GitHub's suggested change; an empty block deletes the lines.

    https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests
    """
    return fenced(suggestion.text or "", "suggestion")


def message(finding: Finding) -> str:
    """The engine's message about the usage, with the dotted name shown as code."""
    spelled = f"`{finding.symbol}`"
    return prose(finding.message.replace(spelled, finding.symbol).replace(finding.symbol, spelled))


def _lines_of(new: NewFinding) -> str:
    """The other lines of the group; those that people decide on by themselves with their codes."""
    decided = {fingerprint for _, fingerprint in new.decided}
    lines: dict[int, list[str]] = {}
    for finding, fingerprint in new.usages[1:]:
        codes = lines.setdefault(finding.range.line, [])
        codes += [handle_of(fingerprint)] if fingerprint in decided else []
    named = [f"{line} ({', '.join(codes)})" if codes else f"{line}" for line, codes in sorted(lines.items())]
    return ("line " if len(named) == 1 else "lines ") + ", ".join(named)
