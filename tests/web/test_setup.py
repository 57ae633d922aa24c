"""Setting up: the App is registered by a browser on this machine, once, and its credentials are seen by nobody.

Case 67 of the hostile inputs, and the whole flow against the sandbox's manifest pages.
"""

import asyncio
import html
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web
from markupsafe import escape

from bot.domain.errors import SettingsError, UserError
from bot.github import GitHub, open_session, reads
from bot.github.manifest import REASONS, manifest_document
from bot.github.registration import Registration, RegistrationFailed, convert, page_url
from bot.sandbox import Sandbox
from bot.settings import Settings
from bot.settings.credentials import variables, write_credentials
from bot.web import create_runner
from bot.web.setup import Setup, SetupParts, States, webhook_url

ROOT = Path(__file__).parents[2]
HOOK = "https://bot.example.com/webhook"


@pytest.fixture
async def github() -> AsyncIterator[Sandbox]:
    """Not held to the contract: the part of it that the suite has says nothing of manifests."""
    async with Sandbox() as sandbox:
        yield sandbox


@dataclass
class Page:
    """The pages of setup, and a browser."""

    address: str
    browser: aiohttp.ClientSession
    kept: list[Registration] = field(default_factory=list)

    async def get(self, path: str = "/setup", **headers: str) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.browser.get(self.address + path, headers=named, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def send(self, **values: str) -> tuple[int, str]:
        async with self.browser.post(f"{self.address}/setup", data=values) as answer:
            return answer.status, await answer.text()

    async def state(self) -> str:
        return hidden(await self.get(), "state")

    async def confirmed(self, **values: str) -> tuple[str, str]:
        """GitHub's page and the manifest for it, as the second form has them."""
        given = {"name": "our bot", "url": HOOK, "owner": "", **values}
        status, text = await self.send(state=await self.state(), **given)
        assert status == 200, text
        action = re.search(r'<form method="post" action="([^"]+)"', text)
        assert action is not None
        return html.unescape(action[1]), hidden((status, text), "manifest")

    async def came_back(self, **values: str) -> str:
        """Where GitHub sends the browser after the App was made there."""
        action, manifest = await self.confirmed(**values)
        async with self.browser.post(action, data={"manifest": manifest}, allow_redirects=False) as answer:
            assert answer.status == 302, await answer.text()
            return answer.headers["location"].removeprefix(self.address)


def hidden(answer: tuple[int, str], name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer[1])
    assert found is not None, answer[1]
    return html.unescape(found[1])


@pytest.fixture
async def setup(github: Sandbox) -> AsyncIterator[Page]:
    async for page in serving(github):
        yield page


async def serving(github: Sandbox, remote: str | None = None) -> AsyncIterator[Page]:
    """The pages; with ``remote`` as if all requests came from that address."""

    @web.middleware
    async def elsewhere(request: web.Request, handler: object) -> web.StreamResponse:
        answer: web.StreamResponse = await handler(request.clone(remote=remote) if remote else request)  # type: ignore[operator]
        return answer

    app = web.Application(middlewares=[elsewhere])
    runner = create_runner(app)
    async with open_session() as session, aiohttp.ClientSession() as browser:
        page = Page("", browser)

        def keep(made: Registration) -> str:
            page.kept.append(made)
            return "credentials.env"

        # The routes name the port, and are frozen before it would be taken: so it is taken first.
        listener = socket.create_server(("127.0.0.1", 0))
        page.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        parts = SetupParts(
            address=page.address,
            api_url=github.url,
            manifest=manifest_document(),
            exchange=lambda code: convert(session, github.url, code),
            keep=keep,
            done=lambda *_: None,
        )
        app.add_routes(Setup(parts).routes())
        await runner.setup()
        await web.SockSite(runner, listener).start()
        yield page
        await runner.cleanup()


async def test_the_app_is_registered_with_what_app_yaml_asks_for(github: Sandbox, setup: Page) -> None:
    status, text = await setup.get(await setup.came_back())
    assert status == 200, text
    (made,) = setup.kept
    assert (made.id, made.name) == (github.app.id, "our bot")
    (manifest,) = github.manifests
    document = manifest_document()
    assert manifest["default_permissions"] == document["default_permissions"]
    assert manifest["default_events"] == document["default_events"]
    assert manifest["hook_attributes"] == {"url": HOOK, "active": True}
    assert manifest["redirect_url"] == f"{setup.address}/setup/registered"
    assert made.webhook_secret not in text
    assert "PRIVATE KEY" not in text


async def test_every_permission_says_what_it_is_for(setup: Page) -> None:
    assert REASONS.keys() == dict(manifest_document()["default_permissions"]).keys()
    _, text = await setup.send(state=await setup.state(), name="our bot", url=HOOK, owner="")
    for name, access in manifest_document()["default_permissions"].items():
        reason = str(escape(REASONS[name])).replace("`", "\0")
        while "\0" in reason:  # what is code in the documents is code here, too
            reason = reason.replace("\0", "<code>", 1).replace("\0", "</code>", 1)
        assert f'<th scope="row">{name}</th><td>{access}</td><td>{reason}</td>' in text


async def test_without_a_public_address_a_channel_is_offered(setup: Page) -> None:
    _, text = await setup.get()
    assert 'href="https://smee.io/new"' in text
    assert "can read all payloads" in text
    _, text = await setup.get(await setup.came_back(url="https://smee.io/abc123"))
    assert "<code>ssot serve --smee https://smee.io/abc123</code>" in text


async def test_an_organization_owns_the_app(github: Sandbox, setup: Page) -> None:
    action, _ = await setup.confirmed(owner="acme")
    assert urlsplit(action).path == "/organizations/acme/settings/apps/new"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"url": "http://bot.example.com/webhook"}, "https://"),
        ({"url": "ftp://bot.example.com"}, "https://"),
        ({"url": ""}, "https://"),
        ({"url": "https://user:pw@bot.example.com/"}, "https://"),
        ({"url": "https://bot.example.com/?a=b"}, "must not have a query"),
        ({"url": "https://bоt.example.com/"}, "https://"),
        ({"name": "<b>"}, "1 to 34"),
        ({"name": "x" * 35}, "1 to 34"),
        ({"owner": "../x"}, "not a valid organization name"),
    ],
    ids=str,
)
async def test_what_cannot_be_is_said_and_asked_for_again(setup: Page, values: dict[str, str], words: str) -> None:
    given = {"name": "bot", "url": HOOK, "owner": "", **values}
    status, text = await setup.send(state=await setup.state(), **given)
    assert status == 422
    assert words in text
    assert "<b>" not in text


