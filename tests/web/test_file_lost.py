"""The hook and the health page while SQLite's file is not what it was."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.jobs.clock import utc_now
from bot.storage import StorageUnavailable
from tests.jobs.test_file_lost import overwrite_header, remove, remove_all, replace_by_empty, truncate
from tests.web.conftest import Serve


@pytest.mark.parametrize("damage", [remove, remove_all, replace_by_empty, truncate, overwrite_header])
async def test_the_hook_and_readiness_say_so(serve: Serve, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    server = await serve()
    path = tmp_path / "ssot.db"
    for number in range(20):
        assert (await server.post(X_GitHub_Delivery=f"guid-{number}")).status == 202
    damage(path)
    for number in range(20, 40):
        assert (await server.post(X_GitHub_Delivery=f"guid-{number}")).status == 503
    assert (await server.get("/health/ready")).status == 503


async def test_the_hook_obeys_readiness(serve: Serve) -> None:
    """The records cannot be used: nothing is accepted, and all is well again at once when they can."""
    away = True

    async def records() -> None:
        if away:
            raise StorageUnavailable(at=utc_now(), reason="records.db is gone")

    server = await serve(records=records)
    assert (await server.post()).status == 503
    ready = await server.get("/health/ready")
    assert (ready.status, ready.body) == (503, "the records cannot be used\n")
    assert await server.stored() == 0
    away = False
    assert (await server.post()).status == 202


async def test_without_a_worker_nothing_is_accepted(serve: Serve) -> None:
    server = await serve()
    await server.worker.stop(0.1)
    assert (await server.post()).status == 503
    assert (await server.get("/health/ready")).body == "the worker is not running\n"
