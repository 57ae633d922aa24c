"""Brackets: whatever a template is made of, wherever it goes and whatever it takes in, the tree is the intended one."""

import ast
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.rewrite.lex import Token, tokens
from tests.engine.rewrite.tools import pattern, rewrite


def _each(text: str) -> list[str]:
    """What three blanks or lines part."""
    return [each.replace("⏎", "\n") for each in re.split(r"\s{3,}|\n", text) if each]


TEMPLATES = _each(
    r"""
    $a   $a + $b   $a - $b   $a * $b   $a ** $b   $a % $b   $a @ $b   $a << $b   $a & $b   $a ^ $b   $a | $b
    $a == $b   $a in $b   $a is not $b   $a < $b < c   $a and $b   $a or $b   not $a   -$a   ~$a
    $a if $b else c   c if $a else $b   c if d else $a   lambda: $a   lambda n=$a: $b   $a[$b]   $a[$b:c]
    c[$a, $b]   $a.x   $a($b)   c(*$a, **$b)   c(k=$a)   [$a, $b]   [*$a, c]   {$a: $b}   {**$a}   {$a}
    ($a, $b)   $a, $b   ($a) * c   c(($a))   [$a for c in $b]   [c for c in $a if $b]   {$a: c for c in $b}
    c($a for d in $b)   await $a   (c := $a)   d($a) + c($b)   -$a ** $b   $a or $b and c   not $a in $b
    """
)
CAPTURES = _each(
    r"""
    x   1   1.5   -1   ~x   not x   x + y   x * y   x ** y   x % y   x @ y   x << y   x & y   x ^ y   x | y
    x == y   x in y   x < y < z   x and y   x or y   x if y else z   lambda: x   lambda n: n   x.y   x[y]   x()
    's'   's' 't'   [x]   {x}   {x: y}   (x, y)   (yield x)   n := x   await x   (n for n in x)   ...   0x1f
    2j
    """
)
CONTEXTS = _each(
    r"""
    OLD   v = OLD   v += OLD   v: int = OLD   return OLD   assert OLD, x   assert x, OLD   raise OLD from x
    del x[OLD]   if OLD: pass   while OLD: pass   for i in OLD: pass   with OLD: pass   with OLD as w, x: pass
    x[OLD] = 1   @OLD⏎def h(): pass   def h(k=OLD): pass   def h(k: OLD) -> OLD: pass
    class C(OLD, metaclass=OLD): pass   match OLD:⏎ case 1 if OLD: pass   v = OLD ** x   v = x ** OLD
    v = OLD * x   v = x * OLD   v = OLD - x   v = x - OLD   v = x << OLD   v = OLD | x   v = x | OLD
    v = OLD & x   v = x ^ OLD   v = -OLD   v = not OLD   v = OLD == x   v = x == OLD   v = x < OLD < y
    v = OLD in x   v = x is OLD   v = OLD and x   v = x and OLD   v = OLD or x   v = x or OLD
    v = OLD if x else y   v = x if OLD else y   v = x if y else OLD   v = lambda: OLD   v = lambda k=OLD: k
    v = OLD.x   v = OLD[x]   v = x[OLD]   v = x[OLD:y]   v = x[y, OLD]   v = OLD(x)   h(OLD)   h(*OLD)
    h(**OLD)   h(k=OLD)   h(x, OLD)   v = [OLD, x]   v = [*OLD]   v = {OLD: x}   v = {x: OLD}   v = {**OLD}
    v = {OLD}   v = OLD, x   v = (OLD, x)   v = (OLD)   v = [OLD for i in x]   v = [i for i in OLD]
    v = [i for i in x if OLD]   v = {OLD: i for i in x}   v = h(OLD for i in x)   v = (yield OLD)
    v = await OLD   v = (k := OLD)   v = -OLD ** x   v = x if OLD else lambda: OLD   v = x;OLD;x
    v = OLD if OLD else OLD   v = x<OLD<y   v = (x)if OLD else 2   v = x or(OLD)and y
    """
)
FIELDS = _each(
    """
    f"{OLD}"   f"{OLD!r}"   f"{OLD:>9}"   f"{x:{OLD}}"   f"{x if OLD else OLD}"   f"a{{{OLD}}}b"   f"{OLD.x}"
    f"{[OLD]}"
    """
)
"""In these a string or a bare colon has to be written with care."""
HEAD = "from old.mod import f\nasync def outer(x, y, z, c, d, v):\n"


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.split("\n"))


