"""What was written a moment ago is kept for minutes, and forgotten without a look at all of it for each."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bot.context import Bot
from bot.review import written
from bot.storage import Storage


async def test_what_is_old_is_forgotten_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(f"sqlite:///{tmp_path / 'records.db'}")
    await storage.open()
    bot = cast("Bot", SimpleNamespace(storage=storage))
    prunes: list[str] = []
    prune = Storage.prune

    async def counted(self: Storage, namespace: str, **conditions: timedelta) -> int:
        prunes.append(namespace)
        return await prune(self, namespace, **conditions)  # type: ignore[arg-type]  # an age alone

    monkeypatch.setattr(Storage, "prune", counted)
    monkeypatch.setattr(written, "KNOWN_FOR", timedelta())
    for number in range(1_000, 1_064):
        await written.remember(bot, f"review/1#{number}", number)
    assert len(prunes) == 2
    assert len(await storage.entries(written.NAMESPACE)) < 64
    await storage.close()
