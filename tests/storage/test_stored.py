"""What earlier versions wrote is still read, and what is written has the same shape: the bytes here are theirs."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.domain.finding import Edit, Failed, FileReport, Finding, Fix, Kind, Range, Scanned, Skipped
from bot.domain.migration import Applicability
from bot.domain.references import Sha
from bot.domain.tracked import Origin, Point, Snapshot
from bot.engine.diff.views import Surroundings
from bot.engine.prefilter.terms import PrefilterTerm
from bot.engine.report_json import decode, encode
from bot.engine.survey import Survey, SurveyedFile
from bot.inventory import store
from bot.recovery.plan import Asked
from bot.storage import codec
from bot.tracker import record
from bot.tracker.record import TrackerRecord

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RANGE = Range(start=1, end=5, line=1, column=2, end_line=1, end_column=6)
FIXED = Finding(
    migration="m",
    path="a/b.py",
    range=RANGE,
    kind=Kind.CALL,
    symbol="a.b.old",
    message="Use new.",
    applicability=Applicability.SAFE,
    fix=Fix(edits=(Edit(start=1, end=5, text="new\ud800é"),), applicability=Applicability.SAFE),
    critical=True,
)
LEFT = Finding(
    migration="m",
    path="a/b.py",
    range=RANGE,
    kind=Kind.STRING_REFERENCE,
    symbol="a.b.old",
    message="é",
    reason="no",
    reason_code="stored-on-self",
    ignored="later",
)
REPORTS: list[tuple[FileReport, bytes]] = [
    (
        Scanned(path="a/b.py", findings=(FIXED, LEFT), missing_modules=frozenset({"z.y", "a.b"})),
        (
            rb'{"type": "Scanned", "path": "a/b.py", "findings": [{"migration": "m", "path": "a/b.py", "range":'
            rb' {"start": 1, "end": 5, "line": 1, "column": 2, "end_line": 1, "end_column": 6}, "kind": "call",'
            rb' "symbol": "a.b.old", "message": "Use new.", "applicability": "safe", "reason": null, "reason_co'
            rb'de": null, "fix": {"edits": [{"start": 1, "end": 5, "text": "new\ud800\u00e9"}], "applicability"'
            rb': "safe"}, "critical": true, "ignored": null}, {"migration": "m", "path": "a/b.py", "range": {"s'
            rb'tart": 1, "end": 5, "line": 1, "column": 2, "end_line": 1, "end_column": 6}, "kind": "string-ref'
            rb'erence", "symbol": "a.b.old", "message": "\u00e9", "applicability": "display-only", "reason": "n'
            rb'o", "reason_code": "stored-on-self", "fix": null, "critical": false, "ignored": "later"}], "want'
            rb'ed": ["a.b", "z.y"]}'
        ),
    ),
    (Scanned(path="c.py"), rb'{"type": "Scanned", "path": "c.py", "findings": [], "wanted": []}'),
    (
        Failed(path="d.py", line=3, message="bad", hits=(1, 9)),
        rb'{"type": "Failed", "path": "d.py", "line": 3, "message": "bad", "hits": [1, 9]}',
    ),
    (
        Failed(path="d.py", line=3, message="bad"),
        rb'{"type": "Failed", "path": "d.py", "line": 3, "message": "bad", "hits": []}',
    ),
    (Skipped(path="e\udcff.py", reason="too big"), rb'{"type": "Skipped", "path": "e\udcff.py", "reason": "too big"}'),
]
SURVEY = Survey(
    commit=Sha("a" * 40),
    names=frozenset({"old", "older"}),
    terms=(
        PrefilterTerm(
            package="p",
            names=frozenset({"old", "older"}),
            modules=frozenset({"m"}),
            opening_words=frozenset({"p", "src/"}),
        ),
    ),
    import_words={"x.py": {"p": frozenset({"q", "r"})}},
    roots=("src", "lib"),
    blobs={"a/b.py": Sha("b" * 40), "c.py": Sha("c" * 40)},
    files={
        "a/b.py": SurveyedFile(report=REPORTS[0][0], looked=frozenset({"x.py", "a/b.py"}), gives=frozenset({"old"})),
        "d.py": SurveyedFile(report=REPORTS[2][0]),
        "e\udcff.py": SurveyedFile(report=REPORTS[4][0]),
    },
)
STORED_SURVEY = (
    rb'{"commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","names":["old","older"],"clues":[{"package"'
    rb':"p","names":["old","older"],"modules":["m"],"gates":["p","src/"]}],"ways":{"x.py":{"p":["q","r"'
    rb']}},"roots":["src","lib"],"blobs":{"a/b.py":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","c.py":"c'
    rb'ccccccccccccccccccccccccccccccccccccccc"},"files":{"a/b.py":{"report":{"type":"Scanned","path":"'
    rb'a/b.py","findings":[{"migration":"m","path":"a/b.py","range":{"start":1,"end":5,"line":1,"column'
    rb'":2,"end_line":1,"end_column":6},"kind":"call","symbol":"a.b.old","message":"Use new.","applicab'
    rb'ility":"safe","reason":null,"reason_code":null,"fix":{"edits":[{"start":1,"end":5,"text":"new\ud'
    rb'800\u00e9"}],"applicability":"safe"},"critical":true,"ignored":null},{"migration":"m","path":"a/'
    rb'b.py","range":{"start":1,"end":5,"line":1,"column":2,"end_line":1,"end_column":6},"kind":"string'
    rb'-reference","symbol":"a.b.old","message":"\u00e9","applicability":"display-only","reason":"no","'
    rb'reason_code":"stored-on-self","fix":null,"critical":false,"ignored":"later"}],"wanted":["a.b","z'
    rb'.y"]},"looked":["a/b.py","x.py"],"gives":["old"]},"d.py":{"report":{"type":"Failed","path":"d.py'
    rb'","line":3,"message":"bad","hits":[1,9]},"looked":[],"gives":[]},"e\udcff.py":{"report":{"type":'
    rb'"Skipped","path":"e\udcff.py","reason":"too big"},"looked":[],"gives":[]}}}'
)
TRACKER = TrackerRecord(
    written=True,
    last=Snapshot(commit=Sha("a" * 40), at=AT, usages={"a/b.py": 2, "c.py": 1}),
    before=Snapshot(
        commit=Sha("b" * 40), at=datetime(2026, 1, 1, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=2))), usages={}
    ),
    origins={
        "a/b.py": Origin(commit=Sha("c" * 40), author="ann", pull=7),
        "c.py": Origin(commit=Sha("d" * 40)),
    },
    seen=frozenset({"c.py", "a/b.py"}),
    history=(Point(at=AT, commit=Sha("a" * 40), usages=3),),
    page="https://github.com/acme/app/issues/7",
)
TRACKERS: list[tuple[TrackerRecord, bytes]] = [
    (
        TRACKER,
        (
            rb'{"written": true, "last": {"commit": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "at": "2026-01-'
            rb'02T03:04:05+00:00", "usages": {"a/b.py": 2, "c.py": 1}}, "before": {"commit": "bbbbbbbbbbbbbbbbb'
            rb'bbbbbbbbbbbbbbbbbbbbbbb", "at": "2026-01-01T03:04:05.678901+02:00", "usages": {}}, "origins": {"'
            rb'a/b.py": ["cccccccccccccccccccccccccccccccccccccccc", "ann", 7], "c.py": ["ddddddddddddddddddddd'
            rb'ddddddddddddddddddd", "", null]}, "seen": ["a/b.py", "c.py"], "page": "https://github.com/acme/a'
            rb'pp/issues/7", "history": [["2026-01-02T03:04:05+00:00", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
            rb'a", 3]]}'
        ),
    ),
    (
        TrackerRecord(),
        (
            rb'{"written": false, "last": null, "before": null, "origins": {}, "seen": [], "page": "", "history'
            rb'": []}'
        ),
    ),
]
ASKED: list[tuple[Asked, bytes]] = [
    (Asked(times=2, at=AT), rb'{"times": 2, "at": "2026-01-02T03:04:05+00:00"}'),
    (Asked(times=1, at=AT.replace(microsecond=5)), rb'{"times": 1, "at": "2026-01-02T03:04:05.000005+00:00"}'),
]


@pytest.mark.parametrize(("report", "stored"), REPORTS)
def test_a_report(report: FileReport, stored: bytes) -> None:
    assert decode(json.loads(stored)) == report
    assert json.loads(json.dumps(encode(report))) == json.loads(stored)


def test_a_survey() -> None:
    assert store._survey_of(STORED_SURVEY) == SURVEY
    assert json.loads(codec.dump(store._stored(SURVEY))) == json.loads(STORED_SURVEY)


def test_the_brief_of_a_survey() -> None:
    brief = Surroundings(names=frozenset({"old", "older"}), roots=("src",), paths=frozenset({"a.py"}))
    stored = b'{"commit":"c1","names":["old","older"],"roots":["src"],"paths":["a.py"],"looked":{}}'
    assert store._brief_of(stored) == (Sha("c1"), brief)
    made = store._StoredBrief(
        commit=Sha("c1"), names=brief.names, roots=brief.roots, paths=frozenset({"a.py"}), looked={}
    )
    assert codec.dump(made) == stored


@pytest.mark.parametrize(("known", "stored"), TRACKERS)
def test_a_tracked_migration(known: TrackerRecord, stored: bytes) -> None:
    assert record._decode(stored) == known
    assert json.loads(record._encode(known)) == {**json.loads(stored), "damaged": False}  # older rows lack that key


def test_a_tracked_migration_whose_section_is_damaged() -> None:
    known = TrackerRecord(written=True, damaged=True)
    assert record._decode(record._encode(known)) == known


@pytest.mark.parametrize(("asked", "stored"), ASKED)
def test_a_request_for_a_redelivery(asked: Asked, stored: bytes) -> None:
    assert codec.load(stored, Asked) == asked
    assert json.loads(codec.dump(asked)) == json.loads(stored)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"times": 1}',
        b'{"times": "1", "at": "2026-01-02T03:04:05Z"}',
        b"\xff",
        b'{"at": "\\ud800", "times": 1}',
    ],
)
def test_what_is_damaged_is_a_value_error(damaged: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whichever: the caller tells them not apart
        codec.load(damaged, Asked)


@pytest.mark.parametrize(
    "change",
    [{"files": {"a.py": {"report": {}, "looked": [], "gives": []}}}, {"blobs": []}, {"clues": [{}]}, {"commit": None}],
)
def test_a_damaged_survey_is_a_value_error(change: dict[str, object]) -> None:
    with pytest.raises((ValueError, KeyError)):
        store._survey_of(json.dumps(json.loads(STORED_SURVEY) | change).encode())
