"""The sandbox speaks the versions of the API as GitHub does."""

import pytest

from bot.sandbox import Repo, Sandbox
from bot.sandbox.content import Submodule
from bot.sandbox.versions import FIRST, HEADER, LATER
from tests.sandbox.conftest import Answer, Caller


async def asked(bot: Caller, path: str, version: str) -> Answer:
    return await bot("GET", path, headers={HEADER: version})


async def test_a_version_that_it_does_not_know_is_refused(plain: Sandbox, plain_bot: Caller) -> None:
    answer = await asked(plain_bot, "./pulls", "v3")
    assert answer.status == 400
    assert answer.json["message"] == (
        'The version you specified in the "X-GitHub-API-Version" request header, "v3", is not a supported version. '
        'The following versions are currently supported: "2022-11-28", "2026-03-10" (most recent).'
    )
    plain.world.versions = ()
    assert (await asked(plain_bot, "./pulls", "v3")).status == 200


async def test_it_lists_its_versions(plain: Sandbox, plain_bot: Caller) -> None:
    assert (await plain_bot("GET", "/versions")).json == [FIRST, LATER]
    plain.world.versions = ()
    assert (await plain_bot("GET", "/versions")).status == 404


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("/rate_limit", {"rate"}),
        (".", {"has_downloads"}),
        ("./pulls/1", {"assignee", "merge_commit_sha"}),
        ("./issues/1", {"assignee"}),
    ],
)
async def test_what_the_later_one_left_out(repo: Repo, bot: Caller, path: str, gone: set[str]) -> None:
    await repo.open_pull_request({"a.py": b"x = 2\n"})
    path = path if path != "." else "/repos/acme/app"
    before, after = [(await asked(bot, path, version)).json for version in (FIRST, LATER)]
    assert before.keys() - after.keys() == gone
    if path.endswith("issues/1"):
        assert before["pull_request"].keys() - after["pull_request"].keys() == {"merged_at"}
    if path.endswith("pulls/1"):
        assert before["base"]["repo"].keys() - after["base"]["repo"].keys() == {"has_downloads"}


async def test_a_submodule_in_a_listing(repo: Repo, bot: Caller) -> None:
    await repo.push({"sub": Submodule("a" * 40)})
    for version, kind in ((FIRST, "file"), (LATER, "submodule")):
        listed = (await asked(bot, "./contents/", version)).json
        assert {entry["name"]: entry["type"] for entry in listed}["sub"] == kind
