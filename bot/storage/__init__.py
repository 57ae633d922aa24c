"""What the bot stores besides its queue: records and shared documents, in SQLite or PostgreSQL.

*Records* are values under a namespace and a key: what is expensive to compute again (scan results) or impossible (the
number of usages last week).  *Documents* are small JSON objects that are changed atomically: until when GitHub must not
be asked, which writes were made within the last hour.  No secret is stored here but keys that signed markers (see
:mod:`bot.storage.signing`), and nothing that decides whether
something was written on GitHub: GitHub is asked.
"""

from bot.storage.model import Document, Entry, Record, StorageUnavailable
from bot.storage.storage import Storage

__all__ = ["Document", "Entry", "Record", "Storage", "StorageUnavailable"]
