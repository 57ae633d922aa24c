"""What people write in issues and CODEOWNERS files, at its worst: the time grows as the text does.

GitHub's limits are 65,536 characters for a body and 3 MB for a CODEOWNERS file.
"""

from collections.abc import Callable

import pytest

from bot.migrate.batches.codeowners import MAX_BYTES, owners_of
from bot.scanner.scanner import Scanner
from bot.tracker.checklist.tasklist import html_blocks, read
from tests.hostile.growth import grows_linearly

LARGEST = 65_536
SHAPES: dict[str, Callable[[int], str]] = {
    "a table": lambda n: ("|a" * 300 + "\n" + "|-" * 300 + "\n" + ("|a" * 300 + "\n") * (n // 600 + 1))[:n],
    "narrow tables": lambda n: ("a|b\n-\n" * n)[:n],
    "quotes": lambda n: "> " * (n // 2),
    "quoted tasks": lambda n: ("> - [ ] a\n" * n)[:n],
    "lists in quotes": lambda n: "- > " * (n // 4),
    "tasks": lambda n: ("- [ ] a\n" * n)[:n],
    "nested tasks": lambda n: ("- [ ] a\n  - [ ] b\n    - [ ] c\n" * n)[:n],
    "deep tasks": lambda n: "\n".join("  " * (i % 60) + "- [ ] a" for i in range(n // 60)),
    "two kinds of lists": lambda n: ("* a\n- a\n" * n)[:n],
    "empty items": lambda n: ("-\n" * n)[:n],
    "headings": lambda n: ("# a\n- [ ] b\n" * n)[:n],
    "underlined headings": lambda n: ("a\n=\n" * n)[:n],
    "bold lines": lambda n: ("**a**\n\n" * n)[:n],
    "references": lambda n: ("[a]: b\n" * n)[:n],
    "broken references": lambda n: ("[a\n" * n)[:n],
    "brackets": lambda n: "[" * n,
    "fences": lambda n: ("```\n" * n)[:n],
    "comments": lambda n: ("<!--\n" * n)[:n],
    "html": lambda n: ("<div>\n" * n)[:n],
    "one paragraph": lambda n: ("a\n" * n)[:n],
    "carriage returns": lambda n: "\r" * n,
    "tabs": lambda n: "\t" * n,
    "stars": lambda n: "*" * n,
}


@pytest.mark.parametrize("make", SHAPES.values(), ids=SHAPES.keys())
def test_an_issues_body(make: Callable[[int], str]) -> None:
    def work(size: int) -> None:
        body = make(size)
        read(body)
        html_blocks(body)

    assert grows_linearly(work, LARGEST)


RULES = {
    "short rules": lambda n: b"* @a\n" * (n // 5),
    "rules that differ": lambda n: b"".join(b"dir%d/ @a\n" % i for i in range(n // 13)),
    "stars": lambda n: (b"*a*" * 80 + b" @b\n") * (n // 244),
    "any depth": lambda n: (b"/**" * 60 + b"/a @x\n") * (n // 186),
    "backslashes": lambda n: b"\\" * n,
    "one word": lambda n: b"a" * n,
    "one owner after the other": lambda n: b"* " + b"@a " * (n // 3),
}


@pytest.mark.parametrize("make", RULES.values(), ids=RULES.keys())
def test_a_codeowners_file(make: Callable[[int], bytes]) -> None:
    paths = ["a" * 200, "aaa/" * 60 + "b"]
    assert grows_linearly(lambda size: owners_of(make(size), paths), MAX_BYTES // 16)


async def test_a_codeowners_file_is_read_in_a_worker_which_can_be_ended() -> None:
    """3 MB of rules that match nothing, for thousands of files: it would be minutes in the server."""
    from bot.scanner import Unscannable

    source = b"".join(b"dir%d/ @a\n" % i for i in range(200_000))
    async with Scanner(workers=1, timeout=2.0) as scanner:
        with pytest.raises(Unscannable, match="timed out"):
            await scanner.run(owners_of, source, [f"a/b{n}.py" for n in range(5_000)])
        assert await scanner.run(owners_of, b"* @a\n", ["x.py"]) == {"x.py": ("@a",)}
