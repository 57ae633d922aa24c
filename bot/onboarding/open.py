"""Opens the onboarding pull request, once in the life of a repository.

It is found again by its branch, and by its signed marker where somebody has renamed that.  Whatever became of it, there
is no second one: who closed it does not want one, and who removed a configuration does not, either.
"""

from datetime import timedelta

import structlog

from bot.config import FILE
from bot.context import Bot
from bot.domain.effects import NewPullRequest, TreeCommit, TreeFile
from bot.domain.errors import RetryLater
from bot.domain.references import PullRequest, PullRequestRef, RepoRef, Sha, Task
from bot.github import reads
from bot.github.errors import AlreadyExists, HeadMoved, MissingPermission, NotFound, Refused, closed_reason
from bot.github.purposes import MIGRATION
from bot.identity import branches
from bot.identity.onboarding import OnboardingMark, onboarding_mark_of
from bot.inventory.foreseen import NotForeseen
from bot.jobs import Done, Ignored, Lease, Outcome, require_held
from bot.migrate.saying import reason_of
from bot.onboarding import record
from bot.onboarding import render as words
from bot.onboarding.models import Proposal
from bot.onboarding.pace import MOST, give_back, seconds_to_wait, take_turn
from bot.onboarding.plan import reason_against
from bot.onboarding.propose import previewed, propose
from bot.onboarding.wake import ONBOARDING, is_covered
from bot.repository import DefaultBranch, at_head

log = structlog.get_logger(__name__)

NOT_LISTED = Ignored(reason="the repository is not listed for onboarding")
SOON = timedelta(seconds=2)


async def onboard(bot: Bot, repo: RepoRef, lease: Lease) -> Outcome:
    """Open a pull request with a first configuration, if the repository has none and there is something to do."""
    if not await is_covered(bot, repo):
        return NOT_LISTED
    bot = bot.working_for(MIGRATION)
    repository = await reads.repository(bot.github, repo)
    if (reason := reason_against(repository)) is not None:
        return Ignored(reason=reason)
    try:
        at = await at_head(bot, repository)
    except NotFound:
        return Ignored(reason="the repository is empty")
    earlier = await _earlier(bot, at.repo)
    if earlier is not None and earlier.state == "open":
        number = earlier.ref.number
        await bot.send(Task(event=ONBOARDING, id=f"{repo.id}#{number} {lease.job.seq}", repo=repo, subject=number))
        return Done(summary=f"#{number} is open")
    if not at.unrelated or earlier is not None:
        await record.forget(bot.storage, at.repo)
        why = "the repository has a configuration" if not at.unrelated else "nobody is asked twice"
        return Ignored(reason=why if earlier is None or not at.unrelated else f"{why}: see #{earlier.ref.number}")
    if (wait := await seconds_to_wait(bot.storage, at.repo)) > 0:
        return await _later(bot, at.repo, wait, lease)
    return await _ask(bot, at, lease)


async def _earlier(bot: Bot, repo: RepoRef) -> PullRequest | None:
    """The onboarding pull request that there was, or is: the open one, else the newest."""
    refs = list(await reads.pull_requests_of_branch(bot.github, repo, branches.ONBOARDING))
    own = await reads.own_pull_requests(bot.github, repo)
    marked = [each.number for each in own if onboarding_mark_of(bot.keys, repo.id, each.body) is not None]
    refs += [PullRequestRef(repo=repo, number=number) for number in marked if number not in {r.number for r in refs}]
    pulls = [await reads.pull_request(bot.github, ref) for ref in refs]
    pulls.sort(key=lambda pull: (pull.state != "open", -pull.ref.number))
    return pulls[0] if pulls else None


async def _later(bot: Bot, repo: RepoRef, wait: float, lease: Lease) -> Outcome:
    """Look again when there may be a turn."""
    at = bot.github.clock.now() + timedelta(seconds=wait)
    await bot.send(Task(event=ONBOARDING, id=f"{repo.id} after {lease.job.seq}", repo=repo, not_before=at))
    return Done(summary=f"{MOST} were opened in the last hour; looked at again at {at:%H:%M} UTC")


async def _ask(bot: Bot, at: DefaultBranch, lease: Lease) -> Outcome:
    try:
        proposal = await propose(bot, at)
    except NotForeseen as error:
        return Done(summary=f"not looked at: {error}")
    if proposal is None:
        return Ignored(reason="nothing to migrate was found")
    if (wait := await take_turn(bot.storage, at.repo)) > 0:
        return await _later(bot, at.repo, wait, lease)
    try:
        return await _opened(bot, at, proposal, lease)
    except HeadMoved as moved:
        raise RetryLater(at=bot.github.clock.now() + SOON, reason=str(moved)) from moved
    except (Refused, MissingPermission) as refusal:
        await give_back(bot.storage, at.repo)
        if isinstance(refusal, Refused) and closed_reason(refusal):
            raise
        return await refused(bot, at, refusal)


async def refused(
    bot: Bot, at: DefaultBranch, refusal: Refused | MissingPermission, *, number: int | None = None
) -> Outcome:  # fmt: skip
    """For the operator: it is tried again with the next round."""
    reason = reason_of(refusal)
    log.warning("onboarding_refused", repository=at.repo.full_name, reason=reason)
    await record.note(bot.storage, at.repository, number=number, refused=reason)
    what = "opened" if number is None else "brought up to date"
    return Done(summary=f"the onboarding pull request was not {what}, GitHub refuses it: {reason}")


async def _opened(bot: Bot, at: DefaultBranch, proposal: Proposal, lease: Lease) -> Outcome:
    """Write the commit, the branch that shows it, and the pull request."""
    before = await _tip(bot, at)
    require_held(lease, bot.github.clock.now())
    head = await bot.performer.perform(commit_of(at, proposal, before=before, parent=at.head))
    preview = await previewed(bot, at, head)
    mark = OnboardingMark(base=None if preview.reason else at.head, head=head)
    new = NewPullRequest(
        repo=at.repo,
        title=words.TITLE,
        head=branches.ONBOARDING,
        base=at.branch,
        body=words.body(preview, mark, at.repository, bot.keys),
    )
    require_held(lease, bot.github.clock.now())
    try:
        opened = await bot.performer.perform(new)
    except AlreadyExists:
        return Done(summary="it was opened meanwhile")
    await record.note(bot.storage, at.repository, number=opened.number)
    return Done(summary=f"opened #{opened.number}")


def commit_of(
    at: DefaultBranch, proposal: Proposal, *, before: Sha | None, parent: Sha, branch: str = branches.ONBOARDING
) -> TreeCommit:  # fmt: skip
    """The configuration as one commit on the default branch."""
    file = TreeFile(path=FILE, content=proposal.text.encode())
    return TreeCommit(repo=at.repo, branch=branch, before=before, parent=parent, message=words.COMMIT, files=(file,))


async def _tip(bot: Bot, at: DefaultBranch) -> Sha | None:
    """Where the branch is, if a run before this one made it.  Raises ``Refused`` where somebody else did."""
    try:
        tip = await reads.branch_head(bot.github, at.repo, branches.ONBOARDING)
    except NotFound:
        return None
    ahead = await reads.commits_ahead(bot.github, at.repo, at.head, tip)
    if ahead is None or not all(commit.ours for commit in ahead):
        raise Refused(409, f"the branch {branches.ONBOARDING} has commits by others; rename or delete it")
    return tip
