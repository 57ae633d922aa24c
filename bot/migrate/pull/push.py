"""A commit to the branch of a pull request, in the repository or in a fork.

GitHub does not document what an App may do on a fork.  An installation on the fork itself can always write there.
Without one, "Allow edits by maintainers" lets the App's token of the base repository push, as Apps that push with git
rely on (https://github.com/pre-commit-ci/issues/issues/127), though not through every API
(https://github.com/tibdex/autorebase/issues/43).  So it is tried where the author allows it; a refusal is reported.
"""

from dataclasses import replace

from bot.context import Bot
from bot.domain.effects import FileCommit, TreeCommit
from bot.domain.errors import Gone
from bot.domain.references import PullRequest, RepoRef, Sha
from bot.github import reads
from bot.github.errors import GraphQLError, MissingPermission, NotFound, Unprocessable
from bot.migrate.pull.models import CannotPush, CommitRefused, NoPush, Obstacle, Obstructed, Stop

_NO_ACCESS = CannotPush(why=NoPush.NO_ACCESS)


async def push_target(bot: Bot, pull: PullRequest) -> RepoRef | CannotPush:
    """The repository that holds the pull request's branch, with the installation whose token may write there."""
    repo, (owner, _, name) = pull.ref.repo, (pull.head_repo or "").partition("/")
    ours = RepoRef(installation=repo.installation, id=repo.id, owner=owner, name=name)
    if not pull.from_fork:
        return ours
    if not pull.maintainer_can_modify or pull.head_repo_id is None:
        return CannotPush(why=NoPush.NOT_ALLOWED)
    try:
        installation = await reads.repo_installation(bot.github, owner, name)
    except NotFound:
        return ours  # a token of the base repository, for a URL of the fork
    return RepoRef(installation=installation, id=pull.head_repo_id, owner=owner, name=name)


async def push(bot: Bot, pull: PullRequest, target: RepoRef, commit: FileCommit | TreeCommit) -> Sha | Stop:
    """The new commit's id, or why GitHub rejected it.  Raises ``HeadMoved``."""
    try:
        return await bot.performer.perform(replace(commit, repo=target))
    except Gone as error:
        if pull.from_fork:
            return _NO_ACCESS
        return (
            Obstructed(obstacle=Obstacle.BRANCH_GONE)
            if isinstance(error, NotFound)
            else CommitRefused(reason=str(error))
        )
    except MissingPermission as error:
        return _NO_ACCESS if pull.from_fork else CommitRefused(reason=str(error))
    except (GraphQLError, Unprocessable) as error:
        return CommitRefused(reason=error.message)
