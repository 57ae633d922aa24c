"""A GitHub on loopback, over real HTTP and real git: for the tests and for ``ssot demo``.

::

    async with Sandbox() as github:
        repo = await github.repo("acme/app", files={"a.py": b"..."})
        pr = await repo.open_pull_request({"a.py": b"new"}, by=github.user("ann", role="write"))
        github.webhook_url = "http://127.0.0.1:8000/webhook"
        await github.settled()
        assert pr.reviews

What it answers is held against GitHub's published contract by the tests.  What it does not know (teams, milestones,
branch protection, projects) it answers with 404 or leaves empty; it never pretends.
"""

from bot.sandbox.content import Content, Executable, Renamed, Submodule, Symlink
from bot.sandbox.handles import CommentHandle, Files, IssueHandle
from bot.sandbox.observer import Exchange, GraphQLExchange, Observer, WebhookSent
from bot.sandbox.people import Role, User
from bot.sandbox.pull_handle import PullRequestHandle
from bot.sandbox.recorder import Recorded
from bot.sandbox.repo_handle import Repo
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.webhooks import Delivery

__all__ = [
    "CommentHandle", "Content", "Delivery", "Exchange", "Executable", "Files", "GraphQLExchange", "IssueHandle",
    "Observer", "PullRequestHandle", "Recorded", "Renamed", "Repo", "Role", "Sandbox", "Submodule", "Symlink", "User",
    "WebhookSent",
]  # fmt: skip
