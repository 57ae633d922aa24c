"""Puts back what an older version wrote: its data directory, and its words at the sandbox GitHub."""

import asyncio
import itertools
import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.sandbox import Repo, Sandbox
from bot.sandbox.model import (
    Anchor,
    CheckRun,
    CheckSuite,
    Comment,
    Issue,
    IssueEdit,
    PullRequest,
    Reaction,
    Review,
    ReviewComment,
    ReviewThread,
)
from bot.sandbox.people import Role, User
from bot.sandbox.world import World

DATA = Path(__file__).parent / "data"
FILES = ("ssot", "records", "ledger")
_FIRST_FREE_ID = 100_000
Obj = dict[str, Any]


def directory(path: Path) -> Path:
    """A data directory as the old server left it."""
    path.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        restore(name, path / f"{name}.db")
    return path


def restore(name: str, path: Path) -> None:
    """One database, as it was dumped."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((DATA / f"{name}.sql").read_text())


def rows(name: str, query: str) -> list[Any]:
    """What the query finds in a dumped database."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript((DATA / f"{name}.sql").read_text())
        return connection.execute(query).fetchall()


async def repository(github: Sandbox) -> Repo:
    """The repository with all that was written there; the ids are those that the old bot signed for."""
    stored = json.loads((DATA / "github.json").read_text().replace("http://github.test", github.url))
    there = stored["repository"]
    repo = await github.repo(there["full_name"])
    assert (repo.id, github.installation(repo).id) == (there["id"], there["installation"])
    await _bring_history(repo, stored["refs"])
    repo.record.verified |= set(stored["verified"])
    newest = max(each["at"] for issue in stored["issues"] for each in (issue, *issue["comments"]))
    _Restored(github.world, repo, newest).all(stored)
    github.world.ids = itertools.count(_FIRST_FREE_ID)
    return repo


async def _bring_history(repo: Repo, refs: dict[str, str]) -> None:
    command = ("git", "--git-dir", str(repo.record.git.path), "fast-import", "--quiet", "--force")
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
    await process.communicate((DATA / "service.fast-export").read_bytes())
    await repo.record.git.reread_refs()
    assert repo.record.git.refs == refs


class _Restored:
    """Makes the sandbox's records; nothing of it is told by webhooks.

    The newest was made just now, and the others as long before it as they were: old commands are not obeyed.
    """

    def __init__(self, world: World, repo: Repo, newest: str) -> None:
        self._world, self._repo = world, repo.record
        self._later = world.now() - datetime.fromisoformat(newest)

    def _at(self, text: str) -> datetime:
        return datetime.fromisoformat(text) + self._later

    def all(self, stored: Obj) -> None:
        for login, user in stored["users"].items():
            self._user(login, user)
        for issue in stored["issues"]:
            self._issue(issue)
        for run in stored["check_runs"]:
            self._check_run(run)

    def _user(self, login: str, stored: Obj) -> None:
        number = stored["id"]
        made = User(id=number, login=login, type=stored["type"], token=f"ghp_{number:036d}")
        user = self._world.users.setdefault(login.lower(), made)
        assert user.id == number
        user.role = Role(stored["role"]) if stored["role"] else None

    def _who(self, login: str) -> User:
        return self._world.users[login.lower()]

    def _written(self, stored: Obj) -> Obj:
        """What issues and comments have in common."""
        author, at = self._who(stored["author"]), self._at(stored["at"])
        return {"id": stored["id"], "author": author, "body": stored["body"], "created_at": at, "updated_at": at}

    def _via_app(self, author: User) -> Obj:
        return {"via_app": self._world.app if author is self._world.app.bot else None}

    def _issue(self, stored: Obj) -> None:
        written = self._written(stored)
        issue = Issue(
            repo=self._repo, number=stored["number"], title=stored["title"], **written,
            **self._via_app(written["author"]),
        )  # fmt: skip
        issue.edits = [
            IssueEdit(editor=self._who(e["editor"]), at=self._at(e["at"]), body=e["body"]) for e in stored["edits"]
        ]
        self._repo.issues[issue.number] = issue
        for comment in stored["comments"]:
            self._comment(issue, comment)
        if pull := stored.get("pull"):
            self._pull(issue, pull)
        else:
            self._world.register("I", issue)

    def _comment(self, issue: Issue, stored: Obj) -> None:
        written = self._written(stored)
        comment = Comment(issue=issue, **written, **self._via_app(written["author"]), reactions=self._reactions(stored))
        issue.comments.append(comment)
        self._world.comments[comment.id] = comment
        self._world.register("IC", comment)

    def _reactions(self, stored: Obj) -> list[Reaction]:
        at = self._at(stored["at"])
        given = enumerate(stored["reactions"])
        return [Reaction(id=n, user=self._who(login), content=what, created_at=at) for n, (login, what) in given]

    def _pull(self, issue: Issue, stored: Obj) -> None:
        pull = PullRequest(
            issue=issue, head_repo=self._repo, head_owner=self._repo.owner, maintainer_can_modify=False,
            **{name: stored[name] for name in ("id", "base_ref", "base_sha", "head_ref", "head_sha", "draft")},
            past_heads=stored["past_heads"],
        )  # fmt: skip
        issue.pull = pull
        self._world.nodes[f"PR_{issue.id}"] = pull
        for review in stored["reviews"]:
            self._review(pull, review)
        for thread in stored["threads"]:
            self._thread(pull, thread)

    def _review(self, pull: PullRequest, stored: Obj) -> None:
        same = {name: stored[name] for name in ("id", "body", "state", "commit_id")}
        author, at = self._who(stored["author"]), self._at(stored["at"])
        review = Review(pull=pull, author=author, submitted_at=at, **same)
        pull.reviews.append(review)
        self._world.register("PRR", review)

    def _thread(self, pull: PullRequest, stored: Obj) -> None:
        original = Anchor(**stored["original"])
        thread = ReviewThread(
            pull=pull, original=original, current=stored["current"] and Anchor(**stored["current"]),
            **{name: stored[name] for name in ("id", "path", "original_commit", "diff_hunk", "commit")},
        )  # fmt: skip
        if by := stored["resolved_by"]:
            thread.resolved_by = self._who(by)
        pull.threads.append(thread)
        self._world.register("PRRT", thread)
        for each in stored["comments"]:
            review = next((review for review in pull.reviews if review.id == each["review"]), None)
            comment = ReviewComment(
                thread=thread, review=review, in_reply_to=each["in_reply_to"], **self._written(each),
                reactions=self._reactions(each),
            )  # fmt: skip
            thread.comments.append(comment)
            self._world.review_comments[comment.id] = comment
            self._world.register("PRRC", comment)

    def _check_run(self, stored: Obj) -> None:
        at, sha = self._at(stored["at"]), stored["head_sha"]
        known = (suite for suite in self._repo.suites if suite.id == stored["suite"]["id"])
        suite = next(known, None) or CheckSuite(
            repo=self._repo, app=self._world.app, head_sha=sha, created_at=at, updated_at=at, **stored["suite"]
        )
        if suite not in self._repo.suites:
            self._repo.suites.append(suite)
        same = {name: value for name, value in stored.items() if name not in ("suite", "at")}
        done = at if stored["status"] == "completed" else None
        self._repo.check_runs[stored["id"]] = CheckRun(suite=suite, started_at=at, completed_at=done, **same)
