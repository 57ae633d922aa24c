"""``ssot scan --base`` and the review of a pull request with the same change find the same."""

import asyncio
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.app import open_bot
from bot.cli.demo import settings_for
from bot.config import load
from bot.context import Bot
from bot.domain.file_result import FileReview, NewFinding
from bot.domain.finding import Scanned
from bot.domain.references import PullRequestRef, Task
from bot.github import reads
from bot.github.limits import Pace
from bot.inventory.store import Surveyed
from bot.inventory.survey import survey
from bot.local.base import changes_since, new_reports, review_of
from bot.review.changes import scan_changes
from bot.sandbox import Repo, Sandbox
from bot.sandbox.content import Content, Renamed, Symlink
from tests.engine.diff.programs import BODIES, LAYOUTS, Layout, program
from tests.github.conftest import ref_of

CONFIG = load(b"""\
version: 1
migrations:
  dep:
    deprecated: [pkg.old.dep]
    canonical: pkg.new.Dep
    drop_in: true
""")
PACKAGE: Mapping[str, Content] = {
    "pkg/__init__.py": b"",
    "pkg/old.py": b"def dep(*args): ...\n",
    "pkg/new.py": b"class Dep:\n    def __init__(self, *args): ...\n",
    "pkg/facade.py": b"from pkg.old import dep as made\n",
    "pkg/longer.py": b"from pkg.facade import *\n",
    "pkg/link.py": Symlink("old.py"),
}
FACADES = [
    b"from pkg.old import dep as made\n",
    b"from .old import dep\nmade = dep\n",
    b"from pkg.old import dep, dep as other\n\n\ndef made(): ...\n",
    b"from pkg.new import Dep as made\n",
    b"",
]
USERS = [
    b"from pkg.facade import made\n\nmade()\n",
    b"from pkg import longer\n\n\ndef f():\n    return longer.made(1)\n",
    b"from ..pkg.old import dep\nfrom .b import made\n\nx = dep(made)\n",
    b"import pkg.old as o\n\n\ndef g():\n\ttry:\n\t\to.dep(\n\t\t\t'\xc3\xa9')\n\tfinally: pass\r\n",
    b"# coding: latin-1\nfrom pkg.old import dep\n\nx = '\xe9', dep()\n",
    b"from pkg.old import dep  # ssot: ignore\ndep()\n",
    b"\xef\xbb\xbffrom pkg.old import dep\r\ndep()\r\n",
    b"from pkg.old import dep\ndep(\n",
    b"from pkg.old import dep\n\x0c\ndep()",
    b"",
]
PLACES = ["app/a.py", "app/b.py", "app/c.pyi", "app/deep/a.py", "other/\xe4 b.py"]
PADDING = b"#\n" * 3_100
"""More lines than GitHub shows a patch of."""


@dataclass(frozen=True)
class Story:
    """A base branch, a change that starts from it, and what happens on it meanwhile."""

    base: Mapping[str, Content]
    change: Mapping[str, Content]
    meanwhile: Mapping[str, Content] = field(default_factory=dict)
    committed: bool = True
    """Whether the change is in a commit, or only in the work tree."""

    def below(self, folder: str) -> "Story":
        """The same in a directory of the repository, which nothing but its content shows to be a source root."""
        return Story(
            _below(folder, self.base), _below(folder, self.change), _below(folder, self.meanwhile), self.committed
        )


def _below(folder: str, files: Mapping[str, Content]) -> Mapping[str, Content]:
    moved = {path: replace(each, old=folder + each.old) if isinstance(each, Renamed) else each
             for path, each in files.items()}  # fmt: skip
    return {folder + path: each for path, each in moved.items()}


@st.composite
def stories(draw: st.DrawFn) -> Story:
    base, change = dict(PACKAGE), dict[str, Content]()
    free = list(draw(st.permutations(PLACES)))
    for path in [free.pop() for _ in range(draw(st.integers(1, 3)))]:
        bodies = draw(st.lists(BODIES, min_size=1, max_size=2))
        base[path] = old = draw(st.one_of(st.sampled_from(USERS), st.just(program(bodies, Layout()))))
        edited = draw(_edits(old, bodies))
        where = draw(st.sampled_from(["here", "moved", "copied"])) if free else "here"
        if where == "moved" and isinstance(edited, bytes):
            change[free.pop()] = Renamed(path, edited)
        elif where == "copied" and isinstance(edited, bytes):
            change[free.pop()] = edited
        elif edited != old:
            change[path] = edited
    change |= draw(_facade_changes()) | draw(st.sampled_from([{}, {"pkg/link.py": USERS[0]}]))
    meanwhile = {draw(st.sampled_from(PLACES)): draw(st.sampled_from(USERS))} if draw(st.booleans()) else {}
    story = Story(base, change, meanwhile, draw(st.booleans()))
    return story.below(draw(st.sampled_from(["", "", "server/"])))


