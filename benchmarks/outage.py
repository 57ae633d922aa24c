"""What is left of an outage of one hour?  ``python benchmarks/outage.py [--deliveries 500]``  (promise P5)

The sandbox GitHub delivers to a server that is down, over an hour by its clock.  Then the real server starts, and its
sweep finds in GitHub's log what it missed.  Counted: deliveries that failed, that arrived in the end, and how often
each was asked for; after two more sweeps and a restart it must still be once.  Writes are not paced here: with GitHub's
one second between two of them, the asking alone takes as many seconds as there are deliveries.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.app import App
from bot.cli.demo import serving, settings_for, settled
from bot.domain.references import Task
from bot.github.payloads import delivery_of
from bot.recovery.deliveries import SWEEP
from bot.sandbox import Sandbox


async def outage(github: Sandbox, deliveries: int) -> set[str]:
    """Deliveries into the void, spread over the last hour; their GUIDs."""
    github.webhook_url = "http://127.0.0.1:9/down"
    repo = await github.repo("acme/app", files={"a.py": b"x = 1\n"})
    issue = await repo.open_issue("an issue", "")
    for number in range(deliveries):
        await issue.comment(f"comment {number}")
    await github.settled()
    sent = [each for each in github.deliveries if each.event == "issue_comment"]
    began = datetime.now(UTC) - timedelta(hours=1)
    for number, each in enumerate(sent):
        each.delivered_at = began + timedelta(hours=1) * number / len(sent)
    return {each.guid for each in sent if not each.ok}


async def swept(github: Sandbox, app: App, turn: int) -> None:
    await app.inbox.put(delivery_of(Task(event=SWEEP, id=f"benchmark {turn}", repo=None)))
    await settled(github, app)


async def measure(deliveries: int) -> bool:
    """Print the figures; whether they are what was promised."""
    async with Sandbox() as github:
        failed = await outage(github, deliveries)
        with tempfile.TemporaryDirectory() as directory:
            settings = settings_for(github, Path(directory))
            began = time.perf_counter()
            async with serving(github, settings) as app:
                await swept(github, app, 0)
                seconds = time.perf_counter() - began
                arrived = set(await app.store.known(failed))  # type: ignore[arg-type]  # GUIDs are DeliveryIds
                await swept(github, app, 1)
            async with serving(github, settings) as app:
                await swept(github, app, 2)
        asked = Counter(each.guid for each in github.deliveries if each.redelivery)
    once = sum(asked[guid] == 1 for guid in failed)
    print(f"failed {len(failed)}  recovered {len(failed & arrived)}  asked for once {once}  in {seconds:.1f} s")
    return failed == arrived and once == len(failed) == deliveries


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deliveries", type=int, default=500)
    sys.exit(0 if asyncio.run(measure(parser.parse_args().deliveries)) else 1)
