"""The doctor says whom the names on the allow list stand for."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from bot.cli.demo import serving, settings_for
from bot.cli.doctor import DoctorVerdict, check_allowed
from bot.github import GitHub, open_session
from bot.sandbox import Sandbox
from bot.settings import Allowed, Settings
from bot.storage import Storage
from bot.storage.engine import storage_url
from tests.jobs.conftest import until


async def test_names_on_the_allow_list_are_looked_up(github: Sandbox, tmp_path: Path) -> None:
    """Whom a server found first is kept; what stands for nobody is said, with what to do."""
    repo = await github.repo("acme/app", {"a.py": b""})
    settings = replace(
        settings_for(github, tmp_path),
        allowed=Allowed(owners=frozenset({"acme", "nobody"}), repositories=frozenset({"acme/app", "acme/none"})),
    )
    async with open_session() as session:
        gh = GitHub(session, app_id=github.app.id, private_key=github.app.private_key, api_url=github.url)
        found = [(check.verdict, check.text) for check in await check_allowed(settings, gh)]
        owner = repo.record.owner.id
        assert found[0] == (DoctorVerdict.OK, f"SSOT_ALLOW: acme is owner:{owner}, acme/app is repository:{repo.id}")
        assert [(verdict, text.partition(";")[0]) for verdict, text in found[1:]] == [
            (DoctorVerdict.WARNING, "SSOT_ALLOW: nobody who has the App is called nobody now"),
            (DoctorVerdict.WARNING, "SSOT_ALLOW: nobody who has the App is called acme/none now"),
        ]
        async with serving(github, settings):
            await until(partial(_kept, settings))
        github.rename_owner("acme", "apex")
        assert (await check_allowed(settings, gh))[0].text == found[0][1]


async def _kept(settings: Settings) -> bool:
    storage = Storage(storage_url(settings.database_url.reveal()))
    await storage.open()
    try:
        return (await storage.read("allowed"))[0] is not None
    finally:
        await storage.close()
