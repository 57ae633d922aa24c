"""The keys of markers over rotations: what was signed once is recognised, whatever the webhook secret is by now."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.identity.markers import MarkerKeys
from bot.storage import Storage
from bot.storage.engine import storage_url
from bot.storage.signing import signing_keys

OLD, NEW, OWN, NEXT = (f"a secret of some length: {name}".encode() for name in ("old", "new", "own", "next"))


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = Storage(storage_url(f"sqlite:///{tmp_path / 'ssot.db'}"))
    await opened.open()
    yield opened
    await opened.close()


def key(secret: bytes) -> bytes:
    (derived,) = MarkerKeys.derive([secret]).keys
    return derived


async def test_the_webhook_secrets_key_outlives_its_rotation(storage: Storage) -> None:
    first = await signing_keys(storage, given=[], webhook_secrets=[OLD])
    assert first.keys == (key(OLD),)
    both = await signing_keys(storage, given=[], webhook_secrets=[NEW, OLD])
    assert both.keys == (key(NEW), key(OLD))
    after = await signing_keys(storage, given=[], webhook_secrets=[NEW])
    assert after.keys == (key(NEW), key(OLD))


async def test_a_key_of_its_own_signs_and_what_was_before_verifies(storage: Storage) -> None:
    await signing_keys(storage, given=[], webhook_secrets=[OLD])
    own = await signing_keys(storage, given=[OWN], webhook_secrets=[NEW])
    assert own.keys[0] == key(OWN)
    assert set(own.keys) == {key(OWN), key(NEW), key(OLD)}
    rotated = await signing_keys(storage, given=[NEXT, OWN], webhook_secrets=[NEW])
    assert rotated.keys[:2] == (key(NEXT), key(OWN))
    ended = await signing_keys(storage, given=[NEXT], webhook_secrets=[NEW])
    assert key(OWN) not in ended.keys, "a key of its own is retired by leaving it out"


async def test_no_secret_is_stored(storage: Storage) -> None:
    await signing_keys(storage, given=[OWN], webhook_secrets=[OLD])
    (entry,) = await storage.entries("marker-keys")
    record = await storage.get("marker-keys", entry.key)
    assert record is not None
    assert record.value == key(OLD)
    assert entry.key not in key(OLD).hex()