@pytest.mark.parametrize("state", ["", "wrong", "x" * 1_000])
async def test_case_67_without_the_forms_state_nothing_happens(github: Sandbox, setup: Page, state: str) -> None:
    assert (await setup.send(state=state, name="bot", url=HOOK, owner=""))[0] == 403
    code = parse_qs(urlsplit(await setup.came_back()).query)["code"][0]
    assert (await setup.get(f"/setup/registered?code={code}&state={state}"))[0] == 403
    assert (await setup.get(f"/setup/registered?code={code}"))[0] == 403
    assert setup.kept == []


async def test_case_67_a_state_is_good_once(setup: Page) -> None:
    state = await setup.state()
    assert (await setup.send(state=state, name="bot", url=HOOK, owner=""))[0] == 200
    assert (await setup.send(state=state, name="bot", url=HOOK, owner=""))[0] == 403
    failed = (await setup.came_back()).replace("code=", "code=unknown")
    assert (await setup.get(failed))[0] == 502
    assert (await setup.get(failed))[0] == 403


async def test_case_67_a_code_is_not_exchanged_twice(github: Sandbox, setup: Page) -> None:
    back = await setup.came_back()
    assert (await setup.get(back))[0] == 200
    assert (await setup.get(back))[0] == 404
    assert len(setup.kept) == 1
    async with open_session() as session:
        with pytest.raises(RegistrationFailed):
            await convert(session, github.url, parse_qs(urlsplit(back).query)["code"][0])


