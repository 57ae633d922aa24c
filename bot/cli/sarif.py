"""SARIF 2.1.0, as GitHub code scanning reads it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/ and docs.github.com, "SARIF support for code scanning".
"""

import hashlib
import json
from collections import Counter
from typing import Any
from urllib.parse import quote

from bot import __version__
from bot.cli.reporting import Shown
from bot.model import Finding, Fix, Range

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(shown: Shown) -> str:
    """One log with one run; fixes as deleted and inserted regions, in characters and lines."""
    names = sorted({finding.migration for finding in shown.findings})
    run = {
        "tool": {"driver": {"name": "ssot", "version": __version__, "rules": [_rule(name) for name in names]}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"ROOT": {"uri": shown.root.as_uri() + "/"}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(shown)}],
        "results": _results(shown, names),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": {"text": f"Usage of a name that the migration {name} retires"},
        "defaultConfiguration": {"level": "warning"},
    }


def _results(shown: Shown, names: list[str]) -> list[dict[str, Any]]:
    seen: Counter[str] = Counter()
    results = []
    for finding in shown.findings:
        identity = f"{finding.migration}\0{finding.path}\0{finding.kind}\0{finding.symbol}"
        seen[identity] += 1
        digest = hashlib.sha256(f"{identity}\0{seen[identity]}".encode("utf-8", "surrogatepass")).hexdigest()
        results.append(_result(finding, names, shown, digest[:32]))
    return results


def _result(finding: Finding, names: list[str], shown: Shown, fingerprint: str) -> dict[str, Any]:
    text = finding.message + (f" {finding.reason}" if finding.reason else "")
    result = {
        "ruleId": finding.migration,
        "ruleIndex": names.index(finding.migration),
        "level": "error" if finding.critical else "warning",
        "message": {"text": text},
        "locations": [{"physicalLocation": {**_artifact(finding.path), "region": _region(finding.range)}}],
        "partialFingerprints": {"usage/v1": fingerprint},
        "properties": {"kind": finding.kind.value, "applicability": finding.applicability.value},
    }
    fix = finding.fix and _fix(finding, finding.fix, shown)
    return {**result, "fixes": [fix]} if fix else result


def _fix(finding: Finding, fix: Fix, shown: Shown) -> dict[str, Any] | None:
    source = shown.source(finding.path)
    if source is None:
        return None
    replacements = [
        {
            "deletedRegion": _region(source.range(edit.start, edit.end)),
            "insertedContent": {"text": edit.text},
        }
        for edit in fix.edits
    ]
    change = {**_artifact(finding.path), "replacements": replacements}
    return {"description": {"text": f"{fix.applicability.value} fix"}, "artifactChanges": [change]}


def _artifact(path: str) -> dict[str, Any]:
    uri = quote(path.encode("utf-8", "surrogateescape"))
    return {"artifactLocation": {"uri": uri, "uriBaseId": "ROOT"}}


def _region(place: Range) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _notifications(shown: Shown) -> list[dict[str, Any]]:
    said = [(failed.path, f"line {failed.line}: {failed.message}") for failed in shown.failed]
    said += [(skipped.path, skipped.reason) for skipped in shown.skipped]
    return [
        {"level": "warning", "message": {"text": text}, "locations": [{"physicalLocation": _artifact(path)}]}
        for path, text in said
    ]
