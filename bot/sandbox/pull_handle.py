"""A pull request in the hands of a test: pushing to it, closing it, pressing its buttons."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.sandbox import merging, pulling, reviewing, rules, talking
from bot.sandbox.content import Content
from bot.sandbox.handles import Conversation, Files
from bot.sandbox.model import CheckRun, PullRequest, Review, ReviewComment, ReviewThread
from bot.sandbox.people import User
from bot.sandbox.pushing import Actor, commit_files, move_ref, signature
from bot.sandbox.shapes import commits as commit_shapes
from bot.sandbox.shapes.conversation import label as label_shape
from bot.sandbox.suggestions import apply_suggestion
from bot.sandbox.world import Event, World

if TYPE_CHECKING:
    from bot.sandbox.repo_handle import Repo


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
    def queued(self) -> bool:
        """In the merge queue."""
        return self.record.queued

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

    @property
    def missing_checks(self) -> dict[str, str]:
        """The required checks that stand in the way of merging, and how each is."""
        return merging.missing_checks(self.record)

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
        if pull.head_repo is None or pull.head_repo.deleted:
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
        """A merge commit on the base branch.

        Raises :class:`ValueError` on a conflict, and with GitHub's words when a required check stands in the way;
        ``ApiError`` where a rule forbids it.
        """
        who = by or self.repo.person
        async with self._world.writing:
            if missing := merging.missing_checks(self.record):
                raise ValueError(merging.refusal(missing))
            sha = await self._merge_commit(who, f"Merge pull request #{self.number} from {self.head_ref}")
            base, repo = f"refs/heads/{self.record.base_ref}", self.record.repo
            await rules.enforce(repo, base, repo.git.refs.get(base), sha, who.login, status=405)
            await move_ref(self._world, self.record.repo, base, sha, Actor(user=who))
        return sha

    async def _merge_commit(self, who: User, message: str, onto: str | None = None) -> str:
        pull, repo = self.record, self.record.repo
        onto = onto or repo.git.branch(pull.base_ref) or pull.base_sha
        tree = await repo.git.merge_tree(onto, pull.head_sha)
        if tree is None:
            raise ValueError("the pull request has conflicts")
        mine = signature(self._world, who)
        sha = repo.git.store.write_commit(
            tree=tree, parents=(onto, pull.head_sha), author=mine, committer=mine, message=message
        )
        repo.verified.add(sha)
        return sha

    async def enqueue(self, *, onto: str | None = None, by: User | None = None) -> str:
        """Put it into the merge queue: a ``gh-readonly-queue`` branch and ``merge_group.checks_requested``.

        ``onto``: the commit of the entry before it; by default the base branch.
        Returns the commit that the queue wants checked.
        """
        who, pull = by or self.repo.person, self.record
        async with self._world.writing:
            onto = onto or pull.repo.git.branch(pull.base_ref) or pull.base_sha
            sha = await self._merge_commit(who, f"Merge pull request #{self.number} into {pull.base_ref}", onto)
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
            pull.queued = True
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

    async def delete_comment(self, comment: ReviewComment, *, by: User | None = None) -> None:
        """Delete a comment on a line; a thread vanishes with its last one."""
        async with self._world.writing:
            reviewing.delete_comment(self._world, comment, by or self.repo.person)

    async def resolve(self, thread: ReviewThread, *, by: User | None = None) -> None:
        async with self._world.writing:
            reviewing.set_resolved(self._world, thread, by or self.issue.author, resolved=True)

    async def unresolve(self, thread: ReviewThread, *, by: User | None = None) -> None:
        async with self._world.writing:
            reviewing.set_resolved(self._world, thread, by or self.issue.author, resolved=False)
