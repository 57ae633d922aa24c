"""SARIF 2.1.0, as GitHub code scanning reads it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/ and docs.github.com, "SARIF support for code scanning".  Columns are
UTF-16 code units: the standard's default, and what readers count that do not look at ``columnKind``.
"""

import json
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from bot import __version__
from bot.cli.fixable import tier
from bot.cli.reporting import Shown, fingerprints
from bot.domain.finding import Finding, Fix, Range
from bot.engine.source.text import SourceMap

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://github.com/netra-systems/ssot-bot"
HELP = f"{HOME}/blob/main/docs/decides.md"
"""What a rule's safe, unsafe and manual usages are."""
ROOT = "%SRCROOT%"
"""The base of all paths: the name that SARIF readers use for the top of a repository."""


def as_sarif(shown: Shown) -> str:
    """One log with one run; fixes as deleted and inserted regions."""
    names = sorted({finding.migration for finding in shown.findings})
    run = {
        "tool": {
            "driver": {
                "name": "ssot",
                "version": __version__,
                "informationUri": HOME,
                "rules": [_rule(name) for name in names],
            }
        },
        "columnKind": "utf16CodeUnits",
        "newlineSequences": ["\r\n", "\n", "\r"],
        "originalUriBaseIds": {ROOT: {"uri": shown.root.as_uri().rstrip("/") + "/"}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(shown)}],
        "results": _results(shown, names),
        **({"properties": {"fixable": asdict(shown.fixable)}} if shown.fixable else {}),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": {"text": f"Usage of a name that the migration {name} deprecates."},
        "fullDescription": {"text": f"The migration {name} deprecates this name; each result names the replacement."},
        "help": {"text": "`ssot migrate` applies the safe fixes. Change other usages by hand; each result says why."},
        "helpUri": HELP,
        "defaultConfiguration": {"level": "warning"},
    }


def _results(shown: Shown, names: list[str]) -> list[dict[str, Any]]:
    results, path, source = [], None, None
    for finding, fingerprint in zip(shown.findings, fingerprints(shown.findings), strict=True):
        if finding.path != path:
            path, source = finding.path, shown.source(finding.path)
        results.append(_result(finding, names, source, fingerprint))
    return results


def _result(finding: Finding, names: list[str], source: SourceMap | None, fingerprint: str) -> dict[str, Any]:
    text = finding.message + (f" {finding.reason}" if finding.reason else "")
    result = {
        "ruleId": finding.migration,
        "ruleIndex": names.index(finding.migration),
        "level": "error" if finding.critical else "warning",
        "message": {"text": text},
        "locations": [{"physicalLocation": {**_artifact(finding.path), "region": _region(finding.range, source)}}],
        "partialFingerprints": {"usage/v1": fingerprint},
        "properties": {
            "kind": finding.kind.value,
            "applicability": finding.applicability.value,
            "fixable": tier(finding),
        },
    }
    if finding.fix is None or source is None:
        return result
    return {**result, "fixes": [_fix(finding.path, finding.fix, source)]}


def _fix(path: str, fix: Fix, source: SourceMap) -> dict[str, Any]:
    replacements = [
        {
            "deletedRegion": _region(source.range(edit.start, edit.end), source),
            "insertedContent": {"text": edit.text},
        }
        for edit in fix.edits
    ]
    change = {**_artifact(path), "replacements": replacements}
    return {"description": {"text": f"{fix.applicability.value} fix"}, "artifactChanges": [change]}


def _artifact(path: str) -> dict[str, Any]:
    uri = quote(path.encode("utf-8", "surrogateescape"))
    return {"artifactLocation": {"uri": uri, "uriBaseId": ROOT}}


def _region(place: Range, source: SourceMap | None) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": _utf16(place.line, place.column, source),
        "endLine": place.end_line,
        "endColumn": _utf16(place.end_line, place.end_column, source),
    }


def _utf16(line: int, column: int, source: SourceMap | None) -> int:
    """A column in UTF-16 code units; in characters when the file can no longer be read."""
    if source is None or column == 1:
        return column
    before = source.line_bytes(line).decode(source.encoding, "replace")[: column - 1]
    return column + sum(character > "\uffff" for character in before)


def _notifications(shown: Shown) -> list[dict[str, Any]]:
    failed = [
        _notification(f"The file does not parse: {each.message}", each.path, {"startLine": each.line})
        for each in shown.failed
    ]
    return failed + [_notification(f"Not scanned: {each.reason}", each.path) for each in shown.skipped]


def _notification(text: str, path: str, region: dict[str, int] | None = None) -> dict[str, Any]:
    place = {**_artifact(path), **({"region": region} if region else {})}
    return {"level": "warning", "message": {"text": text}, "locations": [{"physicalLocation": place}]}
