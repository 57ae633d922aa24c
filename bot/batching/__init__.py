"""How a migration is cut into pull requests, and what is done about the open ones.  Pure."""

from bot.batching.codeowners import CODEOWNERS, Codeowners
from bot.batching.plan import blob_id, plan_batches

__all__ = ["CODEOWNERS", "Codeowners", "blob_id", "plan_batches"]