async def test_case_67_a_second_registration_is_refused(github: Sandbox, setup: Page) -> None:
    first, second = await setup.came_back(), await setup.came_back()
    hold = github.faults.hold(path="/app-manifests/*")
    under_way = asyncio.create_task(setup.get(first))
    await hold.reached.wait()
    assert (await setup.get(second))[0] == 404, "while the first one is under way"
    hold.release()
    assert (await under_way)[0] == 200
    for path in ("/setup", second):
        assert (await setup.get(path))[0] == 404
    assert (await setup.send(state="any"))[0] == 404
    assert len(setup.kept) == 1


async def test_case_67_a_remote_client_is_refused(github: Sandbox) -> None:
    async for page in serving(github, remote="203.0.113.5"):
        assert (await page.get())[0] == 403
        assert (await page.send(state="x"))[0] == 403
        assert (await page.get("/setup/registered?code=x&state=x"))[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "203.0.113.5"},
        {"Forwarded": "for=203.0.113.5"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:8000"},
        {"Host": ""},
    ],
    ids=str,
)
async def test_case_67_a_proxy_or_a_name_that_was_pointed_here_is_refused(setup: Page, headers: dict[str, str]) -> None:
    assert (await setup.get("/setup", **headers))[0] == 403


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "localhost:9999", "[::1]:8000"])
async def test_case_36_no_address_is_taken_from_a_request(setup: Page, host: str) -> None:
    """Through a tunnel the browser has another port; the manifest still names where the server listens."""
    _, text = await setup.get("/setup", Host=host)
    assert host not in text
    _, manifest = await setup.confirmed()
    assert f"{setup.address}/setup/registered" in manifest


async def test_a_failed_exchange_can_be_begun_again(github: Sandbox, setup: Page) -> None:
    github.faults.error(502, path="/app-manifests/*", times=1)
    status, text = await setup.get(await setup.came_back())
    assert (status, setup.kept) == (502, [])
    assert "no usable answer" in text
    assert (await setup.get(await setup.came_back()))[0] == 200


def test_forms_are_forgotten_before_they_fill_the_memory() -> None:
    states = States()
    issued = [states.issue() for _ in range(100)]
    assert [states.take(state) for state in issued].count(True) == 16
    assert not any(states.take(state) for state in issued)


@pytest.mark.parametrize(
    ("api", "owner", "expected"),
    [
        ("https://api.github.com", "", "https://github.com/settings/apps/new"),
        ("https://api.github.com", "acme", "https://github.com/organizations/acme/settings/apps/new"),
        ("https://ghe.example/api/v3", "", "https://ghe.example/settings/apps/new"),
        ("https://api.acme.ghe.com", "", "https://acme.ghe.com/settings/apps/new"),
        ("https://api.acme.ghe.com", "o", "https://acme.ghe.com/organizations/o/settings/apps/new"),
        ("https://api.example.com/api/v3", "", "https://api.example.com/settings/apps/new"),
    ],
)
def test_the_page_is_where_the_server_has_it(api: str, owner: str, expected: str) -> None:
    assert page_url(api, owner) == expected


@pytest.mark.parametrize(
    "url", [HOOK, "https://smee.io/abc", "http://127.0.0.1:8000/webhook", "https://x.example:8443/"]
)
def test_addresses_that_github_can_deliver_to(url: str) -> None:
    assert webhook_url(url) == url


def test_an_address_with_a_bad_port_is_none() -> None:
    with pytest.raises(UserError):
        webhook_url("https://x.example:99999/")


# --- what is kept ------------------------------------------------------------------------------------------------


def credentials() -> dict[str, str]:
    from tests.test_settings import SECRET, pem

    return {
        "GITHUB_APP_ID": "7",
        "GITHUB_PRIVATE_KEY": pem().strip().replace("\n", "\\n"),
        "GITHUB_WEBHOOK_SECRET": SECRET,
    }