def _edits(old: bytes, bodies: list[list[str]]) -> st.SearchStrategy[Content]:
    again = st.builds(program, st.just(bodies), LAYOUTS, st.sampled_from([None, (0, "dep()"), (0, "x = dep(1)")]))
    return st.one_of(
        again,
        again,
        st.sampled_from(USERS),
        st.just(old + b"\n\ndef late():\n    from pkg.old import dep\n\n    return dep()\n"),
        st.just(old.replace(b"\n", b"\r\n")),
        st.just(PADDING + old),
        st.just(None),
        st.just(Symlink("../pkg/old.py")),
    )


def _facade_changes() -> st.SearchStrategy[dict[str, Content]]:
    edited = st.builds(lambda text: {"pkg/facade.py": text}, st.sampled_from([*FACADES, None]))
    moved = st.builds(lambda text: {"pkg/door.py": Renamed("pkg/facade.py", text)}, st.sampled_from([None, *FACADES]))
    return st.one_of(st.just({}), edited, moved)


class Both:
    """The two ways to look at a story."""

    def __init__(self, github: Sandbox, bot: Bot) -> None:
        self.github, self.bot, self._number = github, bot, 0

    async def compare(self, story: Story, *, surveyed: bool = True) -> tuple[object, object]:
        """What the review finds, and what the command line finds in a clone.

        ``surveyed``: the base branch was looked through before, as it is for a tracking issue.
        """
        self._number += 1
        repo = await self.github.repo(f"acme/app{self._number}", files=dict(story.base))
        pull = await repo.open_pull_request(dict(story.change), head="change")
        if story.meanwhile:
            await repo.push(dict(story.meanwhile))
        ref = PullRequestRef(repo=ref_of(self.github, repo), number=pull.number)
        seen = await reads.pull_request(self.bot.github, ref)
        changed = await reads.changed_files(self.bot.github, seen)
        if surveyed:
            await survey(self.bot, Surveyed(repo=ref.repo, branch=seen.base_ref, config=CONFIG), seen.base_sha)
        reviewed = await scan_changes(self.bot, seen, CONFIG, changed)
        with cloned(repo) as root:
            if not story.committed:
                git(root, "reset", "-q", "--mixed", git(root, "merge-base", "HEAD", "origin/main"))
            changes = changes_since(root, "origin/main")
            assert not changes.unreadable
            return told(reviewed.reviews), told(review_of(root, changes.files, CONFIG))


@contextmanager
def cloned(repo: Repo) -> Iterator[Path]:
    with TemporaryDirectory() as directory:
        root = Path(directory) / "clone"
        odd = ["-c", "diff.renames=false", "-c", "diff.mnemonicPrefix=true", "-c", "color.ui=always"]
        git(Path(directory), "clone", "-qs", "-b", "change", *odd, str(repo.record.git.path), str(root))
        yield root


def git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def told(reviews: tuple[FileReview, ...]) -> dict[str, tuple[object, tuple[NewFinding, ...]]]:
    """All that is said of each file that something is said of, the words of comments and suggestions included."""
    found = {review.report.path: (_unparsed(review), review.new) for review in reviews}
    return {path: each for path, each in sorted(found.items()) if each != (None, ())}


