"""The bot's own durable records: small values under a namespace and a key, on SQLite or PostgreSQL.

For what would be expensive to find out again (scan results by blob) or cannot be (how many usages there were last
week).  No secret goes in here, and nothing that decides whether something was written at GitHub: that is looked up.
"""

from bot.records.model import Entry, Record, Records, RecordsUnavailable

__all__ = ["Entry", "Record", "Records", "RecordsUnavailable"]
