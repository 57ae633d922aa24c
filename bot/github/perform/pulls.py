"""Pull requests.  https://docs.github.com/en/rest/pulls/pulls."""

from dataclasses import replace

from bot.domain.effects import ClosePullRequest, EditPullRequest, NewPullRequest, SetDraft
from bot.domain.references import PullRequestRef
from bot.github import operations as ops
from bot.github.client import GitHub
from bot.github.errors import AlreadyExists, Unprocessable


async def open_pull_request(gh: GitHub, new: NewPullRequest) -> PullRequestRef:
    """Open a pull request; where the repository has no drafts, one that is ready.

    :class:`AlreadyExists`: there is one from that branch.
    """
    body = {"title": new.title, "head": new.head, "base": new.base, "body": new.body, "draft": new.draft}
    try:
        number = await gh.call(ops.CREATE_PULL, new.repo, lambda data: int(data["number"]), body=body)
    except Unprocessable as error:
        if new.draft and error.mentions("draft pull requests are not supported"):
            return await open_pull_request(gh, replace(new, draft=False))
        if error.mentions("already exists"):
            raise AlreadyExists(error.message, error.errors) from error
        raise
    return PullRequestRef(repo=new.repo, number=number)


async def edit_pull_request(gh: GitHub, edit: EditPullRequest) -> None:
    """Change its title or body."""
    changes = {"title": edit.title, "body": edit.body}
    await _update(gh, edit.pull, {name: text for name, text in changes.items() if text is not None})


async def close_pull_request(gh: GitHub, closing: ClosePullRequest) -> None:
    """Close it, without merging it."""
    await _update(gh, closing.pull, {"state": "closed"})


async def _update(gh: GitHub, pull: PullRequestRef, body: dict[str, str]) -> None:
    await gh.call(ops.UPDATE_PULL, pull.repo, lambda data: int(data["number"]), body=body, pull_number=pull.number)


async def set_draft(gh: GitHub, change: SetDraft) -> None:
    """Make it a draft, or ready for review.  ``Refused``: the repository has no drafts, or may not do it.

    https://docs.github.com/en/graphql/reference/mutations#convertpullrequesttodraft
    """
    name = "convertPullRequestToDraft" if change.draft else "markPullRequestReadyForReview"
    operation = ops.TO_DRAFT if change.draft else ops.READY
    await gh.graphql(operation, change.pull.repo, lambda data: data[name]["pullRequest"]["id"], id=change.node_id)
