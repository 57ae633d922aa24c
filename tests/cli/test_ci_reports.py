"""``--format rdjson``, ``gitlab`` and ``junit``: what their readers ask for, and true places.

The schemas below are of what is written here and nothing else, by reviewdog's ``reviewdog.proto``, GitLab's "Code
Quality report format" and the elements and attributes of Jenkins' ``junit-10.xsd``.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest

from tests.cli.test_front import repository, ssot
from tests.cli.test_sarif import COUNTED, WORDS, listed, only
from tests.cli.test_scan import write

__all__ = ["repository"]

POSITION = only({"line": COUNTED}, column=COUNTED)
RANGE = only({"start": POSITION}, end=POSITION)
RDJSON = jsonschema_rs.Draft202012Validator(
    only({
        "source": only({"name": WORDS}),
        "diagnostics": listed(
            only(
                {
                    "message": WORDS,
                    "location": only({"path": WORDS}, range=RANGE),
                    "severity": {"enum": ["ERROR", "WARNING"]},
                },
                code=only({"value": WORDS}),
                suggestions=listed(only({"range": RANGE, "text": {"type": "string"}}), minItems=1, maxItems=1),
            )
        ),
    })
)  # fmt: skip
GITLAB = jsonschema_rs.Draft202012Validator(
    listed(
        only({
            "description": WORDS,
            "check_name": WORDS,
            "fingerprint": WORDS,
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": only({
                "path": {"type": "string", "pattern": "^(?!\\./|/)"},
                "lines": only({"begin": COUNTED}),
            }),
        }),
        uniqueItems=True,
    )
)  # fmt: skip
TREE: Mapping[str, str | bytes] = {
    "pkg/wide.py": "from pkg import impl\nx = '𐐀é', impl.old()\n",
    "pkg/latin.py": "# coding: latin-1\nfrom pkg import impl\nx = 'é', impl.odd(1)\n".encode("latin-1"),
    "pkg/broken.py": "from pkg.impl import old\nold(\n",
    "pkg/coded.py": b"# coding: utf-7\nold\n",
    "pkg/o<dd>&'\"\x01.py": "from pkg import impl\nimpl.old()\n",
    "pkg/far.py": "from pkg.impl import old\n" + "\n" * 30 + "old()\n",
}


@pytest.fixture(params=["nothing", "much"])
def tree(repository: Path, request: pytest.FixtureRequest) -> Path:
    if request.param == "nothing":
        for name in ("safe", "unsafe", "manual"):
            (repository / f"pkg/{name}.py").unlink()
    else:
        write(repository, dict(TREE))
    return repository


@pytest.mark.parametrize("fixes", ["--fixes", "--no-fixes"])
def test_what_is_written_is_valid(tree: Path, fixes: str) -> None:
    RDJSON.validate(json.loads(ssot("scan", "--format", "rdjson", fixes).stdout))
    GITLAB.validate(json.loads(ssot("scan", "--format", "gitlab", fixes).stdout))
    check_junit(ssot("scan", "--format", "junit", fixes).stdout)


def check_junit(text: str) -> None:
    """Elements, attributes and numbers of ``junit-10.xsd``."""
    top = ET.fromstring(text)  # noqa: S314  our own
    assert top.tag == "testsuites"
    assert set(top.attrib) <= {"name", "tests", "failures", "errors", "time"}
    cases = []
    for suite in top:
        assert suite.tag == "testsuite"
        assert {"name", "tests", "failures", "errors"} <= set(suite.attrib)
        assert int(suite.attrib["tests"]) == len(suite)
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        assert int(suite.attrib["errors"]) == len(suite.findall("testcase/error"))
        cases += list(suite)
    assert int(top.attrib["tests"]) == len(cases) > 0, "a report without a test is a fault to many readers"
    assert int(top.attrib["failures"]) == len(top.findall(".//failure"))
    assert int(top.attrib["errors"]) == len(top.findall(".//error"))
    for case in cases:
        assert case.tag == "testcase"
        assert set(case.attrib) <= {"name", "classname", "time", "group"}
        assert all(set(each.attrib) == {"type", "message"} for each in case)
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)


def diagnostics(root: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ssot("scan", "--format", "rdjson").stdout)["diagnostics"]
    return found


def at(root: Path, path: str, position: Mapping[str, int]) -> int:
    """The offset of a position in the file as UTF-8."""
    lines = text_of(root, path).split(b"\n")
    return sum(len(line) + 1 for line in lines[: position["line"] - 1]) + position["column"] - 1


def text_of(root: Path, path: str) -> bytes:
    raw = (root / path).read_bytes()
    return raw.decode("latin-1").encode() if b"latin-1" in raw else raw


def test_reviewdogs_columns_are_bytes_of_utf_8(repository: Path) -> None:
    write(repository, dict(TREE))
    found = {each["location"]["path"]: each for each in diagnostics(repository)}
    for path, name in (("pkg/wide.py", b"impl.old"), ("pkg/latin.py", b"impl.odd")):
        place = found[path]["location"]["range"]
        assert (
            text_of(repository, path)[at(repository, path, place["start"]) : at(repository, path, place["end"])] == name
        )


def test_reviewdogs_suggestions_give_the_migrated_file(repository: Path) -> None:
    before = text_of(repository, "pkg/safe.py")
    ours = [each for each in diagnostics(repository) if each["location"]["path"] == "pkg/safe.py"]
    suggested = [one for each in ours for one in each.get("suggestions", ())]
    after = before
    for each in sorted(suggested, key=lambda s: at(repository, "pkg/safe.py", s["range"]["start"]), reverse=True):
        start, end = (at(repository, "pkg/safe.py", each["range"][side]) for side in ("start", "end"))
        after = after[:start] + each["text"].encode() + after[end:]
    ssot("migrate", "--write", "pkg/safe.py")
    assert after == (repository / "pkg/safe.py").read_bytes() != before


def test_a_fix_over_many_lines_is_no_suggestion(repository: Path) -> None:
    write(repository, dict(TREE))
    far = [each for each in diagnostics(repository) if each["location"]["path"] == "pkg/far.py"]
    assert len(far) == 2
    assert not any("suggestions" in each for each in far)


def test_gitlabs_fingerprints_outlive_lines_above(repository: Path) -> None:
    def prints() -> list[str]:
        return [each["fingerprint"] for each in json.loads(ssot("scan", "--format", "gitlab").stdout)]

    before = prints()
    write(repository, {"pkg/safe.py": "\n\nfrom pkg import impl\nimpl.old()\nimpl.old()\n"})
    assert prints() == before
    assert len(set(before)) == 4


def test_each_format_exits_as_text_does(repository: Path) -> None:
    for form in ("rdjson", "gitlab", "junit"):
        assert ssot("scan", "--format", form).exit_code == 1
        assert ssot("scan", "--format", form, "pkg/impl.py").exit_code == 0
