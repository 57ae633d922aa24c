"""A scan's results for other programs: reviewdog, GitLab's code quality report, and what reads JUnit's XML.

* rdjson: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf (``reviewdog.proto``)
* https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
* JUnit: https://github.com/jenkinsci/xunit-plugin (``junit-10.xsd``)
"""

import json
from collections import Counter
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from bot.cli.reporting import Shown, failure_text, fingerprints, printable
from bot.domain.finding import Finding, Fix
from bot.engine.source.text import SourceMap

_SUGGESTED = 20
"""Lines that one suggestion may span: a change of the import and of a far usage is for `ssot migrate`."""


def as_rdjson(shown: Shown) -> str:
    """Reviewdog's diagnostics.  Columns are bytes, from 1; an end is behind the last one."""
    diagnostics, seen = [], set[Fix | None]()
    path, source = None, None
    for finding in shown.findings:
        if finding.path != path:
            path, source, seen = finding.path, shown.source(finding.path), set()
        fix = finding.fix if finding.fix not in seen else None  # what several share is suggested once
        seen.add(finding.fix)
        diagnostics.append(_diagnostic(finding, fix, source))
    for failed in shown.failed:
        place = {"path": printable(failed.path), "range": {"start": {"line": failed.line}}}
        diagnostics.append({"message": failure_text(failed), "location": place, "severity": "ERROR"})
    for skipped in shown.skipped:
        place = {"path": printable(skipped.path)}
        diagnostics.append({"message": f"not scanned: {skipped.reason}", "location": place, "severity": "WARNING"})
    return json.dumps({"source": {"name": "ssot"}, "diagnostics": diagnostics}, indent=1) + "\n"


def _diagnostic(finding: Finding, fix: Fix | None, source: SourceMap | None) -> dict[str, Any]:
    text = finding.message + (f" {finding.reason}" if finding.reason else "")
    result: dict[str, Any] = {
        "message": text,
        "location": {"path": printable(finding.path), "range": _range(finding.range.start, finding.range.end, source)}
        if source
        else {"path": printable(finding.path), "range": {"start": {"line": finding.range.line}}},
        "severity": "ERROR" if finding.critical else "WARNING",
        "code": {"value": finding.migration},
    }
    suggested = _suggestion(fix, source) if fix and source else None
    return {**result, "suggestions": [suggested]} if suggested else result


def _suggestion(fix: Fix, source: SourceMap) -> dict[str, Any] | None:
    """All edits of a fix as one, where they are near each other: reviewdog takes each suggestion by itself."""
    edits = sorted(fix.edits)
    start, end = edits[0].start, max(edit.end for edit in edits)
    first, last = source.range(start, start).line, source.range(end, end).line
    if last - first >= _SUGGESTED:
        return None
    text, at = "", start
    for edit in edits:
        text += source.source[at : edit.start].decode(source.encoding, "replace") + edit.text
        at = edit.end
    return {"range": _range(start, end, source), "text": text}


def _range(start: int, end: int, source: SourceMap) -> dict[str, Any]:
    return {"start": _position(start, source), "end": _position(end, source)}


def _position(offset: int, source: SourceMap) -> dict[str, int]:
    """A place in UTF-8 bytes, which the file need not be in."""
    place = source.range(offset, offset)
    before = source.line_bytes(place.line).decode(source.encoding, "replace")[: place.column - 1]
    return {"line": place.line, "column": len(before.encode("utf-8", "surrogatepass")) + 1}


def as_gitlab(shown: Shown) -> str:
    """GitLab's code quality report: what it compares between two pipelines is the fingerprint."""
    issues = [
        _issue(finding.message, finding.migration, print_, "critical" if finding.critical else "minor",
               finding.path, finding.range.line)
        for finding, print_ in zip(shown.findings, fingerprints(shown.findings), strict=True)
    ]  # fmt: skip
    issues += [
        _issue(failure_text(each), "does-not-parse", f"does-not-parse:{each.path}", "major", each.path, each.line)
        for each in shown.failed
    ]
    issues += [
        _issue(f"Not scanned: {each.reason}", "not-scanned", f"not-scanned:{each.path}", "major", each.path, 1)
        for each in shown.skipped
    ]
    return json.dumps(issues, indent=1) + "\n"


def _issue(text: str, check: str, fingerprint: str, severity: str, path: str, line: int) -> dict[str, Any]:
    return {
        "description": text,
        "check_name": check,
        "fingerprint": printable(fingerprint),
        "severity": severity,
        "location": {"path": printable(path), "lines": {"begin": line}},
    }


def as_junit(shown: Shown) -> str:
    """JUnit's XML: a suite for each file in which something is, a failed test for each usage."""
    suites: dict[str, list[str]] = {}
    errors: Counter[str] = Counter()
    for finding in shown.findings:
        name = f"{finding.range.line}:{finding.range.column} {finding.migration}"
        reason = f" {finding.reason}" if finding.reason else ""
        place = f"{finding.path}:{finding.range.line}:{finding.range.column}: {finding.message}{reason}"
        suites.setdefault(finding.path, []).append(
            _case(finding.path, name, "failure", finding.kind.value, finding.message, place)
        )
    broken = [(each.path, "does not parse", failure_text(each)) for each in shown.failed]
    broken += [(each.path, "not scanned", each.reason) for each in shown.skipped]
    for path, name, text in broken:
        errors[path] += 1
        suites.setdefault(path, []).append(_case(path, name, "error", name, text, f"{path}: {text}"))
    if not suites:
        suites["ssot"] = [f"<testcase name={_attribute(f'no usages in {shown.files} files')} classname='ssot'/>"]
    found, faulty = len(shown.findings), sum(errors.values())
    tests = sum(map(len, suites.values()))
    head = f"<testsuites name='ssot' tests='{tests}' failures='{found}' errors='{faulty}'>"
    body = [_suite(path, cases, errors[path]) for path, cases in suites.items()]
    return "\n".join(("<?xml version='1.0' encoding='UTF-8'?>", head, *body, "</testsuites>\n"))


def _suite(path: str, cases: list[str], errors: int) -> str:
    failures = sum("<failure" in case for case in cases)
    head = f"<testsuite name={_attribute(path)} tests='{len(cases)}' failures='{failures}' errors='{errors}'>"
    return "\n".join((head, *cases, "</testsuite>"))


def _case(path: str, name: str, element: str, kind: str, message: str, text: str) -> str:
    attributes = f"type={_attribute(kind)} message={_attribute(message)}"
    case = f"<testcase classname={_attribute(path)} name={_attribute(name)}>"
    return f"{case}<{element} {attributes}>{escape(printable(text))}</{element}></testcase>"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
