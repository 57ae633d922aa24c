"""A tracked migration played against the history of a repository: is the tracker true at every commit?

    python benchmarks/history.py REPOSITORY FIRST LAST [--body FILE] [--sample N]

REPOSITORY is a git directory; the commits are FIRST's, those that change how often a deprecated name stands in Python
files, and every Nth besides.  At each of them the survey that is brought up to date has to equal one that is made
again; the section has to show its figures; boxes have to follow the evidence; nothing but boxes and the section may
change in the body; a second update may change nothing.  Exits with 1 when one of it does not hold.
"""

import argparse
import asyncio
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from bot.config import load
from bot.domain.finding import FileReport, Scanned
from bot.domain.migration import Config, Migration
from bot.domain.references import Sha
from bot.domain.tracked import NotKnown, TrackedFacts, usages_of
from bot.engine.prefilter.terms import ImportWords, Prefilter, PrefilterTerm
from bot.engine.program.facts import Facts
from bot.engine.program.presence import definition_files, definitions
from bot.engine.program.sought import Sought
from bot.engine.survey import Survey, leaves, of_interest
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.places import MarkerPlace
from bot.inventory.commit_sources import Caught
from bot.inventory.program import facts_of as program_facts
from bot.inventory.survey import survey_fresh, update
from bot.tracker.checklist.section import Owner
from bot.tracker.checklist.update import update as update_body
from bot.tracker.models import Changed, Conflict, Holds, Missing
from bot.tracker.record import TrackerRecord
from bot.tracker.render.section import section

T = TypeVar("T")

_ELSEWHERE = NotKnown(why="only GitHub knows")
_SECTION = MarkerKind.TRACKER_BEGIN.opening


class Git:
    """Objects of a repository, through one process that stays."""

    def __init__(self, directory: Path) -> None:
        self._command = ["git", "--git-dir", str(directory)]
        self._batch = subprocess.Popen(
            [*self._command, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._found: dict[tuple[Sha, str, tuple[PrefilterTerm, ...]], tuple[bool, ImportWords]] = {}

    def run(self, *arguments: str) -> str:
        done = subprocess.run([*self._command, *arguments], capture_output=True, check=True)
        return done.stdout.decode("utf-8", "surrogateescape")

    def blob(self, sha: Sha) -> bytes | None:
        """The content; ``None`` where the copy of the repository lacks it."""
        if self._batch.stdin is None or self._batch.stdout is None:
            raise RuntimeError("no pipes")
        self._batch.stdin.write(f"{sha}\n".encode())
        self._batch.stdin.flush()
        header = self._batch.stdout.readline().split()
        if header[1] == b"missing":
            return None
        content = self._batch.stdout.read(int(header[2]))
        self._batch.stdout.read(1)
        return content

    def look(self, sha: Sha, path: str, terms: tuple[PrefilterTerm, ...]) -> tuple[bool, ImportWords]:
        """What the prefilter terms see in a blob at a path.  Content never changes, so each is read once."""
        key = (sha, path, terms)
        if key not in self._found:
            content = self.blob(sha) or b""
            self._found[key] = Prefilter(terms).look(path, content, len(content))
        return self._found[key]


@dataclass(frozen=True)
class Commit:
    """The files of one commit, as :class:`bot.inventory.survey.Sources`."""

    git: Git
    commit: Sha
    passed_over: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def tree(self) -> Mapping[str, tuple[str, Sha]]:
        listed = self.git.run("ls-tree", "-rz", self.commit).split("\0")[:-1]
        entries = (entry.partition("\t") for entry in listed)
        return {path: (meta.split()[0], Sha(meta.split()[2])) for meta, _, path in entries}

    @cached_property
    def blobs(self) -> Mapping[str, Sha]:
        regular = ("100644", "100755")
        return {path: sha for path, (mode, sha) in self.tree.items() if mode in regular and of_interest(path)}

    @cached_property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.git.run("log", "-1", "--format=%cI", self.commit).strip()).astimezone(UTC)

    async def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        found = {path: self.git.blob(self.blobs[path]) for path in paths if path in self.blobs}
        return {path: content for path, content in found.items() if content is not None}

    async def search(self, terms: Sequence[PrefilterTerm], paths: Iterable[str]) -> Caught:
        known = tuple(terms)
        looked = {path: self.git.look(self.blobs[path], path, known) for path in paths if path in self.blobs}
        files = await self.read(path for path, (hit, _) in looked.items() if hit)
        return Caught(
            files=files, import_words={path: import_words for path, (_, import_words) in looked.items() if import_words}
        )

    async def facts(self, looked_for: Sought, paths: Iterable[str]) -> Mapping[str, Facts]:
        return await program_facts(each, await self.read(paths), looked_for)


async def each(function: Callable[..., T], files: Iterable[tuple[str, bytes]], *args: object) -> list[T]:
    return [function(source, path, *args) for path, source in files]


@dataclass
class Played:
    """What was seen."""

    commits: int = 0
    updated: int = 0
    fresh: int = 0
    ticked: Counter[str] = field(default_factory=Counter)
    cleared: Counter[str] = field(default_factory=Counter)
    usages: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: {"up to date": 0.0, "fresh": 0.0})

    def hold(self, commit: Sha, what: str, holds: bool) -> None:
        if not holds:
            self.faults.append(f"{commit[:9]}: {what}")


