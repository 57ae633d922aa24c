"""The demo's last part: the tracking issue, from which the rest of the migration is run."""

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.cli.demo import Stage, Story
    from bot.sandbox import PullRequestHandle
    from bot.sandbox.handles import IssueHandle

_ROUTES = ("admin", "events", "rooms")
_CONFIG = """\
version: 1
migrations:
  websocket-manager-factory:
    extends: websocket-manager-factory
    pull_requests: {{files: 2, open: 5}}
    tracking: {{issue: {issue}}}
"""


async def migrate_from_the_issue(story: "Story", stage: "Stage") -> None:
    """``/ssot migrate`` on the tracking issue; then the default branch moves."""
    from bot.sandbox.example import HEALTH_MIGRATED, HEALTH_WITH_A_PROBE

    story.step(
        "/ssot migrate on the tracking issue",
        """Three more modules on the default branch probe the factory. The configuration names the tracking issue and
        limits the files of a migration pull request. Ann comments on the issue.""",
    )
    issue = await stage.repo.open_issue("Retire get_websocket_manager_factory()")
    await stage.repo.push(
        {
            ".github/ssot.yml": _CONFIG.format(issue=issue.number).encode(),
            **{f"netra_backend/app/routes/{name}.py": HEALTH_WITH_A_PROBE for name in _ROUTES},
        }
    )
    there = len(stage.repo.pull_requests)
    began = time.monotonic()
    await issue.comment("/ssot migrate", by=stage.github.user("ann", role="write"))
    await stage.settled()
    opened = stage.repo.pull_requests[there:]
    story.check(f"two pull requests are open after {time.monotonic() - began:.1f} s", len(opened) == 2)
    story.quote(issue.last_comment.body, f"the reply on #{issue.number}")
    for pull in opened[:1]:
        story.quote(pull.body, f"#{pull.number} {pull.title}")
    story.check(
        "their files are migrated, byte for byte",
        all(content == HEALTH_MIGRATED for pull in opened for content in _routes(pull).values()),
    )
    await issue.comment("/ssot migrate", by=stage.github.user("ann", role="write"))
    await stage.settled()
    story.check("the same command again opens no pull request", len(stage.repo.pull_requests) == there + 2)


def _routes(pull: "PullRequestHandle") -> dict[str, bytes]:
    """The files of the three modules that the pull request changes."""
    base, head = pull.repo.branch(), pull.head
    paths = [f"netra_backend/app/routes/{name}.py" for name in _ROUTES]
    return {path: head[path] for path in paths if head[path] != base[path]}


async def keep_the_checklist(story: "Story", stage: "Stage") -> None:
    """A merge ticks a box, a revert clears it, and the section says who added the usage again."""
    from bot.sandbox.example import FILES

    issue = await stage.repo.open_issue("Chat migration", _TRACKER)
    chat = "netra_backend/app/routes/chat.py"
    await stage.repo.push({".github/ssot.yml": _CHAT.format(issue=issue.number).encode()})
    story.step(
        "The checklist follows the code",
        f"""Issue #{issue.number} has a box for the chat's routes. The configuration says what evidence ticks it. Ann's
        pull request removes the last usage there; then Bob reverts it.""",
    )
    clean = b'"""Chat."""\n\n\nasync def join(context):\n    return context\n'
    ann, bob = (stage.github.user(name, role="write") for name in ("ann", "bob"))
    merged = await stage.repo.open_pull_request({chat: clean}, by=ann, title="Migrate the chat")
    await merged.merge(by=ann)
    story.check("the merge ticks the box", await _becomes(stage, issue, "- [x] The chat is clean"))
    revert = await stage.repo.open_pull_request({chat: FILES[chat]}, by=bob, title="Revert the chat")
    await revert.merge(by=bob)
    story.check("the revert clears it", await _becomes(stage, issue, "- [ ] The chat is clean"))
    story.check("the issue says who added it again", "bob" in issue.body)
    story.quote(issue.body, f"#{issue.number}")


_TRACKER = "People write here what they like.\n\n- [ ] The chat is clean\n- [x] Lunch\n"
_CHAT = """\
version: 1
migrations:
  websocket-manager-factory:
    extends: websocket-manager-factory
    tracking:
      issue: {issue}
      checklist:
        - {{item: The chat is clean, evidence: {{usages: {{paths: [netra_backend/app/routes/chat.py]}}}}}}
"""
_PATIENCE = 20.0


async def _becomes(stage: "Stage", issue: "IssueHandle", line: str) -> bool:
    """Whether the line appears in the issue within `_PATIENCE` seconds."""
    end = time.monotonic() + _PATIENCE
    while line not in issue.body and time.monotonic() < end:
        await asyncio.sleep(0.02)
        await stage.settled()
    return line in issue.body
