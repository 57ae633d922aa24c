"""What tests and the demo hold in their hands: repositories, pull requests, issues, as people use them.

Each method does what a person would do in the browser or with git, with the same consequences as over the API.
Attributes show the present state; records (reviews, check runs, threads) are those of :mod:`bot.sandbox.model`.
"""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.sandbox import git, pulling, reviewing, talking
from bot.sandbox.content import Content
from bot.sandbox.model import (
    CheckRun,
    Comment,
    Issue,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    ReviewThread,
    Role,
    User,
)
from bot.sandbox.pushing import Actor, commit_files, move_ref, signature
from bot.sandbox.routes.checks import tell as tell_check
from bot.sandbox.shapes import commits as commit_shapes
from bot.sandbox.shapes.conversation import label as label_shape
from bot.sandbox.suggestions import apply_suggestion
from bot.sandbox.world import Event, World


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

    def delete(self, *, transferred: bool = False) -> None:
        """From now on the API answers 410, or 404 when it was transferred away."""
        self.issue.gone = 404 if transferred else 410


class PullRequestHandle(Conversation):
    """A pull request."""

    def __init__(self, world: World, repo: "Repo", pull: PullRequest) -> None:
        super().__init__(world, repo, pull.issue)
        self.record = pull

    def __repr__(self) -> str:
        return f"<pull request {self.repo.full_name}#{self.number} {self.title!r}>"

    # --- what it is -------------------------------------------------------------------------------------------

    @property
    def head(self) -> Files:
        return Files(self.record.repo.git.path, self.record.head_sha)

    @property
    def base(self) -> Files:
        return Files(self.record.repo.git.path, self.record.base_sha)

    @property
    def head_sha(self) -> str:
        return self.record.head_sha

    @property
    def head_ref(self) -> str:
        return self.record.head_ref

    @property
    def draft(self) -> bool:
        return self.record.draft

    @property
    def merged(self) -> bool:
        return self.record.merged_at is not None

    @property
    def reviews(self) -> list[Review]:
        return list(self.record.reviews)

    @property
    def review_comments(self) -> list[ReviewComment]:
        """Of all threads, oldest first."""
        return self.record.review_comments

    @property
    def threads(self) -> list[ReviewThread]:
        return list(self.record.threads)

    @property
    def check_runs(self) -> list[CheckRun]:
        """Those of the present head, oldest first."""
        return [run for run in self.repo.check_runs if run.head_sha == self.head_sha]

    # --- what people do with it -------------------------------------------------------------------------------

    async def push(
        self,
        files: Mapping[str, Content],
        *,
        by: User | None = None,
        message: str = "Update",
        force_from: str | None = None,
    ) -> str:
        """Push a commit to the head branch; with ``force_from`` it replaces everything since that commit."""
        pull = self.record
        if pull.head_repo is None:
            raise ValueError("the head repository is gone")
        who = by or self.issue.author
        async with self._world.writing:
            parent = force_from or pull.head_sha
            sha = await commit_files(self._world, pull.head_repo, files, parent=parent, by=who, message=message)
            await move_ref(self._world, pull.head_repo, f"refs/heads/{pull.head_ref}", sha, Actor(user=who))
        return sha

    async def close(self, *, by: User | None = None) -> None:
        async with self._world.writing:
            await pulling.close(self._world, self.record, by or self.repo.person)

    async def reopen(self, *, by: User | None = None) -> None:
        async with self._world.writing:
            await pulling.reopen(self._world, self.record, by or self.repo.person)

    async def edit(
        self, *, title: str | None = None, body: str | None = None, base: str | None = None, by: User | None = None
    ) -> None:
        async with self._world.writing:
            who = by or self.repo.person
            await pulling.edit(self._world, self.record, who, title=title, body=body, base=base)

    async def mark_ready(self, *, by: User | None = None) -> None:
        async with self._world.writing:
            await pulling.set_draft(self._world, self.record, by or self.repo.person, draft=False)

    async def convert_to_draft(self, *, by: User | None = None) -> None:
        async with self._world.writing:
            await pulling.set_draft(self._world, self.record, by or self.repo.person, draft=True)

    async def label(self, name: str, *, by: User | None = None) -> None:
        async with self._world.writing:
            label = talking.label(self._world, self.record.repo, name)
            self.issue.labels.append(label)
            shown = label_shape(label, self.record.repo, self._world.url)
            await pulling.tell(self._world, self.record, "labeled", by or self.repo.person, label=shown)

    async def merge(self, *, by: User | None = None) -> str:
        """A merge commit on the base branch.  Raises :class:`ValueError` on a conflict."""
        who = by or self.repo.person
        async with self._world.writing:
            sha = await self._merge_commit(who, f"Merge pull request #{self.number} from {self.head_ref}")
            base = f"refs/heads/{self.record.base_ref}"
            await move_ref(self._world, self.record.repo, base, sha, Actor(user=who))
        return sha

    async def _merge_commit(self, who: User, message: str) -> str:
        pull, repo = self.record, self.record.repo
        onto = repo.git.branch(pull.base_ref) or pull.base_sha
        tree = await repo.git.merge_tree(onto, pull.head_sha)
        if tree is None:
            raise ValueError("the pull request has conflicts")
        mine = signature(self._world, who)
        sha = repo.git.store.write_commit(
            tree=tree, parents=(onto, pull.head_sha), author=mine, committer=mine, message=message
        )
        repo.verified.add(sha)
        return sha

    async def enqueue(self, *, by: User | None = None) -> str:
        """Put it into the merge queue: a ``gh-readonly-queue`` branch and ``merge_group.checks_requested``.

        Returns the commit that the queue wants checked.
        """
        who, pull = by or self.repo.person, self.record
        async with self._world.writing:
            onto = pull.repo.git.branch(pull.base_ref) or pull.base_sha
            sha = await self._merge_commit(who, f"Merge pull request #{self.number} into {pull.base_ref}")
            ref = f"refs/heads/gh-readonly-queue/{pull.base_ref}/pr-{self.number}-{onto}"
            await move_ref(self._world, pull.repo, ref, sha, Actor(user=who))
            commit = commit_shapes.pushed_commit(await pull.repo.git.commit(sha), pull.repo, (), self._world)
            group = {
                "head_sha": sha,
                "head_ref": ref,
                "base_sha": onto,
                "base_ref": f"refs/heads/{pull.base_ref}",
                "head_commit": {
                    key: commit[key] for key in ("id", "tree_id", "message", "timestamp", "author", "committer")
                },
            }
            event = Event(
                name="merge_group", action="checks_requested", sender=who, repo=pull.repo,
                fields={"merge_group": group},
            )  # fmt: skip
            self._world.emit(event)
        return sha

    # --- reviews ----------------------------------------------------------------------------------------------

    def apply_suggestion(self, comment: ReviewComment) -> bytes:
        """The commented file as it would be after pressing "Commit suggestion", byte for byte."""
        return apply_suggestion(self.head[comment.thread.path], comment)

    async def commit_suggestion(self, comment: ReviewComment, *, by: User | None = None) -> str:
        """Press the button: commit the suggestion to the head branch and resolve the thread."""
        who = by or self.issue.author
        changed = {comment.thread.path: self.apply_suggestion(comment)}
        sha = await self.push(changed, by=who, message=f"Update {comment.thread.path}")
        await self.resolve(comment.thread, by=who)
        return sha

    async def reply(self, comment: ReviewComment, body: str, *, by: User | None = None) -> ReviewComment:
        async with self._world.writing:
            who = by or self.issue.author
            made = reviewing.add_comment(self._world, comment.thread, who, body, None)
            reviewing.tell_comment(self._world, made, "created", who)
        return made

    async def resolve(self, thread: ReviewThread, *, by: User | None = None) -> None:
        async with self._world.writing:
            reviewing.set_resolved(self._world, thread, by or self.issue.author, resolved=True)

    async def unresolve(self, thread: ReviewThread, *, by: User | None = None) -> None:
        async with self._world.writing:
            reviewing.set_resolved(self._world, thread, by or self.issue.author, resolved=False)