def normal(source: str) -> str:
    """The tree as text, ``a or (b or c)`` like ``a or b or c``."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp):
            node.values = list(_flat(node))
    return ast.dump(tree)


def _flat(node: ast.BoolOp) -> Iterator[ast.expr]:
    for value in node.values:
        if isinstance(value, ast.BoolOp) and type(value.op) is type(node.op):
            yield from _flat(value)
        else:
            yield value


OWN = "n"
"""The variable of a template that has one."""


def intended(template: str, captures: dict[str, str], context: str) -> str:
    """The program with brackets around all that was put in."""
    filled = re.sub(r"\$(\w)", lambda name: f"({captures[name[1]]})", template)
    return HEAD + indented(context.replace("OLD", f"({filled})"))


def check(template: str, one: str, other: str, context: str) -> str:
    """The program after the rewrite, ``refused``, or ``impossible`` where that is right."""
    captures = {"a": one, "b": other}
    names = sorted(set(re.findall(r"\$(\w)", template)))
    call = f"f({', '.join(captures[name] for name in names)})"
    match = f"$deprecated({', '.join(f'${name}' for name in names)})"
    done = rewrite(HEAD + indented(context.replace("OLD", call)), pattern(match, template), unsafe=True)
    if done.text == done.before.decode():
        assigned = {name for name in names if re.search(rf"\b{OWN}\b *:=", captures[name])}
        if assigned and re.search(rf"\blambda {OWN}\b", template) and "name-taken" in done.codes:
            return "impossible"  # the template's variable would get the value, and not that of the function
        return "impossible" if {"not-async", "string-operand"} & {*done.codes} else "refused"
    result = done.text.replace("async def outer", "from old.mod import f\nasync def outer")
    assert normal(result) == normal(intended(template, captures, context)), done.text
    return done.text


@pytest.mark.parametrize(
    ("other", "refused"),
    [
        ("lambda n: n", False),
        ("lambda m, /, *n: n", False),
        ("[n for n in x]", False),
        ("lambda m: n", True),
        ("lambda n: (lambda m: n), n", True),
        ("lambda m=n: m", True),
        ("[m for m in n]", True),
        ("[n for n in n]", True),
    ],
)
def test_a_template_s_variable_hides_only_what_is_not_a_capture_s_own(other: str, refused: bool) -> None:
    assert (check("lambda n=$a: $b", "x", f"({other})", "OLD") == "refused") is refused


@given(
    template=st.sampled_from(TEMPLATES), one=st.sampled_from(CAPTURES), other=st.sampled_from(CAPTURES),
    context=st.sampled_from(CONTEXTS),
)  # fmt: skip
@settings(max_examples=120, derandomize=True)
def test_the_tree_is_the_intended_one(template: str, one: str, other: str, context: str) -> None:
    assert check(template, one, other, context) != "refused"


@given(template=st.sampled_from(TEMPLATES), one=st.sampled_from(CAPTURES), context=st.sampled_from(FIELDS))
@settings(max_examples=60, derandomize=True)
def test_the_tree_is_the_intended_one_in_a_field(template: str, one: str, context: str) -> None:
    assert check(template, one, "y", context) != "refused"


BARE = [each for each in CONTEXTS if not re.search(r"\W\(|or\(", each)]


@given(template=st.sampled_from(TEMPLATES[:20]), one=st.sampled_from(CAPTURES[:25]), context=st.sampled_from(BARE))
@settings(max_examples=60, derandomize=True)
def test_no_bracket_is_written_that_is_not_needed(template: str, one: str, context: str) -> None:
    text = check(template, one, "y", context)
    if text == "impossible":
        return
    for opening, closing in _pairs(text):
        bare = text[: opening.start] + " " + text[opening.end : closing.start] + " " + text[closing.end :]
        assert _tree(bare) != normal(text), text


def _pairs(text: str) -> Iterator[tuple[Token, Token]]:
    opened: list[Token] = []
    for token in tokens(text):
        if token.text == "(":
            opened.append(token)
        elif token.text == ")":
            yield opened.pop(), token


def _tree(text: str) -> str | None:
    try:
        return normal(text)
    except SyntaxError:
        return None


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_usage_in_a_usage(template: str) -> None:
    """What is captured may be a usage itself, and become something looser."""
    names = sorted(set(re.findall(r"\$(\w)", template)))
    match = f"$deprecated({', '.join(f'${name}' for name in names)})"
    inner, outer = (f"f({', '.join(each[: len(names)])})" for each in (("x", "y"), ("f(x, y)", "f(y, x)")))
    call = outer if len(names) == 2 else f"f({inner})"
    done = rewrite(HEAD + indented(f"v = {call}"), pattern(match, template), unsafe=True)

    def filled(one: str, other: str) -> str:
        return f"({re.sub(r'[$](a|b)', lambda name: {'a': one, 'b': other}[name[1]], template)})"

    expected = filled(filled("x", "y"), filled("y", "x"))
    assert normal(done.text) == normal(HEAD.split("\n")[1] + "\n" + indented(f"v = {expected}")), done.text
