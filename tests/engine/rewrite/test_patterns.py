"""The pattern language: what parses, what does not and where, and what a match becomes."""

import pytest

from bot.domain.migration import Migration, Rewrite, Target
from bot.engine.rewrite import PatternError, compile_pattern, compile_template
from tests.engine.rewrite.tools import SAFE, pattern, rewrite


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("$deprecated", {"deprecated"}),
        ("await $deprecated().make($context)", {"deprecated", "context"}),
        (
            "$deprecated($first, $*rest, k=$k, **$more, $**others)",
            {"deprecated", "first", "rest", "k", "more", "others"},
        ),
        ("$deprecated('$5', \"$x\")", {"deprecated"}),
        ("[$*before, $deprecated]", {"before", "deprecated"}),
    ],
)
def test_metavariables(text: str, names: set[str]) -> None:
    assert compile_pattern(text).names == names


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        pytest.param("$deprecated(", 11, id="syntax"),
        pytest.param("é + $deprecated(]", 16, id="syntax behind a wide character"),
        pytest.param("$deprecated($)", 12, id="no name"),
        pytest.param("f($x)", 0, id="nothing deprecated"),
        pytest.param("$deprecated($canonical)", 12, id="canonical"),
        pytest.param("$deprecated.$member", 12, id="a member's name"),
        pytest.param("$deprecated($label=1)", 12, id="a label"),
        pytest.param("$deprecated + $*rest", 14, id="a rest outside a list"),
        pytest.param("$deprecated($*a, $*b)", 12, id="two rests"),
        pytest.param("$deprecated(ǃ)", 12, id="a reserved character"),
        pytest.param("(" * 60 + "$deprecated" + ")" * 60, 50, id="too deep"),
    ],
)
def test_a_bad_pattern_says_where(text: str, offset: int) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(text)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("match", "replace", "offset"),
    [
        pytest.param("$deprecated($a)", "$canonical($b)", 11, id="unbound"),
        pytest.param("$deprecated($a)", "$deprecated($a, 1)", 0, id="deprecated again"),
        pytest.param("$deprecated($a)", "$canonical($*a)", 11, id="a rest of one"),
    ],
)
def test_a_bad_template_says_where(match: str, replace: str, offset: int) -> None:
    with pytest.raises(PatternError) as caught:
        compile_template(replace, compile_pattern(match))
    assert caught.value.offset == offset


