"""The doctor finds what keeps an App from working, and says what to do about it."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.doctor import (
    DoctorCheck,
    DoctorVerdict,
    check_address,
    check_clock,
    check_database,
    check_deliveries,
    check_hook,
    check_marker_keys,
    command,
    examine,
)
from bot.domain.facts import HookConfig, HookDelivery
from bot.domain.references import Delivery, DeliveryId
from bot.github import GitHub, open_session
from bot.jobs import State
from bot.jobs.opening import store_of
from bot.sandbox import Repo, Sandbox
from bot.sandbox.faults import Reply
from bot.settings import Settings
from tests.test_settings import env

NEEDED = {"checks": "write", "metadata": "read"}
HOOK = {"url": "https://bot.example/webhook", "content_type": "json", "insecure_ssl": "0", "secret": "********"}


@pytest.fixture
async def github() -> AsyncIterator[Sandbox]:
    """Not held to the contract: the part of it that the suite has says nothing of ``/app/hook/config``."""
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def repo(github: Sandbox) -> Repo:
    """``acme/app``, where the App is installed."""
    return await github.repo("acme/app", files={"a.py": b""})


@pytest.fixture
async def gh(github: Sandbox) -> AsyncIterator[GitHub]:
    async with open_session() as session:
        yield GitHub(session, app_id=github.app.id, private_key=github.app.private_key, api_url=github.url)


def set_hook(github: Sandbox, status: int = 200, **changes: str) -> None:
    body = json.dumps(HOOK | changes if status == 200 else {"message": "Not Found"}).encode()
    github.faults.add("hook", Reply(status=status, body=body), effect=False, path="/app/hook/config", times=None)


async def report(gh: GitHub, needed: dict[str, str], events: set[str]) -> list[DoctorCheck]:
    return [check async for check in examine(gh, needed, events)]


def faults_of(checks: list[DoctorCheck]) -> list[str]:
    return [check.text for check in checks if check.verdict is DoctorVerdict.FAULT]


async def test_a_healthy_app_has_no_fault(github: Sandbox, gh: GitHub, repo: Repo) -> None:
    set_hook(github)
    checks = await report(gh, dict(github.app.permissions), {"pull_request", "installation"})
    assert faults_of(checks) == []
    assert [c.text for c in checks if "installation" in c.text] == [
        f"installation {github.installation(repo).id} (acme): permissions and events as needed"
    ]


async def test_the_webhook_s_own_address_is_tried(github: Sandbox, gh: GitHub) -> None:
    set_hook(github)
    tried = []

    async def ping(url: str) -> DoctorCheck:
        tried.append(url)
        return DoctorCheck(verdict=DoctorVerdict.FAULT, text="round trip: no")

    checks = [check async for check in examine(gh, NEEDED, {"pull_request"}, ping)]
    assert tried == [HOOK["url"]]
    assert faults_of(checks) == ["round trip: no"]


async def test_a_permission_that_an_owner_has_not_accepted_is_named(github: Sandbox, gh: GitHub, repo: Repo) -> None:
    set_hook(github)
    github.installation(repo).permissions["checks"] = "read"
    (found,) = faults_of(await report(gh, NEEDED, {"pull_request"}))
    assert "(acme) lacks the permissions checks: write" in found


async def test_what_nothing_uses_is_a_warning(github: Sandbox, gh: GitHub) -> None:
    set_hook(github)
    checks = await report(gh, NEEDED, {"pull_request"})
    assert [c.verdict for c in checks if "unused permissions" in c.text] == [DoctorVerdict.WARNING]


async def test_an_event_that_is_not_subscribed_to_is_named(github: Sandbox, gh: GitHub) -> None:
    set_hook(github)
    (found,) = faults_of(await report(gh, NEEDED, {"pull_request", "gollum"}))
    assert "does not receive the events gollum" in found


async def test_a_suspended_installation_is_a_warning(github: Sandbox, gh: GitHub, repo: Repo) -> None:
    set_hook(github)
    github.suspend(github.installation(repo))
    checks = await report(gh, NEEDED, {"pull_request"})
    assert [c.verdict for c in checks if "suspended" in c.text] == [DoctorVerdict.WARNING]


async def test_a_key_of_another_app_is_reported(github: Sandbox, gh: GitHub) -> None:
    set_hook(github)
    github.app.id += 1
    (found,) = faults_of(await report(gh, NEEDED, set()))
    assert "rejects the private key" in found


async def test_without_a_webhook_nothing_arrives(github: Sandbox, gh: GitHub) -> None:
    set_hook(github, status=404)
    (found,) = faults_of(await report(gh, NEEDED, set()))
    assert "no webhook" in found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"has_secret": False}, "no secret"),
        ({"content_type": "form"}, "sends form"),
        ({"insecure_ssl": True}, "does not verify"),
        ({"url": "http://bot.example"}, "does not use https"),
        ({}, "webhook: https://bot.example"),
    ],
)
def test_the_hooks_configuration(changes: dict[str, bool | str], words: str) -> None:
    good = {"url": "https://bot.example", "content_type": "json", "insecure_ssl": False, "has_secret": True}
    (check,) = check_hook(HookConfig(**{**good, **changes}))  # type: ignore[arg-type]  # one dict of unlike values
    assert words in check.text
    assert (check.verdict is DoctorVerdict.OK) is (changes == {})


def delivery(status: int) -> HookDelivery:
    return HookDelivery(
        id=1, guid=DeliveryId("x"), delivered_at=datetime.now(UTC), status="", status_code=status, event="push",
        action=None, redelivery=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([202, 202], DoctorVerdict.OK),
        ([202, 503], DoctorVerdict.WARNING),
        ([401, 202], DoctorVerdict.FAULT),
        ([202, 401], DoctorVerdict.WARNING),
        ([], DoctorVerdict.WARNING),
    ],
    ids=str,
)
def test_the_latest_deliveries(statuses: list[int], verdict: DoctorVerdict) -> None:
    assert [check.verdict for check in check_deliveries(map(delivery, statuses))] == [verdict]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "within 0 s"), (31, "31 s behind"), (-90, "90 s ahead"), (30, "within")]
)
def test_the_clock(seconds: int, words: str) -> None:
    assert words in check_clock(timedelta(seconds=seconds)).text


def test_incomplete_settings_are_listed() -> None:
    result = CliRunner().invoke(command, env={"GITHUB_APP_ID": "", "APP_ID": ""})
    assert result.exit_code == 2
    assert "fault  GITHUB_APP_ID is not set" in result.output


def test_an_unreachable_github_is_no_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in env(GITHUB_API_URL="http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(command)
    assert result.exit_code == 2, result.output
    assert "GitHub does not answer" in result.output


def fresh(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'new' / 'ssot.db'}"


def test_a_database_that_is_still_to_be_made_is_well(tmp_path: Path) -> None:
    (check,) = check_database(fresh(tmp_path))
    assert (check.verdict, "none yet" in check.text) == (DoctorVerdict.OK, True)
    assert not (tmp_path / "new").exists(), "looking makes nothing"


def test_a_directory_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (check,) = check_database(f"sqlite:///{tmp_path / 'file' / 'ssot.db'}")
    assert (check.verdict, "SSOT_DATA_DIR" in check.text) == (DoctorVerdict.FAULT, True)


def test_a_damaged_database_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "ssot.db").write_bytes(b"this is a text" * 500)
    (check,) = check_database(f"sqlite:///{tmp_path / 'ssot.db'}")
    assert check.verdict is DoctorVerdict.FAULT
    assert "ssot.db" in check.text


def test_a_database_that_does_not_answer_is_a_fault_without_its_password() -> None:
    (check,) = check_database("postgresql://bot:canary-password@127.0.0.1:9/ssot")
    assert check.verdict is DoctorVerdict.FAULT
    assert "SSOT_DATABASE_URL" in check.text
    assert "canary" not in check.text


async def test_dead_letters_are_pointed_at(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ssot.db'}"
    store = store_of(url)
    await store.open()
    for number in range(2):
        delivery = Delivery(id=DeliveryId(str(number)), event="push", body=b"{}")
        stored = await store.put(delivery, datetime.now(UTC))
    await store.settle(stored.seq, State.DEAD, "why", datetime.now(UTC))
    await store.close()
    found, dead = check_database(url)
    assert found.text == "database: 2 deliveries, 1 queued"
    assert (dead.verdict, dead.text.startswith("database: 1 dead jobs")) == (DoctorVerdict.WARNING, True)


def test_markers_without_a_key_of_their_own_are_a_warning() -> None:
    assert check_marker_keys(Settings.from_env(env())).verdict is DoctorVerdict.WARNING
    own = check_marker_keys(Settings.from_env(env(SSOT_MARKER_KEYS="0123456789abcdef-new,0123456789abcdef-old")))
    assert own.verdict is DoctorVerdict.OK
    assert "abcdef" not in own.text


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, DoctorVerdict.OK),
        ({"HOST": "0.0.0.0"}, DoctorVerdict.WARNING),  # noqa: S104  # looked at, not listened on
        ({"HOST": "0.0.0.0", "SSOT_METRICS_TOKEN": "0123456789abcdef"}, DoctorVerdict.OK),  # noqa: S104
    ],
    ids=["loopback", "everywhere", "everywhere, with a token"],
)
def test_the_address(changes: dict[str, str], verdict: DoctorVerdict) -> None:
    assert check_address(Settings.from_env(env(**changes))).verdict is verdict
