"""What tests and the demo hold in their hands: repositories, pull requests, issues, as people use them.

Each method does what a person would do in the browser or with git, with the same consequences as over the API.
Attributes show the present state; records (reviews, check runs, threads) are those of :mod:`bot.sandbox.model`.
"""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bot.sandbox import git, renaming, talking
from bot.sandbox.model import Comment, Issue
from bot.sandbox.people import User
from bot.sandbox.world import World

if TYPE_CHECKING:
    from bot.sandbox.repo_handle import Repo


class Files(Mapping[str, bytes]):
    """The files of one commit, read by git when they are looked at.  A symbolic link's content is its target."""

    def __init__(self, repository: Path, sha: str) -> None:
        self._repository, self.sha = repository, sha
        self._modes: dict[str, str] | None = None

    def _git(self, *arguments: str) -> bytes:
        command = ["git", "--git-dir", str(self._repository), *arguments]
        return subprocess.run(command, capture_output=True, check=True, env=dict(git.ENVIRONMENT)).stdout  # noqa: S603 - no shell, our own arguments

    @property
    def modes(self) -> dict[str, str]:
        """Path → mode (``100644``, ``100755``, ``120000``, ``160000``)."""
        if self._modes is None:
            entries = self._git("ls-tree", "-r", "-z", self.sha).decode(errors="surrogateescape").split("\0")[:-1]
            self._modes = {path: meta.split()[0] for meta, _, path in (entry.partition("\t") for entry in entries)}
        return self._modes

    def __getitem__(self, path: str) -> bytes:
        if path not in self.modes:
            raise KeyError(path)
        return self._git("cat-file", "blob", f"{self.sha}:{path}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.modes)

    def __len__(self) -> int:
        return len(self.modes)


class CommentHandle:
    """A comment in a conversation."""

    def __init__(self, world: World, record: Comment) -> None:
        self._world, self.record = world, record

    def __repr__(self) -> str:
        return f"<comment {self.record.id} by {self.record.author.login}: {self.record.body[:60]!r}>"

    @property
    def id(self) -> int:
        return self.record.id

    @property
    def body(self) -> str:
        return self.record.body

    @property
    def author(self) -> str:
        return self.record.author.login

    @property
    def reactions(self) -> list[str]:
        """The contents, in the order in which they were given."""
        return [reaction.content for reaction in self.record.reactions]

    async def edit(self, body: str, *, by: User) -> None:
        async with self._world.writing:
            talking.edit_comment(self._world, self.record, body, by)

    async def delete(self, *, by: User) -> None:
        async with self._world.writing:
            talking.delete_comment(self._world, self.record, by)

    async def react(self, content: str, *, by: User) -> None:
        async with self._world.writing:
            talking.react(self._world, self.record, content, by)


class Conversation:
    """What issues and pull requests have in common."""

    def __init__(self, world: World, repo: "Repo", issue: Issue) -> None:
        self._world, self.repo, self.issue = world, repo, issue

    @property
    def number(self) -> int:
        return self.issue.number

    @property
    def title(self) -> str:
        return self.issue.title

    @property
    def body(self) -> str:
        """The empty string when there is none."""
        return self.issue.body or ""

    @property
    def state(self) -> str:
        """``open`` or ``closed``."""
        return self.issue.state

    @property
    def author(self) -> str:
        return self.issue.author.login

    @property
    def labels(self) -> list[str]:
        return [label.name for label in self.issue.labels]

    @property
    def comments(self) -> list[CommentHandle]:
        return [CommentHandle(self._world, record) for record in self.issue.comments]

    @property
    def last_comment(self) -> CommentHandle:
        return self.comments[-1]

    async def comment(self, body: str, *, by: User | None = None) -> CommentHandle:
        """Comment, as the default person unless somebody is named."""
        async with self._world.writing:
            record = talking.comment(self._world, self.issue, body, by or self.repo.person)
        return CommentHandle(self._world, record)

    def lock(self, reason: str | None = None) -> None:
        """From now on only those who can write may comment."""
        self.issue.locked, self.issue.lock_reason = True, reason

    def unlock(self) -> None:
        self.issue.locked, self.issue.lock_reason = False, None


class IssueHandle(Conversation):
    """An issue."""

    def __repr__(self) -> str:
        return f"<issue {self.repo.full_name}#{self.number} {self.title!r}>"

    async def edit(self, *, title: str | None = None, body: str | None = None, by: User | None = None) -> None:
        async with self._world.writing:
            talking.edit_issue(self._world, self.issue, by or self.repo.person, title=title, body=body)

    async def close(self, *, by: User | None = None, reason: str = "completed") -> None:
        async with self._world.writing:
            talking.set_state(self._world, self.issue, "closed", by or self.repo.person, reason=reason)

    async def reopen(self, *, by: User | None = None) -> None:
        async with self._world.writing:
            talking.set_state(self._world, self.issue, "open", by or self.repo.person)

    async def add_sub_issue(self, child: "IssueHandle", *, by: User | None = None) -> None:
        """Also one of another repository."""
        async with self._world.writing:
            talking.add_sub_issue(self._world, self.issue, child.issue, by or self.repo.person)

    async def remove_sub_issue(self, child: "IssueHandle", *, by: User | None = None) -> None:
        async with self._world.writing:
            talking.remove_sub_issue(self._world, child.issue, by or self.repo.person)

    async def transfer(self, to: "Repo", *, by: User | None = None) -> "IssueHandle":
        """Into another repository, under a new number; the API leads there from here."""
        async with self._world.writing:
            moved = renaming.transfer_issue(self._world, self.issue, to.record, by or self.repo.person)
        return IssueHandle(self._world, to, moved)

    def delete(self, *, transferred: bool = False) -> None:
        """From now on the API answers 410, or 404 when it was transferred to where nobody who asks may read."""
        self.issue.gone = 404 if transferred else 410
