"""What the configuration takes for a pattern, the engine compiles."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.config.patterns import check_bound, check_match, check_reading, check_replace, variables
from bot.engine.rewrite.compiling import compile_pattern, compile_reading, compile_template

MATCHES = [
    "$deprecated",
    "$deprecated()",
    "await $deprecated()($context)",
    "$deprecated($a, $*rest, key=$b, **$c)",
    "$deprecated($*args, $**kwargs)",
    "[$deprecated, $*rest]",
    "$deprecated($x).version[0]",
    "$deprecated('$x', \"it's\", f'{1}')",
    "$deprecated(f'{{$x}} ${1}', rf'{2:{3}} $y')",
    "lambda: $deprecated",
    "$größe + $deprecated()",
    "(\n$deprecated\n)",
    "with $deprecated($a, $*rest) as $v:",
    "async with $deprecated() as ($a, [$b, $c]):",
    "with $deprecated:",
    "for $k, $v in $deprecated($g).items():",
    "async for $x.y in $deprecated():",
    "@$deprecated($*args, **$more)",
    "@$deprecated",
    "$x.attr = $deprecated($v)",
    "$x[$k] += $deprecated($v)",
    "$größe = $deprecated()",
    "return $deprecated($x)",
    "raise $deprecated($x) from $y",
    "assert $deprecated($x), $y",
]
REFUSED = [
    ("", 0),
    ("f($x)", 0),
    ("$deprecated +", 0),
    ("$deprecated(f'{$x}')", 15),
    ("$deprecated(x, Rf'''{{ {1}{2:{$*y}}''')", 30),
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
    ("with $deprecated() as $v", 24),
    ("with $deprecated() as $v: pass", 30),
    ("with f() as $v:", 0),
    ("with f() as $deprecated:", 0),
    ("with $deprecated() as $deprecated:", 0),
    ("$deprecated = $deprecated()", 0),
    ("with $deprecated(), $other:", 0),
    ("with $deprecated() as $*v:", 22),
    ("with $deprecated($*x, $*y) as $v:", 17),
    ("with $deprecated(x.$y):", 19),
    ("for $x in $deprecated(): $x", 27),
    ("@$deprecated\n@$other", 0),
    ("$x = $y = $deprecated()", 3),
    ("$x.$attr = $deprecated()", 3),
    ("import $deprecated", 0),
    ("del $deprecated", 0),
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
STATEMENTS = st.builds(
    lambda form, value, target: form.format(value, target),
    st.sampled_from(
        ["{0}", "with {0} as {1}:", "with {0}:", "for {1} in {0}:", "async for {1} in {0}:", "@{0}", "{1} = {0}",
         "{1} += {0}", "return {0}", "raise {0}", "assert {0}, {1}"]
    ),
    EXPRESSIONS,
    st.sampled_from(["$x", "$y", "$x.a", "$x[0]", "$x, $y", "[$y]", "z", "$deprecated", "$canonical", "$*x"]),
)  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map("".join), EXPRESSIONS, STATEMENTS)


@settings(derandomize=True, max_examples=600, deadline=None)
@given(TEXTS)
@example("$deprecatedé")
def test_what_is_taken_compiles(text: str) -> None:
    if check_match(text) is None:
        compile_pattern(text)
    if check_replace(text) is None:
        compile_template(text)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(STATEMENTS, STATEMENTS)
@example("$deprecated($x, $*x)", "$x")
@example("with $deprecated() as $v:", "with $canonical($v) as $v:")
@example("$x = $deprecated()", "$canonical()")
def test_what_is_bound_compiles_together(match: str, replace: str) -> None:
    if check_match(match) is None and check_replace(replace) is None and check_bound(match, replace) is None:
        compile_template(replace, compile_pattern(match))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(STATEMENTS, EXPRESSIONS, st.none() | EXPRESSIONS)
@example("with $deprecated() as $x:", "$x.a($y)", "$x.b($y)")
@example("for $x, $y in $deprecated():", "$x.a($y)", None)
@example("for $x in $deprecated():", "$x.a($deprecated)", None)
def test_what_may_be_read_compiles(match: str, reading: str, replace: str | None) -> None:
    if check_match(match) is None and check_reading(match, reading, replace) is None:
        found = compile_reading(reading, replace, compile_pattern(match).variables)
        assert found.variable in variables(match)


@pytest.mark.parametrize(
    ("match", "reading", "replace"),
    [
        pytest.param("with $deprecated() as $v:", "$v.rows", None, id="stays"),
        pytest.param("with $deprecated() as $v:", "$v", None, id="itself"),
        pytest.param("for $k, $v in $deprecated():", "$k.a[$v2]", "$canonical($k, $v2)", id="of two"),
    ],
)
def test_an_entry_of_reads_is_taken(match: str, reading: str, replace: str | None) -> None:
    assert check_reading(match, reading, replace) is None


@pytest.mark.parametrize(
    ("match", "reading", "replace", "problem"),
    [
        pytest.param("$deprecated()", "$v.rows", None, (True, 0), id="no variable"),
        pytest.param("with $deprecated() as $v:", "v.rows", None, (True, 0), id="not of it"),
        pytest.param("for $k, $v in $deprecated():", "$k.a($v)", None, (True, 0), id="of both"),
        pytest.param("with $deprecated() as $v:", "return $v", None, (True, 0), id="a statement"),
        pytest.param("with $deprecated() as $v:", "$v.a($canonical)", None, (True, 5), id="canonical"),
        pytest.param("with $deprecated() as $v:", "$v.a($deprecated)", None, (True, 5), id="deprecated"),
        pytest.param("with $deprecated() as $v:", "$v.a()", "$v.b($x)", (False, 5), id="not captured"),
    ],
)
def test_an_entry_of_reads_is_refused(match: str, reading: str, replace: str | None, problem: tuple[bool, int]) -> None:
    found = check_reading(match, reading, replace)
    assert found is not None
    assert found[:2] == problem
