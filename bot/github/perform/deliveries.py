"""Webhook deliveries.  https://docs.github.com/en/rest/apps/webhooks."""

from bot.domain.effects import Redeliver
from bot.github import operations as ops
from bot.github.client import GitHub


async def redeliver(gh: GitHub, redelivery: Redeliver) -> None:
    """Ask GitHub to send a delivery again, under the same GUID."""
    await gh.call_as_app(ops.REDELIVER, lambda _data: None, delivery_id=redelivery.attempt)
