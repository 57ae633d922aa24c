"""``ssot scan --format sarif``: the properties that SARIF 2.1.0 and GitHub's code scanning ask for, and true places.

The schema below is of what is written here and nothing else, by the standard's own rules (its section in each comment)
and the table of supported properties in docs.github.com, "SARIF support for code scanning".
"""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.engine.source.text import decode


def only(required: Mapping[str, Any], **optional: object) -> dict[str, Any]:
    """An object with these properties and no others."""
    properties = {**required, **optional}
    return {"type": "object", "required": [*required], "properties": properties, "additionalProperties": False}


def listed(items: Mapping[str, Any], **more: object) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


COUNTED = {"type": "integer", "minimum": 1}
WORDS = {"type": "string", "minLength": 1}
MESSAGE = only({"text": WORDS})  # 3.11
LEVEL = {"enum": ["none", "note", "warning", "error"]}  # 3.27.10
ARTIFACT = only(  # 3.4: relative, and what to
    {"uri": {"type": "string", "pattern": "^(?![a-z]+:)[-A-Za-z0-9._~/%]+$"}, "uriBaseId": {"const": "%SRCROOT%"}}
)
REGION = only(dict.fromkeys(("startLine", "startColumn", "endLine", "endColumn"), COUNTED))  # 3.30; GitHub: all
PLACE = only({"artifactLocation": ARTIFACT, "region": REGION})  # 3.29
URI = {"type": "string", "format": "uri", "pattern": "^https://"}
RULE = only(  # 3.49; GitHub: id, both descriptions, help
    {
        "id": WORDS,
        "shortDescription": MESSAGE,
        "fullDescription": MESSAGE,
        "help": MESSAGE,
        "helpUri": URI,
        "defaultConfiguration": only({"level": LEVEL}),
    }
)
FIX = only(  # 3.55 to 3.57
    {
        "description": MESSAGE,
        "artifactChanges": listed(
            only(
                {
                    "artifactLocation": ARTIFACT,
                    "replacements": listed(
                        only({"deletedRegion": REGION, "insertedContent": only({"text": {"type": "string"}})}),
                        minItems=1,
                    ),
                }
            ),
            minItems=1,
        ),
    }
)
RESULT = only(  # 3.27
    {
        "ruleId": WORDS,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": MESSAGE,
        "locations": listed(only({"physicalLocation": PLACE}), minItems=1, maxItems=1),
        "partialFingerprints": {"type": "object", "additionalProperties": WORDS, "minProperties": 1},
        "properties": {"type": "object"},
    },
    fixes=listed(FIX, minItems=1, uniqueItems=True),
)
NOTIFICATION = only(  # 3.58
    {
        "level": LEVEL,
        "message": MESSAGE,
        "locations": listed(
            only({"physicalLocation": only({"artifactLocation": ARTIFACT}, region=only({"startLine": COUNTED}))})
        ),
    }
)
NUMBERS = ("usages", "safe", "unsafe")
RULES = listed(RULE, uniqueItems=True)
RUN = only(  # 3.14
    {
        "tool": only({"driver": only({"name": WORDS, "version": WORDS, "informationUri": URI, "rules": RULES})}),
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "newlineSequences": listed(WORDS, minItems=1, uniqueItems=True),
        "originalUriBaseIds": only({"%SRCROOT%": only({"uri": {"type": "string", "pattern": "^file://.*/$"}})}),
        "invocations": listed(
            only(
                {
                    "executionSuccessful": {"type": "boolean"},
                    "toolExecutionNotifications": listed(NOTIFICATION, uniqueItems=True),
                }
            )
        ),
        "results": listed(RESULT, maxItems=25_000),
    },
    properties=only({"fixable": only({each: {"type": "integer", "minimum": 0} for each in NUMBERS})}),
)
VALIDATOR = jsonschema_rs.Draft202012Validator(
    only({"$schema": {"type": "string"}, "version": {"const": "2.1.0"}, "runs": listed(RUN, minItems=1, maxItems=20)})
)

CONFIG = b"""\
version: 1
migrations:
  m:
    deprecated: [pkg.impl.old]
    canonical: pkg.impl.New
    drop_in: true
    critical: ["hot/**"]
"""
PACKAGE: dict[str, bytes] = {
    ".github/ssot.yml": CONFIG,
    "pkg/__init__.py": b"",
    "pkg/impl.py": b"def old(*args): ...\nclass New:\n    def __init__(self, *args): ...\n",
}
USE = "from pkg.impl import old\n\nx = '\U0001f600\xe9', old('\U0001f600'), old(1)  # \U0001f600\n"
CASES: Mapping[str, Mapping[str, bytes]] = {
    "nothing": {},
    "one": {"app/a.py": USE.encode()},
    "critical": {"hot/a.py": USE.encode()},
    "byte-order-mark-and-crlf": {"a.py": b"\xef\xbb\xbf" + USE.replace("\n", "\r\n").encode()},
    "lone-carriage-returns": {"a.py": USE.replace("\n", "\r").encode()},
    "latin-1": {"a.py": "# coding: latin-1\nfrom pkg.impl import old\nx = '\xe9\xe9', old()\n".encode("latin-1")},
    "wide-name": {"a.py": "from pkg.impl import old as \U0001d4d0\n\U0001d4d0(); \U0001d4d0(2)\n".encode()},
    "several-lines": {
        "a.py": "from pkg.impl import (\n    old,\n)\nx = ('\U0001f600',\n  old(\n'\U0001f600'))\n".encode()
    },
    "path": {"a b/\xe4\U0001f600 #?%:[1].py": USE.encode(), "c:d.py": USE.encode()},
    "path-that-is-no-text": {
        os.fsdecode(b"app/\xff.py"): USE.encode(),
        os.fsdecode(b"\xfe.py"): b"import pkg.impl.old(",
    },
    "not-python": {
        "a.py": b"from pkg.impl import old\nold(\n",
        "b.py": b"from pkg.impl import old\n\0",
        "c.py": b"old\n",
    },
    "not-read": {"a.py": b"# coding: utf-7\nfrom pkg.impl import old\n", "b.py": b"from pkg.impl import old # \xff\n"},
    "definition": {"other.py": b"def old(): ...\n", "app/c.py": b"from pkg.impl import *\nold\n"},
}