CALLS = [
    pytest.param(
        "$deprecated($*a, $**k)",
        "$canonical($*a, mode=1, $**k)",
        "f(1, *a, k=2, **kw)",
        "g(1, *a, mode=1, k=2, **kw)",
        id="rests",
    ),
    pytest.param(
        "$deprecated($*a, $**k)", "$canonical($*a, mode=1, $**k)", "f()", "g(mode=1)", id="empty rests leave no comma"
    ),
    pytest.param("$deprecated($*a, $**k)", "$canonical($*a, $**k)", "f(k=1)", "g(k=1)", id="one empty rest"),
    pytest.param("$deprecated($*a)", "$canonical($*a)", "f(1,)", "g(1,)", id="a trailing comma stays"),
    pytest.param("$deprecated($a, $*r)", "$canonical($*r, $a)", "f(1, 2, 3)", "g(2, 3, 1)", id="reordered"),
    pytest.param(
        "$deprecated(x=$x, y=$y)", "$canonical($x, why=$y)", "f(y=2, x=1)", "g(1, why=2)", id="keywords in any order"
    ),
    pytest.param("$deprecated($x, debug=$d)", "$canonical($x)", "f(1, debug=True)", "g(1)", id="dropped"),
    pytest.param("$deprecated($a).build($b).done", "$canonical($a, $b)", "f(1).build(2).done", "g(1, 2)", id="chain"),
    pytest.param("$deprecated($x, $x)", "$canonical($x)", "f(a, a)", "g(a)", id="the same twice"),
    pytest.param("$deprecated($a)", "$canonical(x=$a)", "f(f(f(1)))", "g(x=g(x=g(x=1)))", id="nested"),
    pytest.param(
        "$deprecated($a, b=$b)", "$canonical($b, $a)", "f(f(1, b=2), b=3)", "g(3, g(2, 1))", id="nested and reordered"
    ),
    pytest.param(
        "$deprecated($a)", "$canonical(items=$a)", "f(x for x in y)", "g(items=(x for x in y))", id="generator"
    ),
    pytest.param("$deprecated($a)", "$a.g + $canonical", "f(a or b)", "(a or b).g + g", id="precedence"),
    pytest.param("$deprecated($a)", "$a.g + $canonical", "f(1)", "(1).g + g", id="number with a member"),
    pytest.param("$deprecated($a)", "$a + $canonical", "-f(1)", "-(1 + g)", id="the whole as an operand"),
    pytest.param("$deprecated($a)", "$a + $canonical", "f(1).z", "(1 + g).z", id="the whole with a member"),
    pytest.param(
        "$deprecated($a, $b)", "$canonical($a * 2, $b)", "f((a + 1), b)", "g((a + 1) * 2, b)", id="its own parentheses"
    ),
    pytest.param(
        "$deprecated($a)",
        "$canonical(x=$a)",
        "f(\n    # lead\n    [\n  1,  # one\n    ],  # tail\n)",
        "g(\n    # lead\n    x=[\n  1,  # one\n    ],  # tail\n)",
        id="lines and comments stay",
    ),
    pytest.param(
        "$deprecated($a, $b)",
        "$canonical($b, $a)",
        "f(\n    [\n  1,\n    ], 2)",
        "g(2, [\n  1,\n    ])",
        id="moved lines are not indented again",
    ),
    pytest.param("$deprecated($a).b", "$canonical($a)", "(f(1)\n  .b)", "(g(1)\n  )", id="a chain over lines"),
    pytest.param("$deprecated($x)", "$canonical(x=$x)", "print(f'{f(1)}')", "print(f'{g(x=1)}')", id="f-string"),
    pytest.param("$deprecated[$x]", "$canonical[$x, None]", "f[1]", "g[1, None]", id="subscript"),
    pytest.param(
        "$deprecated('$x', $y)", "$canonical('$y', $y)", "f('$x', 1)", "g('$y', 1)", id="a dollar in a string"
    ),
    pytest.param("$deprecated[$a]", "$a | $canonical", "x: f[\n  a\n]", "x: (a\n | g)", id="lines without brackets"),
    pytest.param(
        "$deprecated[$a, $b]",
        "$a | $b | $canonical",
        "x = f[\n  a,\n  b\n]",
        "x = (a |\n  b\n | g)",
        id="lines between operands",
    ),
    pytest.param(
        "$deprecated[$a]", "$a | $canonical", "x = [f[\n  a\n]]", "x = [a\n | g]", id="lines in other brackets"
    ),
    pytest.param("$deprecated($x)", "$canonical(\n  $x,\n)", "f(1)", "g(\n  1,\n)", id="lines in the template"),
]


@pytest.mark.parametrize(("match", "replace", "before", "after"), CALLS)
def test_a_match_becomes_its_template(match: str, replace: str, before: str, after: str) -> None:
    found = rewrite(f"from old.mod import f\n{before}\n", pattern(match, replace))
    assert found.text == f"from new.mod import g\n{after}\n"


MISSES = [
    pytest.param("$deprecated()", "f(1)", id="an argument too many"),
    pytest.param("$deprecated($x)", "f()", id="an argument too few"),
    pytest.param("$deprecated($x)", "f(*x)", id="a starred argument is not one"),
    pytest.param("$deprecated($x)", "f(x=1)", id="a label that the pattern lacks"),
    pytest.param("$deprecated(x=$x)", "f(**x)", id="a label that may be in the rest"),
    pytest.param("$deprecated(x=$x)", "f(x=1, y=2)", id="a label more"),
    pytest.param("$deprecated($x)($y)", "f(1)", id="called once"),
    pytest.param("$deprecated($x, $x)", "f(a, b)", id="not the same"),
    pytest.param("await $deprecated($x)", "f(1)", id="not awaited"),
    pytest.param("$deprecated($x).a", "f(1).b", id="another member"),
    pytest.param("$deprecated(1)", "f(True)", id="equal is not the same"),
]


