"""The keys that sign markers, and those that did: a rotation of the webhook secret forgets nothing.

Keys that are derived from the webhook secret are stored at each start, so that they go on verifying when the secret is
no longer known.  Whoever reads them could forge markers, but only in texts that the App itself writes.
"""

from collections.abc import Sequence

from bot.identity.markers import MarkerKeys
from bot.storage.storage import Storage

NAMESPACE = "marker-keys"
"""Keys by the first digits of their digest, raw."""


async def signing_keys(storage: Storage, *, given: Sequence[bytes], webhook_secrets: Sequence[bytes]) -> MarkerKeys:
    """The first key signs: that of the newest of ``given``, or without one that of the newest webhook secret.

    All of ``given``, what is derived from the webhook secrets and what ever was on this database verify.
    """
    derived = MarkerKeys.derive(webhook_secrets)
    names = {derived.name(key): key for key in derived.keys}
    known = {entry.key for entry in await storage.entries(NAMESPACE)}
    for name in names.keys() - known:
        await storage.put(NAMESPACE, name, names[name])
    stored = await storage.get_many(NAMESPACE, sorted(known | names.keys()))
    own = MarkerKeys.derive(given).keys if given else ()
    return MarkerKeys(keys=tuple(dict.fromkeys((*own, *derived.keys, *(each.value for each in stored.values())))))
