"""Chains of successors go to their end at once; what is no plain link ends them."""

import pytest

from bot.config import load

LINKS = [
    pytest.param("{deprecated: {l.f: l.g, l.g: l.h}, drop_in: true}", ["l.h", "l.h"], id="two"),
    pytest.param("{deprecated: {l.f: l.g, l.g: l.h, l.h: n.i}, drop_in: true}", ["n.i"] * 3, id="three"),
    pytest.param("{deprecated: {l.f: m.g}, modules: {m: n}, drop_in: true}", ["n.g", "n"], id="through a module"),
    pytest.param("{modules: {l: m.x, m: n}, drop_in: true}", ["n.x", "n"], id="of modules"),
    pytest.param("{deprecated: {l.f: m.a.g}, modules: {m: n, m.a: o}, drop_in: true}", ["o.g", "n", "o"], id="longest"),
    pytest.param("{deprecated: {l.f: p.f}, modules: {p: p.v1}, drop_in: true}", ["p.v1.f", "p.v1"], id="below itself"),
    pytest.param("{deprecated: {l.f: p.v1.f}, modules: {p: p.v1}, drop_in: true}", ["p.v1.f", "p.v1"], id="moved"),
]
ENDS = [
    pytest.param("{deprecated: {l.f: l.g, l.g: l.h}}", ["l.g", "l.h"], id="not dropped in"),
    pytest.param("{deprecated: {l.f: l.g, l.g: null}, drop_in: true}", ["l.g", None], id="no successor"),
    pytest.param("{deprecated: {l.f: l.ga, l.g: l.h}, drop_in: true}", ["l.ga", "l.h"], id="another name"),
    pytest.param(
        "{deprecated: {l.f: l.g, l.g: l.h}, drop_in: true, "
        "rewrites: [{for: l.g, match: $deprecated(), replace: $canonical(1)}]}",
        ["l.g", "l.h"],
        id="a rule of its own",
    ),
]


@pytest.mark.parametrize(("body", "successors"), [*LINKS, *ENDS])
def test_successors(body: str, successors: list[str | None]) -> None:
    (migration,) = load(f"migrations:\n  m: {body}\n").migrations
    assert [target.canonical for target in migration.targets] == successors


def test_a_chain_goes_through_another_migration_of_the_same_paths() -> None:
    text = "migrations:\n  m: {deprecated: {l.f: l.g}, drop_in: true%s}\n  n: {deprecated: {l.g: l.h}, drop_in: true}\n"
    one, other = load(text % "").migrations
    assert (one.targets[0].canonical, other.targets[0].canonical) == ("l.h", "l.h")
    assert load(text % ", paths: {exclude: [a]}").migrations[0].targets[0].canonical == "l.g"
