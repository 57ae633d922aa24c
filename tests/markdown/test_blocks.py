import pytest

from bot.markdown.blocks import cell, fold, table
from bot.markdown.links import file_url, link_in_pull, linked
from bot.markdown.text import code
from tests.markdown.test_text import GFM, HOSTILE
from tests.samples import finding, pull


def test_a_table_has_its_head_its_rule_and_its_rows() -> None:
    made = table(("name", "usages", ""), [("a", "1", "new"), ("b", "", "")], numbers=(1,))
    assert made.splitlines() == [
        "| name | usages | |",
        "| --- | ---: | --- |",
        "| a | 1 | new |",
        "| b | | |",
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_is_one_cell_whatever_it_holds(text: str) -> None:
    html = GFM.render(table(("a", "b"), [(cell(code(text)), "end")]))
    assert html.count("<td>") == 2
    assert "<td>end</td>" in html


def test_what_is_folded_is_markdown_again() -> None:
    assert fold("Title", "body") == "<details><summary>Title</summary>\n\nbody\n\n</details>"
    bold = fold("Title", "body", strong=True, opened=True)
    assert bold == "<details open><summary><b>Title</b></summary>\n\nbody\n\n</details>"


def test_a_link_needs_an_address() -> None:
    assert linked("label", "https://x/") == "[label](https://x/)"
    assert linked("label", None) == "label"


@pytest.mark.parametrize("path", ["a (1)/b.py", "a[1].py", "a b.py", "é.py", "a](x).py", "a#b?.py"])
def test_no_path_ends_its_link(path: str) -> None:
    address = file_url("https://github.com/acme/app", "main", path)
    assert f'<a href="{address}">' in GFM.render(linked("file", address))
    html = GFM.render(link_in_pull(finding(path, 3), pull()))
    assert html.count("<a ") == 1
    assert html.count("#L3") == 1
