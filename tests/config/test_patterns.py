"""What the configuration takes for a pattern, the engine compiles."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.config.patterns import check_bound, check_match, check_replace
from bot.engine.rewrite.patterns import compile_pattern, compile_template

MATCHES = [
    "$deprecated",
    "$deprecated()",
    "await $deprecated()($context)",
    "$deprecated($a, $*rest, key=$b, **$c)",
    "$deprecated($*args, $**kwargs)",
    "[$deprecated, $*rest]",
    "$deprecated($x).version[0]",
    "$deprecated('$x', \"it's\", f'{1}')",
    "lambda: $deprecated",
    "$größe + $deprecated()",
    "(\n$deprecated\n)",
]
REFUSED = [
    ("", 0),
    ("f($x)", 0),
    ("$deprecated +", 0),
    ("$deprecated; 1", 11),
    ("x.$deprecated", 2),
    ("f($x=$deprecated)", 2),
    ("$deprecated + $*x", 14),
    ("$deprecated($*x, $*y)", 12),
    ("$deprecated($**x, $**y)", 13),
    ("lambda $x: $deprecated", 7),
    ("$deprecated.$y", 12),
    ("$*deprecated", 0),
    ("[$x for $x in $deprecated]", 0),
    ("$deprecated(ǃx)", 12),
    ("$deprecated" + "+1" * 300, 0),
    (" $deprecated", 0),
    ("$", 0),
    ("$1", 0),
    ("f($deprecatedé)", 0),
    ("$deprecated($ﬁ)", 12),
    ("$deprecated($x, $*x)", 16),
    ("$deprecated($*a, b=$a)", 19),
]


@pytest.mark.parametrize("text", MATCHES)
def test_a_match_is_taken_by_both(text: str) -> None:
    assert check_match(text) is None
    assert compile_pattern(text).text == text


@pytest.mark.parametrize(("text", "offset"), REFUSED, ids=[text[:30] for text, _ in REFUSED])
def test_a_match_is_refused_at_its_place(text: str, offset: int) -> None:
    problem = check_match(text)
    assert problem is not None
    assert problem[0] == offset


PIECES = st.sampled_from(
    [
        *"()[]{},.=+a1:' *\"\\é\n",
        "$deprecated",
        "$canonical",
        "$x",
        "$*x",
        "$**x",
        "await ",
        "lambda ",
        " for ",
        "f'",
        "ǃ",
    ]
)
EXPRESSIONS = st.recursive(
    st.sampled_from(["$deprecated", "$x", "$*x", "$**x", "$*y", "a", "'$s'"]),
    lambda inner: st.builds(
        lambda head, parts, form: form.format(head, ", ".join(parts)),
        inner,
        st.lists(inner, max_size=3),
        st.sampled_from(["{0}({1})", "[{0}, {1}]", "{0}.a({1})", "await {0}({1})", "({1}, {0})", "f(k={0}, *{0})"]),
    ),
    max_leaves=8,
)
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map("".join), EXPRESSIONS)


@settings(derandomize=True, max_examples=600, deadline=None)
@given(TEXTS)
@example("$deprecatedé")
def test_what_is_taken_compiles(text: str) -> None:
    if check_match(text) is None:
        compile_pattern(text)
    if check_replace(text) is None:
        compile_template(text)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(EXPRESSIONS, EXPRESSIONS)
@example("$deprecated($x, $*x)", "$x")
def test_what_is_bound_compiles_together(match: str, replace: str) -> None:
    if check_match(match) is None and check_replace(replace) is None and check_bound(match, replace) is None:
        compile_template(replace, compile_pattern(match))
