"""What changes together: imports, bindings and usages, and who keeps an import alive."""

import pytest

from bot.domain.finding import Finding
from bot.domain.migration import Applicability, Migration, Target
from tests.engine.rewrite.tools import PATH, factory, rewrite, scan

IMPORT, CANONICAL = "from old.mod import f\n", "from new.mod import G\n"
UNUSED = "def a():\n    x = f()\n    return 1\n"
UNUSED_GONE = "def a():\n    return 1\n"
PROBED = "def b():\n    x = f()\n    return x is None\n"
PROBED_GONE = "def b():\n    x = G\n    return x is None\n"
REVIEWED = "def c(d):\n    return f().make(d)\n"
REVIEWED_GONE = "def c(d):\n    return G(context=d)\n"
STUCK = "def e():\n    return f()\n"

MIXED = [
    pytest.param(UNUSED, UNUSED_GONE, UNUSED_GONE, id="all safe: the import goes"),
    pytest.param(UNUSED + STUCK, IMPORT + UNUSED_GONE + STUCK, None, id="one is stuck: the import stays"),
    pytest.param(
        PROBED + STUCK, IMPORT + CANONICAL + PROBED_GONE + STUCK, None, id="one is stuck: the successor comes beside it"
    ),
    pytest.param(
        PROBED + REVIEWED,
        IMPORT + CANONICAL + PROBED_GONE + REVIEWED,
        CANONICAL + PROBED_GONE + REVIEWED_GONE,
        id="the last one takes the import with it",
    ),
    pytest.param(REVIEWED, IMPORT + REVIEWED, CANONICAL + REVIEWED_GONE, id="nothing is safe"),
    pytest.param(STUCK, IMPORT + STUCK, None, id="nothing can be done"),
]


@pytest.mark.parametrize(("body", "safe", "unsafe"), MIXED)
def test_all_or_nothing(body: str, safe: str, unsafe: str | None) -> None:
    assert rewrite(IMPORT + body, factory()).text == safe
    assert rewrite(IMPORT + body, factory(), unsafe=True).text == (safe if unsafe is None else unsafe)


def test_findings_of_a_group_carry_the_same_fix() -> None:
    findings = rewrite(IMPORT + UNUSED + PROBED, factory()).findings
    assert len(findings) == 3
    assert len({finding.fix for finding in findings}) == 1


def test_a_smaller_fix_is_part_of_the_larger_one() -> None:
    found = {finding.range.line: finding for finding in rewrite(IMPORT + PROBED + REVIEWED, factory()).findings}
    probed, reviewed = found[3].fix, found[6].fix
    assert probed is not None
    assert reviewed is not None
    assert probed.applicability is Applicability.SAFE
    assert reviewed.applicability is Applicability.UNSAFE
    assert set(probed.edits) < set(reviewed.edits)


NAMES = [
    pytest.param("from old.mod import f, k\n", "from old.mod import k\n", id="first"),
    pytest.param("from old.mod import k, f\n", "from old.mod import k\n", id="last"),
    pytest.param("from old.mod import k, f, z\n", "from old.mod import k, z\n", id="between"),
    pytest.param("from old.mod import (\n    k,\n    f,\n)\n", "from old.mod import (\n    k,\n)\n", id="own line"),
    pytest.param("from old.mod import (\n    k,\n    f\n)\n", "from old.mod import (\n    k,\n)\n", id="no last comma"),
    pytest.param("from old.mod import (k,\n    f)\n", "from old.mod import (k)\n", id="closed on its line"),
    pytest.param(
        "from old.mod import (\n    k, f,\n    z,\n)\n", "from old.mod import (\n    k,\n    z,\n)\n", id="shares"
    ),
    pytest.param(
        "from old.mod import (\n    # of k\n    k,  # k\n    # of f\n    f,  # f\n    z,  # z\n)\n",
        "from old.mod import (\n    # of k\n    k,  # k\n    # of f\n    z,  # z\n)\n",
        id="comments of the neighbours",
    ),
    pytest.param("from old.mod import k, \\\n    f\n", "from old.mod import k\n", id="backslash before"),
    pytest.param("from old.mod import f, \\\n    k\n", "from old.mod import k\n", id="backslash behind"),
    pytest.param("import os; from old.mod import f\n", "import os\n", id="behind a semicolon"),
    pytest.param("from old.mod import f; import os\n", "import os\n", id="before a semicolon"),
    pytest.param("from old.mod import f\n", "", id="alone"),
    pytest.param("if a:\n    from old.mod import f\n", "if a:\n    pass\n", id="alone in its block"),
    pytest.param("if a: from old.mod import f\n", "if a: pass\n", id="alone behind its header"),
]