@pytest.mark.parametrize("address", ["https://api.github.com", "https://ghe.example/api/v3"])
def test_the_address_and_a_key_for_markers_are_kept_with_the_credentials(tmp_path: Path, address: str) -> None:
    from tests.test_settings import SECRET, pem

    made = variables(
        app_id=7,
        private_key=pem(),
        webhook_secret=SECRET,
        marker_key=SECRET[::-1],
        metrics_token=SECRET + "!",
        api_url=address,
    )
    write_credentials(tmp_path, made)
    settings = Settings.from_env({"SSOT_DATA_DIR": str(tmp_path)})
    assert settings.metrics_token is not None
    assert settings.metrics_token.reveal() == SECRET + "!"
    assert (settings.app_id, settings.api_url) == (7, address)
    assert [key.reveal() for key in settings.marker_keys] == [SECRET[::-1]]
    rotated = Settings.from_env({"SSOT_DATA_DIR": str(tmp_path), "SSOT_MARKER_KEYS": f"{SECRET}-new,{SECRET[::-1]}"})
    assert [key.reveal() for key in rotated.marker_keys] == [f"{SECRET}-new", SECRET[::-1]]


def test_the_kept_credentials_start_the_bot(tmp_path: Path) -> None:
    path = write_credentials(tmp_path / "new", credentials())
    assert path.stat().st_mode & 0o777 == 0o600
    assert Settings.from_env({"SSOT_DATA_DIR": str(tmp_path / "new")}).app_id == 7
    assert list(path.parent.iterdir()) == [path]


def test_the_environments_app_comes_first_and_is_not_mixed(tmp_path: Path) -> None:
    write_credentials(tmp_path, credentials())
    with pytest.raises(SettingsError, match="GITHUB_WEBHOOK_SECRET is not set"):
        Settings.from_env({"SSOT_DATA_DIR": str(tmp_path), "GITHUB_APP_ID": "8"})


def test_credentials_that_others_can_read_are_refused(tmp_path: Path) -> None:
    write_credentials(tmp_path, credentials()).chmod(0o640)
    with pytest.raises(SettingsError, match="other users can read"):
        Settings.from_env({"SSOT_DATA_DIR": str(tmp_path)})


def test_credentials_are_never_written_over(tmp_path: Path) -> None:
    path = write_credentials(tmp_path, credentials())
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        write_credentials(tmp_path, {"GITHUB_APP_ID": "9"})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


# --- the command -------------------------------------------------------------------------------------------------


async def ssot(env: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, cwd=ROOT, env=env,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_from_nothing_to_an_app_that_github_knows(github: Sandbox, tmp_path: Path) -> None:
    """``ssot setup`` as a person runs it, and then the settings that ``ssot serve`` would start with."""
    env = {"PATH": os.environ["PATH"], "SSOT_DATA_DIR": str(tmp_path), "GITHUB_API_URL": github.url}
    process = await ssot(env, "setup", "--port", "0")
    assert process.stdout is not None
    address = re.search(rb"http://\S+(?=/setup)", await process.stdout.readline())
    assert address is not None
    async with aiohttp.ClientSession() as browser:
        page = Page(address[0].decode(), browser)
        assert (await page.get(await page.came_back()))[0] == 200
    out, err = await process.communicate()
    assert process.returncode == 0, err
    said = (out + err).decode()
    assert f"as App {github.app.id}" in said
    for secret in (github.app.webhook_secret, *github.app.private_key.splitlines()[1:-1]):
        assert secret not in said
    settings = Settings.from_env(env)
    assert settings.metrics_token is not None
    assert "SSOT_METRICS_TOKEN" in said
    assert settings.metrics_token.reveal() not in said
    async with open_session() as session:
        gh = GitHub(
            session, app_id=settings.app_id, private_key=settings.private_key.reveal(), api_url=settings.api_url
        )
        assert (await reads.identity(gh)).name == "our bot"
    again = await ssot(env, "setup", "--port", "0")
    _, err = await again.communicate()
    assert again.returncode == 2
    assert b"credentials of an App already" in err