def answers(survey: Survey) -> dict[str, FileReport]:
    return {r.path: replace(r, missing_modules=frozenset()) if isinstance(r, Scanned) else r for r in survey.reports}


def facts_of(commit: Commit, survey: Survey, migration: Migration, record: TrackerRecord) -> TrackedFacts:
    requested = definition_files(migration.targets, survey.roots)
    sources = {path: commit.git.blob(commit.blobs[path]) for path in requested if path in commit.blobs}
    return TrackedFacts(
        commit=commit.commit, committed_at=commit.at, read_at=commit.at, reports=survey.reports,
        repository_url="https://github.com/acme/service", issue=migration.tracking_issue,
        definitions=definitions(migration.targets, sources, survey.roots), paths=frozenset(commit.tree),
        checks=_ELSEWHERE, deployments=_ELSEWHERE, pulls=_ELSEWHERE, issues=_ELSEWHERE, attestations=_ELSEWHERE,
        history=record.history, before=record.compared_with(commit.commit),
    )  # fmt: skip


def people(body: str) -> str:
    """What is none of the bot's: all but the boxes and the section."""
    return re.sub(r"\[[ xX]\]", "[]", body.partition(_SECTION)[0]).rstrip()


def outside(before: str, after: str) -> bool:
    """Whether nothing but single characters in boxes differs outside of the section."""
    ours, theirs = after.partition(_SECTION)[0].rstrip(), before.partition(_SECTION)[0].rstrip()
    if len(ours) != len(theirs):
        return False
    places = [n for n, pair in enumerate(zip(ours, theirs, strict=True)) if pair[0] != pair[1]]
    return all(theirs[n - 1] == "[" and theirs[n + 1] == "]" for n in places)


