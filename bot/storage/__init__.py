"""What the bot stores for itself, beside its queue: records and shared documents, on SQLite or PostgreSQL.

*Records* are values under a namespace and a key: what would be expensive to find out again (scan results) or cannot be
(how many usages there were last week).  *Documents* are small JSON objects that are changed atomically: until when
GitHub is not to be asked, which writes were made within the last hour.  No secret goes in here, and nothing that
decides whether something was written at GitHub: that is looked up.
"""

from bot.storage.model import Document, Entry, Record, StorageUnavailable
from bot.storage.storage import Storage

__all__ = ["Document", "Entry", "Record", "Storage", "StorageUnavailable"]
