import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.identity.markers import MarkerKeys, read, read_trailer, write, write_trailer

KEYS = MarkerKeys.derive([b"a secret of some length"])
PLACE = "77/pull/7"
FINGERPRINT = "0123456789abcdef"


@given(st.lists(st.from_regex(r"[0-9a-f]{16}", fullmatch=True), min_size=1, max_size=50), st.text())
def test_reading_what_was_written_gives_it_back(values: list[str], around: str) -> None:
    body = around + write(KEYS, PLACE, "fp", values) + around
    assert list(read(KEYS, PLACE, "fp", body)) == values


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "nothing there"),
        (f"<!-- ssot:fp={FINGERPRINT} -->", "unsigned"),
        (f"<!-- ssot:fp={FINGERPRINT} sig={'0' * 32} -->", "made up"),
        (write(KEYS, "77/pull/8", "fp", [FINGERPRINT]), "copied from another pull request"),
        (write(KEYS, PLACE, "summary", [FINGERPRINT]), "another kind"),
        (write(MarkerKeys.derive([b"another secret, also long"]), PLACE, "fp", [FINGERPRINT]), "another App's"),
        (write(KEYS, PLACE, "fp", [FINGERPRINT]).replace("0123", "3210"), "altered"),
        ("<!-- ssot:fp= sig= -->", "empty"),
    ],
)
def test_what_the_app_did_not_write_here_is_not_believed(body: str, why: str) -> None:
    assert read(KEYS, PLACE, "fp", body) == (), why


def test_a_marker_outlives_the_rotation_of_the_secret() -> None:
    rotated = MarkerKeys.derive([b"the new secret, long too", b"a secret of some length"])
    assert read(rotated, PLACE, "fp", write(KEYS, PLACE, "fp", [FINGERPRINT])) == (FINGERPRINT,)


def test_no_secret_no_keys() -> None:
    with pytest.raises(ValueError, match="at least one secret"):
        MarkerKeys.derive([])


@pytest.mark.parametrize("value", ["-->", "x y", "", "A", "<"])
def test_a_value_cannot_end_the_comment(value: str) -> None:
    with pytest.raises(ValueError, match="not a valid marker"):
        write(KEYS, PLACE, "fp", [value])


def test_keys_do_not_show_in_a_repr() -> None:
    assert KEYS.keys[0].hex() not in repr(KEYS)
    assert repr(KEYS.keys[0]) not in repr(KEYS)


@given(st.lists(st.from_regex(r"[0-9a-z.:-]{1,20}", fullmatch=True), min_size=1, max_size=5), st.text())
def test_a_trailer_is_found_in_its_message(values: list[str], around: str) -> None:
    message = f"{around}\n\n{write_trailer(KEYS, PLACE, 'command', values)}\n"
    assert list(read_trailer(KEYS, PLACE, "command", message)) == values
    assert read_trailer(KEYS, "77/pull/8", "command", message) == ()
    assert read_trailer(KEYS, PLACE, "other", message) == ()


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Ssot-Command: 1,1,1",
        f"Ssot-Command: 1,1,1 sig={'0' * 32}",
        "x" + write_trailer(KEYS, PLACE, "command", ["1"]),
    ],
)
def test_what_is_no_trailer_of_ours_is_text(message: str) -> None:
    assert read_trailer(KEYS, PLACE, "command", message) == ()


def test_a_trailer_holds_no_line_break() -> None:
    with pytest.raises(ValueError, match="not a valid trailer"):
        write_trailer(KEYS, PLACE, "command", ["1\nFixes #1"])
