"""A repository in the hands of a test."""

from collections.abc import Mapping

from bot.sandbox import ci, pulling, renaming, talking
from bot.sandbox.content import Content
from bot.sandbox.handles import Files, IssueHandle
from bot.sandbox.model import CheckRun, Repository
from bot.sandbox.people import Role, User
from bot.sandbox.pull_handle import PullRequestHandle
from bot.sandbox.pushing import Actor, commit_files, move_ref
from bot.sandbox.routes.checks import rerequest
from bot.sandbox.routes.checks import tell as tell_check
from bot.sandbox.rules import Rule, Ruleset
from bot.sandbox.world import World


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

    async def propose(
        self, branch: str, *, base: str, by: User | None = None, fork: "Repo | None" = None
    ) -> PullRequestHandle:
        """Open a pull request for a branch that is there (of ``fork``, if given)."""
        source = (fork or self).record
        async with self._world.writing:
            pull = await pulling.open_pull(
                self._world, self.record, title=f"{branch} onto {base}", body="", base=base, head_repo=source,
                head=branch, author=by or self.person, draft=False, maintainer_can_modify=True,
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

    async def unrelated(self, files: Mapping[str, Content], *, by: User | None = None) -> str:
        """A commit without a parent; no branch moves."""
        async with self._world.writing:
            who = by or self.person
            return await commit_files(self._world, self.record, files, parent=None, by=who, message="Begin again")

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
        self.record.roles[user.id] = Role(role)

    def protect(self, branch: str) -> None:
        """Only merged pull requests change the branch from now on."""
        self.record.protected.add(branch)

    def require(self, branch: str, *checks: str, app: int | None = None) -> None:
        """A ruleset that lets these checks be required before a merge into the branch, of the App ``app`` if given."""
        self.record.required[branch] = list(checks)
        self.record.pinned = {} if app is None else dict.fromkeys(checks, app)

    def rule(self, *asked: Rule, include: tuple[str, ...] = ("~ALL",), bypass: frozenset[str] = frozenset()) -> None:
        """An active ruleset of the repository."""
        found = Ruleset(id=self._world.next_id(), rules=asked, include=include, bypass=bypass)
        self.record.rulesets.append(found)

    def dismiss_approvals(self, branch: str) -> None:
        """A ruleset takes approving reviews of pull requests onto the branch back when somebody pushes."""
        self.record.dismissing.add(branch)

    def rename(self, name: str, *, by: User | None = None) -> None:
        """The former name is answered by a redirect.  :class:`ValueError` when the name is taken."""
        renaming.rename_repository(self._world, self.record, name, by or self.person)

    def transfer(self, owner: str, *, by: User | None = None) -> None:
        """Give it to another account, with a redirect as for a new name."""
        renaming.transfer_repository(self._world, self.record, self._world.account(owner), by or self.person)

    async def rename_branch(self, before: str, after: str, *, by: User | None = None, follow: bool = True) -> None:
        """Rules and open pull requests onto it follow (unless not yet); those that start from it are closed."""
        async with self._world.writing:
            await renaming.rename_branch(self._world, self.record, before, after, by or self.person, follow=follow)

    def delete(self) -> None:
        self.record.deleted = True

    # --- continuous integration and deployment ----------------------------------------------------------------

    async def set_status(self, context: str, state: str, *, sha: str | None = None, by: User | None = None) -> None:
        """A commit status (``error``, ``failure``, ``pending``, ``success``), by default on the default branch."""
        async with self._world.writing:
            at = sha or self.branch().sha
            await ci.set_status(
                self._world, self.record, at, context=context, state=state, by=by or self.person, url=None
            )

    async def complete_check(
        self,
        name: str,
        conclusion: str | None,
        *,
        sha: str | None = None,
        workflow: str = "CI",
        app: str | None = None,
    ) -> None:
        """A check run of GitHub Actions (or of another ``app``), by default on the default branch.

        Each workflow has a suite of its own, in which a run is the newest of its name.  Without a conclusion the run is
        in progress.
        """
        async with self._world.writing:
            at, who = sha or self.branch().sha, ci.another(self._world, app) if app else ci.actions(self._world)
            ci.report_check(self._world, self.record, at, name=name, conclusion=conclusion, app=who, workflow=workflow)

    async def deploy(self, environment: str, *states: str, sha: str | None = None) -> None:
        """A deployment that goes through these states, by default of the default branch."""
        async with self._world.writing:
            made = ci.deploy(
                self._world, self.record, sha or self.branch().sha, environment=environment, by=self.person
            )
            for state in states:
                ci.update_deployment(self._world, made, state, by=self.person)

    # --- checks -----------------------------------------------------------------------------------------------

    async def press(self, run: CheckRun, identifier: str, *, by: User | None = None) -> None:
        """Press one of the check run's buttons: ``check_run.requested_action``."""
        if identifier not in {action["identifier"] for action in run.actions}:
            raise ValueError(f"the check run has no button {identifier!r}")
        async with self._world.writing:
            asked = {"identifier": identifier}
            tell_check(self._world, run, "requested_action", sender=by or self.person, requested_action=asked)

    async def rerequest_all(self, sha: str, *, by: User | None = None) -> None:
        """Press "Re-run all checks" on the commit: ``check_suite.rerequested``."""
        async with self._world.writing:
            (suite,) = (each for each in self.record.suites if each.head_sha == sha)
            await pulling.rerequest_suite(self._world, suite, by or self.person)

    async def rerequest(self, run: CheckRun, *, by: User | None = None) -> None:
        """Press "Re-run": ``check_run.rerequested``."""
        async with self._world.writing:
            rerequest(self._world, run, by or self.person)
