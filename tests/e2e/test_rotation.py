"""Secrets change between two starts; what the bot wrote before is still its own."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.demo import serving, settings_for, settled
from bot.sandbox import Repo, Sandbox
from bot.sandbox.example import HEALTH_WITH_A_PROBE
from bot.settings import Secret

HEALTH = "netra_backend/app/routes/health.py"
FIRST, SECOND = Secret("the first key of the markers"), Secret("the second key of the markers")


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(((), (), (), ()), id="derived from the webhook secret"),
        pytest.param(((), (FIRST,), (FIRST,), (SECOND, FIRST)), id="keys of their own"),
    ],
)
async def test_a_rotation_that_has_ended_forgets_nothing(
    github: Sandbox, service: Repo, tmp_path: Path, keys: tuple[tuple[Secret, ...], ...]
) -> None:
    """No comment twice, and what was skipped stays so: before, during and after the rotation."""
    old, new = github.app.webhook_secret, "another secret for the webhooks"
    ann = github.user("ann", role="write")
    secrets = ((old,), (old,), (new, old), (new,))
    plain = settings_for(github, tmp_path)
    for turn, (webhook, own) in enumerate(zip(secrets, keys, strict=True)):
        github.app.webhook_secret = webhook[0]
        settings = replace(plain, webhook_secrets=tuple(map(Secret, webhook)), marker_keys=own)
        async with serving(github, settings) as app:
            if turn == 0:
                pull = await service.open_pull_request({HEALTH: HEALTH_WITH_A_PROBE})
                await settled(github, app)
                code = pull.review_comments[0].body.partition("</sub>")[0].rpartition("`")[0].rpartition("`")[2]
                await pull.comment(f"/ssot skip {code} not now", by=ann)
            else:
                await pull.push({"README.md": f"# Title {turn}\n".encode()})
            await settled(github, app)
        assert (len(pull.reviews), len(pull.review_comments)) == (1, 1), turn
        assert pull.check_runs[-1].conclusion == "success", turn
