"""For which Pythons a file is, and what that allows in an f-string."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.domain.migration import Config
from bot.engine.program.index import Index
from bot.engine.program.pythons import UNSAID, Version, oldest_for, oldest_python
from bot.local.files import list_files
from bot.local.program import with_program
from tests.engine.rewrite.tools import drop_in, pattern, rewrite

TOML, CFG, SETUP = "pyproject.toml", "setup.cfg", "setup.py"
SAID: Mapping[str, tuple[str, str, Version | None]] = {
    "toml": (TOML, '[project]\nname = "x"\nrequires-python = ">=3.12"\n', (3, 12)),
    "two bounds": (TOML, '[project]\nrequires-python = "<4, >=3.9,!=3.10.*"\n', (3, 9)),
    "compatible": (TOML, '[project]\nrequires-python = "~=3.12"\n', (3, 12)),
    "equal": (TOML, '[project]\nrequires-python = "==3.13.*"\n', (3, 13)),
    "greater": (TOML, '[project]\nrequires-python = ">3.11"\n', (3, 11)),
    "a third component": (TOML, '[project]\nrequires-python = ">=3.12.1"\n', (3, 12)),
    "no lower bound": (TOML, '[project]\nrequires-python = "<4"\n', UNSAID),
    "excluded only": (TOML, '[project]\nrequires-python = "!=3.12"\n', UNSAID),
    "a major version": (TOML, '[project]\nrequires-python = ">=3"\n', (3, 0)),
    "nonsense": (TOML, '[project]\nrequires-python = "new"\n', UNSAID),
    "no string": (TOML, "[project]\nrequires-python = 3.12\n", UNSAID),
    "not said": (TOML, '[project]\nname = "x"\n', UNSAID),
    "poetry": (TOML, '[tool.poetry.dependencies]\npython = "^3.12"\n', (3, 12)),
    "poetry's alternatives": (TOML, '[tool.poetry.dependencies]\npython = "^3.12 || ^3.9"\n', UNSAID),
    "poetry without": (TOML, '[tool.poetry]\nname = "x"\n', UNSAID),
    "tools only": (TOML, "[tool.ruff]\nline-length = 1\n", None),
    "broken toml": (TOML, "[project\n", None),
    "no text": (TOML, "\udcff", None),
    "empty": (TOML, "", None),
    "cfg": (CFG, "[metadata]\nname = x\n[options]\npython_requires = >=3.12\n", (3, 12)),
    "cfg without": (CFG, "[metadata]\nname = x\n", UNSAID),
    "cfg of tools": (CFG, "[flake8]\nmax-line-length = 1\n", None),
    "broken cfg": (CFG, "x\n", None),
    "setup": (SETUP, "from setuptools import setup\nsetup(python_requires='>=3.12')\n", (3, 12)),
    "setup by its module": (SETUP, "import setuptools\nsetuptools.setup(python_requires='>=3.12')\n", (3, 12)),
    "setup with a name": (SETUP, "NEED = '>=3.12'\nsetup(python_requires=NEED)\n", (3, 12)),
    "setup that computes": (SETUP, "setup(python_requires=need())\n", UNSAID),
    "setup without": (SETUP, "setup(name='x')\n", UNSAID),
    "broken setup": (SETUP, "setup(\n", None),
}


@pytest.mark.parametrize(("path", "text", "oldest"), SAID.values(), ids=SAID)
def test_what_a_project_file_says(path: str, text: str, oldest: Version | None) -> None:
    assert oldest_python(f"sub/{path}", text.encode("utf-8", "surrogateescape")) == oldest


NEW, OLD = (f"[project]\nrequires-python = '>=3.{n}'\n" for n in (12, 9))
TOOLS = "[tool.ruff]\nline-length = 1\n"
NEAREST: Mapping[str, tuple[Mapping[str, str], Version]] = {
    "none": ({}, UNSAID),
    "at the top": ({TOML: NEW}, (3, 12)),
    "the nearest": ({TOML: NEW, f"app/{TOML}": OLD}, (3, 9)),
    "beside it": ({TOML: NEW, f"other/{TOML}": OLD}, (3, 12)),
    "with the settings of tools between": ({TOML: NEW, f"app/{TOML}": "[tool.ruff]\n"}, (3, 12)),
    "one that does not say": ({TOML: NEW, f"app/{TOML}": "[project]\n"}, UNSAID),
    "said by another file beside": ({TOML: "[project]\n", CFG: "[options]\npython_requires = >=3.12\n"}, (3, 12)),
}


@pytest.mark.parametrize(("files", "oldest"), NEAREST.values(), ids=NEAREST)
def test_the_nearest_project_counts(files: Mapping[str, str], oldest: Version) -> None:
    index = Index.build((path, text.encode()) for path, text in {**files, "app/x.py": ""}.items())
    assert oldest_for(index, "app/x.py") == oldest


@pytest.mark.parametrize("below", ["", "app"])
def test_the_command_line_reads_it_whatever_part_of_the_tree_is_listed(tmp_path: Path, below: str) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/x.py").write_text("x = 1\n")
    (tmp_path / TOML).write_text(NEW)
    listing, sources = list_files(tmp_path, below), {"app/x.py": b"x = 1\n"}
    config = Config(migrations=(drop_in("old.mod.f", "new.mod.g"),))
    index = with_program(tmp_path, listing, sources, config, Index(dict(sources)), 1)
    assert oldest_for(index, "app/x.py") == (3, 12)


RULE = pattern("$deprecated($x)", """g("it's", $x)""", "new.mod.g")
SOURCE = 'from old.mod import f\n\nprint(f"{f(1)}", f(2))\n'
CAREFUL = """print(f"{f(1)}", g("it's", 2))\n"""


def result(project: str | None) -> str:
    return rewrite(SOURCE, RULE, files={TOML: project} if project else {}).text


@pytest.mark.parametrize("project", [None, OLD, TOOLS])
def test_for_old_pythons_the_place_stays_and_the_rest_of_the_file_does_not(project: str | None) -> None:
    assert result(project).endswith(CAREFUL)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="this Python cannot read the result")
def test_for_new_ones_quotes_may_be_nested() -> None:
    assert result(NEW).endswith("""print(f"{g("it's", 1)}", g("it's", 2))\n""")


def test_what_this_python_cannot_read_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 11, 0))
    assert result(NEW).endswith(CAREFUL)
