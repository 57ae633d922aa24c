"""Text that is not what it looks like (CVE-2021-42574, CVE-2021-42694)."""

import pytest

from bot.engine.diff.hazards import hazards


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("if user != 'x\u202e \u2066# admin\u2069'", ["U+202E", "U+2066", "U+2069"], id="bidi"),
        pytest.param("is_ad\u200bmin", ["U+200B"], id="zero width"),
        pytest.param("a\u00adb", ["U+00AD"], id="soft hyphen"),
        pytest.param("x = '\ufeff'", ["U+FEFF"], id="byte-order mark inside"),
        pytest.param("d\u0435p()", ["U+0435"], id="Cyrillic in a Latin name"),
        pytest.param("g\u03bft", ["U+03BF"], id="Greek in a Latin name"),
        pytest.param("\U0001d428\U0001d425\U0001d41d()", ["U+1D428", "U+1D425", "U+1D41D"], id="styled letters"),
        pytest.param("\uff44ep", ["U+FF44"], id="full width"),
    ],
)
def test_is_hazardous(text: str, expected: list[str]) -> None:
    assert [each.partition(" ")[0] for each in hazards(text)] == expected


def test_the_code_point_is_named() -> None:
    assert hazards("\u202e\u202e") == ("U+202E RIGHT-TO-LEFT OVERRIDE",)


@pytest.mark.parametrize(
    "text",
    [
        "plain = dep()",
        "naïve_größe = 1",
        "имя = dep()",
        "# привет, dep() → done ✓",
        "名前 = '日本語'",
        "π = 3.14",
        "'🙂👍🏽'",
    ],
)
def test_other_languages_are_harmless(text: str) -> None:
    assert hazards(text) == ()
