"""Reports as JSON, for whoever keeps them.

By hand, unlike the other records: a plain ``ssot scan`` reads its cache through this, and must not wait for msgspec.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.domain.finding import Edit, Failed, FileReport, Finding, Fix, Kind, Range, Scanned, Skipped
from bot.domain.migration import Applicability


def encode(report: FileReport) -> dict[str, Any]:
    """A report as a JSON object."""
    encoded = asdict(report)
    if isinstance(report, Scanned):
        encoded["wanted"] = sorted(encoded.pop("missing_modules"))  # the key that older caches and records have
        for finding in encoded["findings"]:
            if finding["idle_ignore"] is None:
                del finding["idle_ignore"]  # older programs do not know it
    if not encoded.get("passing", True):
        del encoded["passing"]  # older programs do not know it
    return {"type": type(report).__name__, **encoded}


def decode(encoded: Mapping[str, Any]) -> FileReport:
    """The report that :func:`encode` made this of.  Raises ``ValueError``, ``KeyError`` or ``TypeError`` for others."""
    fields = dict(encoded)
    match fields.pop("type"):
        case "Scanned":
            findings = tuple(_finding(finding) for finding in encoded["findings"])
            return Scanned(path=encoded["path"], findings=findings, missing_modules=frozenset(encoded["wanted"]))
        case "Failed":
            return Failed(**{**fields, "hits": tuple(encoded["hits"])})
        case "Skipped":
            return Skipped(**fields)
        case other:
            raise ValueError(f"no report: {other!r}")


def _finding(encoded: dict[str, Any]) -> Finding:
    fix = encoded["fix"]
    return Finding(
        **{
            **encoded,
            "range": Range(**encoded["range"]),
            "kind": Kind(encoded["kind"]),
            "applicability": Applicability(encoded["applicability"]),
            "fix": fix and Fix(
                edits=tuple(Edit(**edit) for edit in fix["edits"]), applicability=Applicability(fix["applicability"])
            ),
        }
    )  # fmt: skip
