"""The hook and the health page while SQLite's file is not what it was."""

from collections.abc import Callable
from pathlib import Path

import pytest

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
