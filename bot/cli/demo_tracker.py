"""The demo's last part: the tracking issue, from which the rest of the migration is carried out."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.cli.demo import Stage, Story
    from bot.sandbox import PullRequestHandle

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
        """Three more modules probe the factory on the default branch. The configuration names the tracking issue, and
        how many files a migration pull request may have. Ann comments on the issue.""",
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
    story.held(f"two pull requests are open {time.monotonic() - began:.1f} s later", len(opened) == 2)
    story.quote(issue.last_comment.body, f"the answer on #{issue.number}")
    for pull in opened[:1]:
        story.quote(pull.body, f"#{pull.number} {pull.title}")
    story.held(
        "their files are the migrated ones, byte for byte",
        all(content == HEALTH_MIGRATED for pull in opened for content in _routes(pull).values()),
    )
    await issue.comment("/ssot migrate", by=stage.github.user("ann", role="write"))
    await stage.settled()
    story.held("the same command again opens nothing", len(stage.repo.pull_requests) == there + 2)


def _routes(pull: "PullRequestHandle") -> dict[str, bytes]:
    """The files of the three modules that the pull request changes."""
    base, head = pull.repo.branch(), pull.head
    paths = [f"netra_backend/app/routes/{name}.py" for name in _ROUTES]
    return {path: head[path] for path in paths if head[path] != base[path]}