@pytest.mark.parametrize(("match", "before"), MISSES)
def test_what_does_not_fit_is_left_alone(match: str, before: str) -> None:
    source = f"from old.mod import f\n{before}\n"
    found = rewrite(source, pattern(match, "$canonical"))
    assert found.text == source
    assert None not in found.codes


@pytest.mark.parametrize(
    ("match", "replace", "before", "code"),
    [
        ("$deprecated($a, $b)", "$canonical($b, $a)", "f(x(), y())", "evaluation-order"),
        ("$deprecated($a, $b)", "$canonical($a)", "f(1, y())", "side-effects"),
        ("$deprecated($a)", "$canonical($a, $a)", "f(y())", "side-effects"),
        ("$deprecated($a, $b)", "$canonical($a)", "f(\n  1,  # one\n  2,  # two\n)", "comment-lost"),
    ],
)
def test_what_may_change_behaviour_is_offered_for_review(match: str, replace: str, before: str, code: str) -> None:
    source = f"from old.mod import f\n{before}\n"
    assert rewrite(source, pattern(match, replace)).text == source
    found = rewrite(source, pattern(match, replace), unsafe=True)
    assert found.text != source
    assert set(found.codes) == {code}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "from datetime import timezone\nfrom new.mod import g\ng(timezone.utc)\n", id="brought in"),
        pytest.param(
            "import datetime\n", "import datetime\nfrom new.mod import g\ng(datetime.timezone.utc)\n", id="reused"
        ),
        pytest.param("timezone = 1\n", None, id="taken: another name"),
    ],
)
def test_what_a_template_needs_is_imported(before: str, after: str | None) -> None:
    rule = pattern("$deprecated()", "$canonical(timezone.utc)", "datetime.timezone")
    found = rewrite(f"{before}from old.mod import f\nf()\n", rule)
    missing_modules = (
        "from datetime import timezone as canonical_timezone\nfrom new.mod import g\ng(canonical_timezone.utc)\n"
    )
    assert found.text == (after if after is not None else before + missing_modules)


@pytest.mark.parametrize(
    ("head", "argument", "fits"),
    [
        pytest.param("import lib\n", "lib.K", True, id="as it is written"),
        pytest.param("from lib import K\n", "K", True, id="by its name"),
        pytest.param("from lib import K as k\n", "k", True, id="by an alias"),
        pytest.param("import lib as l\n", "l.K", True, id="by an alias of the module"),
        pytest.param("from other import K\n", "K", False, id="a homonym"),
        pytest.param("from lib import K\nK = 1\n", "K", False, id="bound again"),
        pytest.param("K = 1\n", "K", False, id="a variable"),
    ],
)
def test_a_dotted_name_in_a_pattern_is_a_name_not_a_text(head: str, argument: str, fits: bool) -> None:
    found = rewrite(f"from old.mod import f\n{head}f({argument})\n", pattern("$deprecated(lib.K)", "$canonical()"))
    assert (found.text.endswith("\ng()\n")) is fits


@pytest.mark.parametrize("after", ["", ";", "\n"])
def test_a_result_at_the_end_of_the_file_has_nothing_behind_it(after: str) -> None:
    found = rewrite(f"from old.mod import f\nf(y){after}", pattern("$deprecated($x)", "$x"))
    assert found.text == f"y{after}"


def test_a_result_at_the_start_of_the_file_has_nothing_before_it() -> None:
    rule = Rewrite(match="$deprecated($x)", replace="$x.again()", applicability=SAFE)
    migration = Migration(name="m", targets=(Target(name="builtins.reload"),), rewrites=(rule,))
    assert rewrite("reload(a)\n", migration).text == "a.again()\n"
