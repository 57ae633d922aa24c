"""What the operator's page says of the tracked migrations, from the real server's records."""

import asyncio

import aiohttp

from bot.sandbox import Repo, Sandbox
from tests.e2e.conftest import RunningBot

CONFIG = b"""version: 1
migrations:
  old:
    deprecated: pkg.impl.old
    canonical: pkg.impl.new
    tracking: {issue: 1, checklist: [{item: All calls replaced, evidence: {usages: none}}]}
"""
OLD, NEW = b"from pkg.impl import old\n\nold()\n", b"from pkg.impl import new\n\nnew()\n"


async def shown(github: Sandbox) -> str:
    assert github.webhook_url
    address = github.webhook_url.replace("/webhook", "/status")
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        assert answer.status == 200
        return await answer.text()


async def shown_once(text: str, github: Sandbox) -> str:
    """The page when ``text`` is on it: the trackers are looked at a little after the push."""
    async with asyncio.timeout(30):
        while True:
            page = await shown(github)
            if text in page:
                return page
            await asyncio.sleep(0.02)


async def test_the_burn_down_is_on_the_operators_page(bot: RunningBot, github: Sandbox) -> None:
    files = {".github/ssot.yml": CONFIG, "pkg/__init__.py": b"", "pkg/impl.py": b"def old(): ...\n\n\ndef new(): ...\n"}
    repo: Repo = await github.repo("acme/app", files={**files, "a.py": OLD, "b.py": OLD})
    assert "<svg" not in await shown(github)
    await repo.open_issue("Migrate", "- [ ] All calls replaced")
    await bot.receive(repo.push({"README.md": b"Soon."}))
    await shown_once("4 usages on", github)
    await bot.receive(repo.push({"a.py": NEW}))
    page = await shown_once("4 → 2 usages since", github)
    assert page.count("<svg") == 1
    assert f'href="{github.url}/acme/app/issues/1">acme/app#1</a>' in page


async def test_what_an_installation_has_not_granted_is_on_the_operators_page(bot: RunningBot, github: Sandbox) -> None:
    repo: Repo = await github.repo("acme/app", files={"a.py": NEW})
    installation = github.installation(repo)
    installation.permissions["statuses"] = "read"
    installation.events.remove("check_suite")
    page = await shown(github)
    assert "acme (installation" in page
    assert "lacks the permissions statuses: write and the events check_suite." in page
    assert "Not granted" in await shown(github)
    asked = [request for request in github.requests if request.path == "/app/installations"]
    assert len(asked) == 1, "GitHub is asked once in ten minutes"


async def test_when_all_is_granted_the_page_says_nothing_of_it(bot: RunningBot, github: Sandbox) -> None:
    await github.repo("acme/app", files={"a.py": NEW})
    assert "Not granted" not in await shown(github)