def _unparsed(review: FileReview) -> object:
    return None if isinstance(review.report, Scanned) else review.report


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def both(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """One GitHub for all stories: each has a repository of its own."""
    stack = AsyncExitStack()

    async def opened() -> Both:
        github = await stack.enter_async_context(Sandbox())
        pace = Pace(gap=0.0, per_minute=1_000_000, per_hour=1_000_000)
        home = tmp_path_factory.mktemp("bot")
        return Both(github, await open_bot(settings_for(github, home), pace, _unsent, stack))

    yield runner.run(opened())
    runner.run(stack.aclose())


async def _unsent(task: Task) -> None:
    raise AssertionError(task)


@pytest.mark.timeout(600)  # sixty stories: half a minute where nothing else runs
@settings(derandomize=True, max_examples=60, phases=[Phase.generate])  # to shrink a story would take minutes
@given(story=stories())
def test_the_command_line_finds_what_the_review_finds(runner: asyncio.Runner, both: Both, story: Story) -> None:
    reviewed, local = runner.run(both.compare(story))
    assert local == reviewed


RELATIVE = b"from ..old import dep\nfrom ..facade import made\n\ndep()\nmade()\n"


@pytest.mark.parametrize("surveyed", [True, False], ids=["surveyed", "first"])
@pytest.mark.parametrize("folder", ["", "server/", "services/api/"])
def test_a_file_far_from_the_target_leads_to_it(
    runner: asyncio.Runner, both: Both, folder: str, surveyed: bool
) -> None:
    """Of the source root the pull request shows nothing, nor of the façade and the name that it gives to the target.

    The survey shows both, whether it was there before or the review has to make it.
    """
    story = Story(PACKAGE, {"pkg/deep/user.py": RELATIVE}).below(folder)
    reviewed, local = runner.run(both.compare(story, surveyed=surveyed))
    assert lines_of(local) == [1, 2, 4, 5]
    assert lines_of(reviewed) == [1, 2, 4, 5]


GONE: Mapping[str, Content] = {**PACKAGE, "pkg/old.py": b"def other(): ...\n"}


@pytest.mark.parametrize("base", [PACKAGE, GONE], ids=["there", "gone"])
@pytest.mark.parametrize(
    "user",
    [b"from pkg.old import dep\n\ndep()\n", b"patch('pkg.old.dep')\n", b"import pkg.old\n\npkg.old.dep()\n"],
    ids=["name", "string", "path"],
)
def test_whether_the_target_is_there_is_looked_up_by_both(
    runner: asyncio.Runner, both: Both, base: Mapping[str, Content], user: bytes
) -> None:
    """Nothing else in the change leads to the module of the target."""
    reviewed, local = runner.run(both.compare(Story(base, {"app/user.py": user})))
    assert local == reviewed != {}


def lines_of(told: object) -> list[int]:
    """The lines of the new usages of the one file that something is said of."""
    assert isinstance(told, dict)
    ((_, new),) = told.values()
    return sorted(finding.range.line for each in new for finding in (each.finding, *each.also))


USE = "from pkg.old import dep\n\n\ndef f():\n    dep()\n    return dep(1)\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with a file that uses the deprecated name, directly and by a façade."""
    git(tmp_path, "init", "-qb", "main")
    git(tmp_path, "config", "user.email", "a@b.c")
    git(tmp_path, "config", "user.name", "a")
    files = {path: data.decode() for path, data in PACKAGE.items() if isinstance(data, bytes)}
    write(tmp_path, files | {"app/a.py": USE, "app/b.py": USERS[0].decode()})
    commit(tmp_path)
    return tmp_path


def write(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "-")


def new_in(root: Path) -> list[str]:
    reports = new_reports(root, "HEAD", CONFIG)
    assert all(isinstance(report, Scanned) for report in reports)
    return [f"{f.path}:{f.range.line}:{f.kind}" for r in reports if isinstance(r, Scanned) for f in r.findings]


def test_a_file_moved_without_git_is_a_renamed_one(clone: Path) -> None:
    index = (clone / ".git" / "index").read_bytes()
    write(clone, {"app/moved.py": USE.replace("    return", "    x = dep(2)\n    return")})
    (clone / "app/a.py").unlink()
    assert new_in(clone) == ["app/moved.py:6:call"]
    assert (clone / ".git" / "index").read_bytes() == index


@pytest.mark.parametrize("facade", ["", None, "from pkg.new import Dep as made\n"], ids=["emptied", "gone", "mended"])
def test_what_the_base_used_by_its_own_facade_is_not_new(clone: Path, facade: str | None) -> None:
    """The user now imports directly what the façade gave it: the same usage by another way."""
    if facade is None:
        (clone / "pkg/facade.py").rename(clone / "pkg/door.py")
    else:
        write(clone, {"pkg/facade.py": facade})
    write(clone, {"app/b.py": "from pkg.old import dep\n\ndep()\n"})
    assert new_in(clone) == []


def test_line_ends_that_git_converts_are_no_change(clone: Path) -> None:
    write(clone, {".gitattributes": "*.py text eol=crlf\n"})
    commit(clone)
    write(clone, {"app/a.py": USE.replace("    return", "    x = dep(2)\n    return").replace("\n", "\r\n")})
    (change,) = changes_since(clone, "HEAD").files
    assert change.base == USE.replace("\n", "\r\n").encode()
    assert new_in(clone) == ["app/a.py:6:call"]


def test_a_project_below_the_repositorys_top(clone: Path) -> None:
    (clone / "project").mkdir()
    git(clone, "mv", "pkg", "app", "project")
    commit(clone)
    write(clone, {"project/app/a.py": USE + "\n\ndep(3)\n", "project/app/new.py": USE, "elsewhere.py": USE})
    assert new_in(clone / "project") == [
        "app/a.py:9:call",
        "app/new.py:1:import",
        "app/new.py:5:call",
        "app/new.py:6:call",
    ]


def test_a_repository_in_the_work_tree_is_not_ours(clone: Path) -> None:
    (clone / "vendored").mkdir()
    git(clone / "vendored", "init", "-q")
    write(clone, {"vendored/a.py": USE, "app/c.py": USE})
    assert {place.partition(":")[0] for place in new_in(clone)} == {"app/c.py"}
