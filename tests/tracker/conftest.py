"""A bot for the tracker, as in the inventory."""

from tests.inventory.conftest import bot, outbox

__all__ = ["bot", "outbox"]