async def play(git: Git, commits: Sequence[str], config: Config, body: str) -> Played:
    played = Played()
    migration = config.migrations[0]
    owner = Owner(
        keys=MarkerKeys.derive([b"a secret for the benchmark"]),
        place=MarkerPlace("1/issue/506"),
        migration=migration.name,
        issue=migration.tracking_issue,
    )
    record = TrackerRecord()
    known: Survey | None = None
    for name in commits:
        commit = Commit(git, Sha(name))
        begin = time.perf_counter()
        survey = None if known is None else await update(commit, config, each, known)
        played.seconds["up to date"] += time.perf_counter() - begin
        played.updated, played.fresh = played.updated + (survey is not None), played.fresh + (survey is None)
        begin = time.perf_counter()
        fresh = await survey_fresh(Commit(git, Sha(name)), config, each)
        played.seconds["fresh"] += time.perf_counter() - begin
        known = survey or fresh
        played.hold(known.commit, "an updated survey differs from a fresh one", answers(known) == answers(fresh))
        facts = facts_of(commit, known, migration, record)
        outcome = update_body(body, migration, facts, owner, section, written=record.written)
        played.commits += 1
        played.hold(known.commit, "conflict", not isinstance(outcome, Conflict))
        if isinstance(outcome, Conflict):
            continue
        after = outcome.body if isinstance(outcome, Changed) else body
        left = len(usages_of(replace(facts, reports=fresh.reports), migration.name))
        shown = "**No usages left**" if left == 0 else f"**{left:,} usage{'s' * (left != 1)} left**"
        played.hold(known.commit, f"the section does not say {shown}", shown in after)
        played.hold(known.commit, "something outside changed", outside(body, after) and people(body) == people(after))
        again = update_body(after, migration, facts, owner, section, written=True)
        played.hold(known.commit, "a second update changes something", not isinstance(again, Changed | Conflict))
        boxes = dict(re.findall(r"^\s*- \[([ xX])\] (.*)$", after.partition(_SECTION)[0], re.MULTILINE))
        played.hold(known.commit, "no boxes", bool(boxes))
        for status in outcome.statuses:
            if isinstance(status.found, int) and isinstance(status.verdict, Holds | Missing):
                line = after.split("\n")[status.found - 1]
                ticked = re.search(r"\[[xX]\]", line) is not None
                true = isinstance(status.verdict, Holds)
                played.hold(known.commit, f"{status.item.id}: its box is not its evidence", ticked == true)
        if isinstance(outcome, Changed):
            played.ticked.update(outcome.ticked)
            played.cleared.update(outcome.cleared)
        played.usages.append(left)
        record, body = record.after(facts, migration.name), after
    return played


def chosen(git: Git, first: str, last: str, sample: int, names: Iterable[str]) -> list[str]:
    """Commits in the order of their history: the first, those that move a name, every ``sample``th, the last."""
    every = git.run("rev-list", "--topo-order", "--reverse", f"{first}..{last}").split()
    moved = {
        sha
        for name in names
        for sha in git.run("log", f"-S{name}", "--format=%H", f"{first}..{last}", "--", "*.py").split()
    }
    picked = {sha for n, sha in enumerate(every) if sha in moved or n % sample == 0 or n == len(every) - 1}
    return [git.run("rev-parse", first).strip(), *(sha for sha in every if sha in picked)]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("repository", type=Path)
    parser.add_argument("first")
    parser.add_argument("last")
    parser.add_argument("--body", type=Path, help="the tracking issue's text to begin with")
    parser.add_argument("--sample", type=int, default=60, help="every Nth commit besides (default: 60)")
    arguments = parser.parse_args()
    git, config = Git(arguments.repository), load(None)
    body = arguments.body.read_bytes().decode() if arguments.body else "- [ ] All deprecated factory calls eliminated\n"
    commits = chosen(git, arguments.first, arguments.last, arguments.sample, leaves(config))
    played = asyncio.run(play(git, commits, config, body))
    print(f"{played.commits} commits: {played.updated} brought up to date, {played.fresh} fresh")
    first, last, most, least = played.usages[0], played.usages[-1], max(played.usages), min(played.usages)
    print(f"usages: {first} first, {most} most, {least} least, {last} last")
    print(f"boxes ticked {played.ticked.total()} times, cleared {played.cleared.total()} times:")
    for item in sorted(played.ticked.keys() | played.cleared.keys()):
        print(f"  {item}: +{played.ticked[item]} -{played.cleared[item]}")
    print(", ".join(f"{what}: {seconds:.1f} s" for what, seconds in played.seconds.items()))
    for fault in played.faults:
        print(f"FAULT {fault}")
    return 1 if played.faults else 0


if __name__ == "__main__":
    sys.exit(main())
