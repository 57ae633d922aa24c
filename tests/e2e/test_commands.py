"""Commands in comments: who may give them, what is answered, and what is not done."""

from bot.sandbox import Repo, Sandbox
from tests.e2e.conftest import RunningBot


async def test_help_is_answered_once_with_all_commands(bot: RunningBot, service: Repo, github: Sandbox) -> None:
    issue = await service.open_issue("Retire the factory")
    comment = await issue.comment("/ssot help", by=github.user("rita", role="read"))
    await bot.settled()
    assert comment.reactions == ["eyes", "rocket"]
    assert issue.last_comment.author == github.app.bot.login
    assert "`/ssot help [COMMAND]`" in issue.last_comment.body
    github.webhooks.redeliver(next(d for d in github.deliveries if d.event == "issue_comment"))
    await bot.settled()
    assert len(issue.comments) == 2