class Repo:
    """A repository."""

    def __init__(self, world: World, record: Repository, person: User) -> None:
        self._world, self.record, self.person = world, record, person

    def __repr__(self) -> str:
        return f"<repository {self.full_name}>"

    @property
    def id(self) -> int:
        return self.record.id

    @property
    def full_name(self) -> str:
        return self.record.full_name

    @property
    def clone_url(self) -> str:
        return f"{self._world.url}/{self.full_name}.git"

    @property
    def check_runs(self) -> list[CheckRun]:
        """Of all commits, oldest first."""
        return list(self.record.check_runs.values())

    def branch(self, name: str | None = None) -> Files:
        """The files of a branch (by default the default one).  :class:`KeyError` when there is no such branch."""
        return Files(self.record.git.path, self.record.git.refs[f"refs/heads/{name or self.record.default_branch}"])

    @property
    def branches(self) -> list[str]:
        names = sorted(self.record.git.refs)
        return [name.removeprefix("refs/heads/") for name in names if name.startswith("refs/heads/")]

    # --- issues and pull requests -----------------------------------------------------------------------------

    @property
    def pull_requests(self) -> list[PullRequestHandle]:
        return [PullRequestHandle(self._world, self, pull) for pull in self.record.pulls]

    @property
    def issues(self) -> list[IssueHandle]:
        found = self.record.issues.values()
        return [IssueHandle(self._world, self, issue) for issue in found if issue.pull is None]

    def pull_request(self, number: int) -> PullRequestHandle:
        return next(pull for pull in self.pull_requests if pull.number == number)

    def issue(self, number: int) -> IssueHandle:
        return next(issue for issue in self.issues if issue.number == number)

    async def open_issue(
        self, title: str, body: str = "", *, by: User | None = None, labels: tuple[str, ...] = ()
    ) -> IssueHandle:
        async with self._world.writing:
            who = by or self.person
            issue = talking.open_issue(self._world, self.record, title=title, body=body, author=who, labels=labels)
        return IssueHandle(self._world, self, issue)

    async def open_pull_request(
        self,
        files: Mapping[str, Content],
        *,
        by: User | None = None,
        title: str = "A change",
        body: str = "",
        head: str | None = None,
        base: str | None = None,
        draft: bool = False,
        fork: "Repo | None" = None,
        maintainer_can_modify: bool = True,
    ) -> PullRequestHandle:
        """Commit ``files`` to a new branch (of ``fork``, if given) and open a pull request for it.

        ``by`` is the author of commit and pull request.  Emits ``push`` and ``pull_request.opened``.
        """
        source = (fork or self).record
        who = by or (source.owner if source.owner.type == "User" else self.person)
        base = base or self.record.default_branch
        head = head or f"change-{self._world.next_number(self.record)}"
        async with self._world.writing:
            parent = self.record.git.refs[f"refs/heads/{base}"]
            sha = await commit_files(self._world, source, files, parent=parent, by=who, message=title)
            await move_ref(self._world, source, f"refs/heads/{head}", sha, Actor(user=who))
            pull = await pulling.open_pull(
                self._world, self.record, title=title, body=body, base=base, head_repo=source, head=head, author=who,
                draft=draft, maintainer_can_modify=maintainer_can_modify,
            )  # fmt: skip
        return PullRequestHandle(self._world, self, pull)

    # --- branches ---------------------------------------------------------------------------------------------

    async def push(
        self,
        files: Mapping[str, Content],
        *,
        branch: str | None = None,
        by: User | None = None,
        message: str = "Update",
        force_from: str | None = None,
    ) -> str:
        """Push a commit to a branch, made from the default branch when new; ``force_from`` as for a pull request."""
        name, who = branch or self.record.default_branch, by or self.person
        async with self._world.writing:
            tip = self.record.git.branch(name) or self.record.git.branch(self.record.default_branch)
            parent = force_from or tip
            sha = await commit_files(self._world, self.record, files, parent=parent, by=who, message=message)
            await move_ref(self._world, self.record, f"refs/heads/{name}", sha, Actor(user=who))
        return sha

    async def set_branch(self, name: str, sha: str | None, *, by: User | None = None) -> None:
        """Point a branch anywhere, or (``None``) delete it."""
        async with self._world.writing:
            await move_ref(self._world, self.record, f"refs/heads/{name}", sha, Actor(user=by or self.person))

    async def fork(self, *, by: User) -> "Repo":
        """A fork in the person's own account."""
        async with self._world.writing:
            path = self._world.directory / f"{self._world.next_id()}.git"
            now, branch = self._world.now(), self.record.default_branch
            record = Repository(
                id=self._world.next_id(), owner=by, name=self.record.name, private=self.record.private,
                default_branch=branch, git=self.record.git.fork(path, default_branch=branch), created_at=now,
                pushed_at=now, parent=self.record,
            )  # fmt: skip
            self._world.repos[record.id] = record
            self._world.names[record.full_name.lower()] = record.id
        return Repo(self._world, record, by)

    # --- the repository itself --------------------------------------------------------------------------------

    def set_role(self, user: User, role: Role | str) -> None:
        """Give a role in this repository, whatever the user's general one."""
        self.record.roles[user.login.lower()] = Role(role)

    def rename(self, name: str) -> None:
        """The former name is answered by a redirect."""
        self.record.name = name
        self._world.names[self.full_name.lower()] = self.record.id

    def delete(self) -> None:
        self.record.deleted = True

    # --- checks -----------------------------------------------------------------------------------------------

    async def press(self, run: CheckRun, identifier: str, *, by: User | None = None) -> None:
        """Press one of the check run's buttons: ``check_run.requested_action``."""
        if identifier not in {action["identifier"] for action in run.actions}:
            raise ValueError(f"the check run has no button {identifier!r}")
        async with self._world.writing:
            asked = {"identifier": identifier}
            tell_check(self._world, run, "requested_action", sender=by or self.person, requested_action=asked)

    async def rerequest(self, run: CheckRun, *, by: User | None = None) -> None:
        """Press "Re-run": ``check_run.rerequested``."""
        async with self._world.writing:
            tell_check(self._world, run, "rerequested", sender=by or self.person)
