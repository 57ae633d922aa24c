"""What continuous integration and deployment tell GitHub: commit statuses, deployments, other Apps' check runs."""

from dataclasses import replace

from bot.sandbox.model import CheckRun, CheckSuite, CommitStatus, Deployment, DeploymentStatus, Repository
from bot.sandbox.people import App, User
from bot.sandbox.routes.checks import tell as tell_check
from bot.sandbox.shapes import ci as shapes
from bot.sandbox.world import Event, World

STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")
"""Of a deployment: https://docs.github.com/rest/deployments/statuses"""


async def set_status(
    world: World, repo: Repository, sha: str, *, context: str, state: str, by: User, url: str | None = None
) -> CommitStatus:
    """A commit status; the newest of a context counts.  Emits ``status``."""
    now = world.now()
    made = CommitStatus(
        id=world.next_id(), repo=repo, sha=sha, context=context, state=state, creator=by, target_url=url,
        created_at=now,
    )  # fmt: skip
    repo.statuses.append(made)
    fields = await shapes.status_event(made, world)
    world.emit(Event(name="status", action=None, sender=by, repo=repo, fields=fields))
    return made


def deploy(world: World, repo: Repository, sha: str, *, environment: str, by: User) -> Deployment:
    """A deployment that has no status yet; this emits no event that the App could ask for here."""
    made = Deployment(
        id=world.next_id(), repo=repo, sha=sha, environment=environment, creator=by, created_at=world.now()
    )
    repo.deployments.append(made)
    return made


def update_deployment(world: World, deployment: Deployment, state: str, *, by: User, url: str = "") -> None:
    """Add a status.  A success makes the former successes of the environment inactive.

    Emits ``deployment_status``.
    """
    if state not in STATES:
        raise ValueError(state)
    if state == "success":
        for other in deployment.repo.deployments:
            if other is not deployment and other.environment == deployment.environment and other.state == "success":
                _add(world, other, "inactive", by, "")
    _add(world, deployment, state, by, url)


def _add(world: World, deployment: Deployment, state: str, by: User, url: str) -> None:
    status = DeploymentStatus(id=world.next_id(), state=state, creator=by, target_url=url, created_at=world.now())
    deployment.statuses.append(status)
    fields = shapes.deployment_status_event(deployment, status, world.url)
    event = Event(name="deployment_status", action="created", sender=by, repo=deployment.repo, fields=fields)
    world.emit(event)


def actions(world: World) -> App:
    """GitHub Actions."""
    if world.actions is None:
        world.actions = replace(
            world.app, id=15368, slug="github-actions", name="GitHub Actions",
            bot=world.add_user("github-actions[bot]", kind="Bot"), permissions={"checks": "write"}, events=[],
        )  # fmt: skip
    return world.actions


def another(world: World, slug: str) -> App:
    """Another App that reports checks."""
    if slug not in world.others:
        world.others[slug] = replace(
            world.app, id=world.next_id(), slug=slug, name=slug, bot=world.add_user(f"{slug}[bot]", kind="Bot"),
            permissions={"checks": "write"}, events=[],
        )  # fmt: skip
    return world.others[slug]


def report_check(
    world: World, repo: Repository, sha: str, *, name: str, conclusion: str | None, app: App, workflow: str
) -> CheckRun:
    """A check run of another App; without a conclusion it is in progress.

    A workflow's suite is the same for the same commit: its newest run of a name counts.  Emits ``check_run.created`` or
    ``completed``.
    """
    now = world.now()
    run = CheckRun(
        id=world.next_id(), suite=_suite(world, repo, sha, app, workflow), name=name, head_sha=sha,
        status="completed" if conclusion else "in_progress", conclusion=conclusion, external_id="", details_url=None,
        started_at=now, completed_at=now if conclusion else None,
    )  # fmt: skip
    repo.check_runs[run.id] = run
    tell_check(world, run, "completed" if conclusion else "created", sender=app.bot)
    return run


def _suite(world: World, repo: Repository, sha: str, app: App, workflow: str) -> CheckSuite:
    for run in repo.check_runs.values():
        if run.suite.app is app and (run.suite.head_sha, run.suite.workflow) == (sha, workflow):
            return run.suite
    now = world.now()
    return CheckSuite(
        id=world.next_id(), repo=repo, app=app, head_sha=sha, head_branch=_branch(repo, sha), created_at=now,
        updated_at=now, workflow=workflow,
    )  # fmt: skip


def _branch(repo: Repository, sha: str) -> str | None:
    """The branch whose head the commit is, the default one first."""
    if repo.git.branch(repo.default_branch) == sha:
        return repo.default_branch
    heads = (name for name, at in repo.git.refs.items() if at == sha and name.startswith("refs/heads/"))
    return next((name.removeprefix("refs/heads/") for name in heads), None)