def write(root: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def log_of(root: Path, *arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(main, ["scan", str(root), "--format", "sarif", "--no-cache", *arguments])
    assert done.exit_code in (0, 1), done.output
    log: dict[str, Any] = json.loads(done.stdout)
    assert [f"{error.instance_path}: {error.message}" for error in VALIDATOR.iter_errors(log)] == []
    return log


@pytest.mark.parametrize("fixes", ["--fixes", "--no-fixes"])
@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_what_is_written_keeps_the_rules(tmp_path: Path, files: Mapping[str, bytes], fixes: str) -> None:
    write(tmp_path, {**PACKAGE, **files})
    (run,) = log_of(tmp_path, fixes)["runs"]
    assert run["tool"]["driver"]["informationUri"].startswith("https://")
    assert all(rule["helpUri"].startswith("https://") for rule in run["tool"]["driver"]["rules"])
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    fingerprints = [json.dumps(result["partialFingerprints"]) for result in run["results"]]
    assert len({*fingerprints}) == len(fingerprints)
    notified = run["invocations"][0]["toolExecutionNotifications"]
    assert bool(run["results"] or notified) == bool(files)


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_regions_are_the_usages(tmp_path: Path, files: Mapping[str, bytes]) -> None:
    """Each region, counted as SARIF says, holds the name as the file writes it."""
    write(tmp_path, {**PACKAGE, **files})
    (run,) = log_of(tmp_path)["runs"]
    for result in run["results"]:
        (location,) = result["locations"]
        place = location["physicalLocation"]
        text = text_of(tmp_path, place)
        start, end = span(text, place["region"])
        assert text[start:end] in ("old", "old as \U0001d4d0", "\U0001d4d0"), result


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "one": ["from pkg.impl import New", "", "x = '\U0001f600\xe9', New('\U0001f600'), New(1)  # \U0001f600", ""],
        "byte-order-mark-and-crlf": [
            "from pkg.impl import New\r", "\r", "x = '\U0001f600\xe9', New('\U0001f600'), New(1)  # \U0001f600\r", "",
        ],
        "several-lines": [
            "from pkg.impl import (", "    New,", ")", "x = ('\U0001f600',", "  New(", "'\U0001f600'))", "",
        ],
    }.items(),
)  # fmt: skip
def test_the_fixes_give_the_migrated_file(tmp_path: Path, name: str, expected: list[str]) -> None:
    """Applied by their regions alone, as another program would."""
    write(tmp_path, {**PACKAGE, **CASES[name]})
    (run,) = log_of(tmp_path)["runs"]
    changes = {
        json.dumps(change): change
        for result in run["results"]
        for fix in result["fixes"]
        for change in fix["artifactChanges"]
    }
    (change,) = changes.values()
    text = text_of(tmp_path, change)
    spans = [(*span(text, each["deletedRegion"]), each["insertedContent"]["text"]) for each in change["replacements"]]
    for start, end, new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    assert text.split("\n") == expected


def text_of(root: Path, place: Mapping[str, Any]) -> str:
    path = unquote(place["artifactLocation"]["uri"], errors="surrogateescape")
    return decode((root / path).read_bytes()).text


def span(text: str, region: Mapping[str, int]) -> tuple[int, int]:
    """Character offsets of a region whose columns are UTF-16 code units; lines end as the run says."""
    lines = text if "\n" in text else text.replace("\r", "\n")
    starts = [0, *(at + 1 for at, character in enumerate(lines) if character == "\n")]

    def offset(line: int, column: int) -> int:
        units = text[starts[line - 1] :].encode("utf-16-le")[: 2 * (column - 1)]
        return starts[line - 1] + len(units.decode("utf-16-le"))

    return offset(region["startLine"], region["startColumn"]), offset(region["endLine"], region["endColumn"])


def test_only_what_is_new(tmp_path: Path) -> None:
    write(tmp_path, {**PACKAGE, **CASES["one"]})
    for command in (
        ["init", "-qb", "main"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a", "commit", "-qm."],
    ):
        subprocess.run(["git", "-C", tmp_path, *command], check=True)
    write(tmp_path, {"app/a.py": USE.encode() + b"old(2)\n"})
    (run,) = log_of(tmp_path, "--base", "main")["runs"]
    (result,) = run["results"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 4
