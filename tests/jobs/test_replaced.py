"""Others have taken over from a server that was silent: that is no fault of the program, and the log shows none."""

import logging

import psycopg
import pytest
import structlog

from bot.jobs import State
from bot.jobs.postgres import PostgresWorker
from tests.jobs.conftest import Bench, states, until


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_worker_that_was_replaced_says_so_in_one_line(
    bench: Bench, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await bench.worker.start()
    assert isinstance(bench.worker, PostgresWorker)

    async def others() -> set[int]:
        with psycopg.connect(postgres_url) as connection:
            return {number for (number,) in connection.execute("SELECT id FROM procrastinate_workers").fetchall()}

    async def registered() -> bool:
        return bool(await others())

    await until(registered)
    with structlog.testing.capture_logs() as lines, caplog.at_level(logging.WARNING):
        before = await others()
        with psycopg.connect(postgres_url) as connection:
            connection.execute("DELETE FROM procrastinate_workers")

        async def again() -> bool:
            return bool(await others() - before)

        await until(again)
        await bench.put(1)
        assert states(await bench.settled()) == [State.DONE]
    assert [record for record in caplog.records if record.exc_info or record.levelno >= logging.WARNING] == []
    assert [(line["event"], line["log_level"]) for line in lines] == [("worker_replaced", "info")]