@pytest.mark.parametrize(("before", "after"), NAMES)
def test_an_unused_import_loses_that_name_only(before: str, after: str) -> None:
    assert rewrite(before, factory()).text == after
    crlf = before.replace("\n", "\r\n").encode()
    assert rewrite(crlf, factory()).after == after.replace("\n", "\r\n").encode()


KEPT = [
    pytest.param("from old.mod import f\n", "app/__init__.py", {}, "re-exported", id="a package's face"),
    pytest.param("from old.mod import f as f\n", PATH, {}, "re-exported", id="as itself"),
    pytest.param("from old.mod import f\n__all__ = ['f']\n", PATH, {}, "re-exported", id="listed"),
    pytest.param("from old.mod import f  # noqa: F401\n", PATH, {}, "kept-on-purpose", id="kept by a comment"),
    pytest.param(
        "try:\n    from old.mod import f\n    HAVE = True\nexcept ImportError:\n    HAVE = False\n",
        PATH,
        {},
        "import-probed",
        id="watched by a try",
    ),
    pytest.param(
        "from old.mod import f\n", PATH, {"o.py": "from app.x import f\n"}, "re-exported", id="imported from here"
    ),
    pytest.param("from old.mod import f\n", PATH, {"o.py": "p('app.x.f')\n"}, "re-exported", id="patched here"),
    pytest.param("f = None\nfrom old.mod import f\n", PATH, {}, "fallback-import", id="bound twice"),
    pytest.param("class A:\n    from old.mod import f\n", PATH, {}, "scope-escapes", id="a class attribute"),
]


@pytest.mark.parametrize(("source", "path", "files", "code"), KEPT)
def test_an_import_that_others_may_need_is_not_removed(
    source: str, path: str, files: dict[str, str], code: str
) -> None:
    found = rewrite(source, factory(), path=path, files=files)
    assert found.text == source
    assert code in found.codes


def test_an_entry_of_all_goes_with_its_import_and_only_on_demand() -> None:
    before = "from old.mod import f\n\n__all__ = [\n    'a',\n    'f',  # old\n]\na = 1\n"
    assert rewrite(before, factory()).text == before
    assert rewrite(before, factory(), unsafe=True).text == "__all__ = [\n    'a',\n]\na = 1\n"


def test_an_entry_of_all_stays_while_the_name_is_used() -> None:
    before = f"{IMPORT}__all__ = ['f']\n{STUCK}"
    found = rewrite(before, factory(), unsafe=True)
    assert found.text == before
    assert found.codes.count("still-used") == 2


def test_a_patched_name_keeps_its_usages() -> None:
    body = "def t(m):\n    m.setattr('app.x.f', None)\n    x = f()\n"
    found = rewrite(IMPORT + body + UNUSED, factory())
    assert found.text == IMPORT + body + UNUSED_GONE
    assert "monkeypatched" in found.codes


def test_a_watched_import_is_replaced_in_its_try() -> None:
    head, tail = "try:\n    from old.mod import f\n", "except ImportError:\n    HAVE = False\n"
    found = rewrite(
        f"def a():\n  {head}    x = f()\n    HAVE = x is not None\n  {tail}".replace("\n  e", "\n  e"), factory()
    )
    assert "from new.mod import G" in found.text
    assert "HAVE = x is not None" in found.text


def test_two_migrations_share_a_statement() -> None:
    one = factory()
    two = Migration(name="n", drop_in=True, targets=(Target(name="old.mod.k", canonical="new.mod.k"),))
    source = b"from old.mod import f, k\nk()\n"
    from bot.domain.finding import Scanned
    from bot.engine.program.index import Index
    from bot.engine.rewrite import apply_fixes
    from bot.engine.scan import scan_file

    report = scan_file(source, PATH, [one, two], Index.build([(PATH, source)]))
    assert isinstance(report, Scanned)
    assert apply_fixes(source, report.findings).decode() == "from new.mod import k\nk()\n"


def test_an_ignored_usage_is_left_alone() -> None:
    source = b"from old.mod import f  # ssot: ignore[m] it has to stay\n"
    findings: tuple[Finding, ...] = scan(source, factory(), PATH, {PATH: source})
    from bot.engine.rewrite import apply_fixes

    assert [finding.ignored for finding in findings] == ["it has to stay"]
    assert apply_fixes(source, findings, unsafe=True) == source
