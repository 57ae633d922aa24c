"""A thousand deliveries at once."""

import asyncio

from bot.jobs import State
from tests.web.conftest import Server, headers, request


async def test_case_27_a_thousand_deliveries_at_once_are_all_stored_and_done(server: Server) -> None:
    body = b'{"zen": "' + b"x" * 2_000 + b'"}'
    raw = [request(body, head=headers(body, X_GitHub_Delivery=f"burst-{n}")) for n in range(1_000)]
    answers = await asyncio.gather(*(server.send(each, within=60) for each in raw))
    assert {answer.status for answer in answers} == {202}
    assert await server.stored() == 1_000
    async with asyncio.timeout(60):
        while True:
            if (await server.store.counts())[State.DONE] == 1_000:
                break
            await asyncio.sleep(0.02)
    assert len({delivery.id for delivery in server.handled}) == len(server.handled) == 1_000
