"""A comment is found again on the next push by its usage's fingerprint."""

import pytest

from tests.engine.diff.engine import change, new_in


def fingerprint_of(base: bytes | None, head: bytes, path: str = "app/a.py", base_path: str | None = None) -> list[str]:
    return [new.fingerprint for new in new_in(change(base, head, path, base_path))]


PUSH = b"from pkg.old import dep\ndef f(ctx):\n    x = dep(ctx)\n    y = dep()\n"
PRIOR = b"from pkg.old import dep\n"


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(b"# more\n\n" + PUSH, id="moved down"),
        pytest.param(PUSH.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(PUSH.replace(b"dep(ctx)", b"dep(\n        ctx,\n    )"), id="reflowed"),
        pytest.param(PUSH.replace(b"    ", b"  "), id="re-indented"),
        pytest.param(PUSH.replace(b"    x", b"    if ctx:\n        x"), id="wrapped"),
        pytest.param(PUSH.replace(b"import dep", b"import dep as d").replace(b" dep(", b" d("), id="aliased"),
        pytest.param(PUSH.replace(b"def f", b"def g(ctx):\n    x = None\ndef f"), id="neighbour added"),
    ],
)
def test_a_fingerprint_outlives_the_next_push(later: bytes) -> None:
    found = fingerprint_of(PRIOR, PUSH)
    assert [len(each) for each in found] == [16, 16]
    assert len(set(found)) == 2
    assert fingerprint_of(PRIOR, later) == found


def test_a_fingerprint_outlives_a_rename_within_the_pull_request() -> None:
    assert fingerprint_of(PRIOR, PUSH, "app/b.py", "app/a.py") == fingerprint_of(PRIOR, PUSH)


def test_equal_statements_have_fingerprints_of_their_own() -> None:
    found = fingerprint_of(PRIOR, PRIOR + b"dep()\ndep()\ndef f():\n    dep()\n")
    assert len(set(found)) == 3


def test_fixing_one_of_two_equal_usages_leaves_the_other_its_fingerprint() -> None:
    both = fingerprint_of(PRIOR, PRIOR + b"def f():\n    x = dep()\ndef g():\n    x = dep()\n")
    assert fingerprint_of(PRIOR, PRIOR + b"def g():\n    x = dep()\n") == both[1:]


def test_two_files_of_one_base_have_fingerprints_of_their_own() -> None:
    copies = [change(PRIOR, PUSH), change(PRIOR, PUSH, "app/b.py", "app/a.py")]
    assert len({new.fingerprint for new in new_in(*copies)}) == 4
