"""What happens in a fleet of repositories in a day: a plan made at random from a seed.  Pure.

Times are seconds since midnight, of a weekday in one time zone.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

HOUR = 3_600.0
RHYTHM = (1, 1, 1, 1, 1, 2, 4, 10, 22, 60, 70, 60, 40, 55, 65, 65, 55, 40, 20, 10, 8, 6, 3, 2)
"""How much begins in each hour, in relation to the others."""
BURST = (9 * HOUR, 600.0, 0.06)
"""When everybody comes, for how long, and the share of the day's pull requests that are opened then."""
PULLS = 1.0
"""Pull requests that are opened in a day, for each repository of the fleet."""
HUGE, HUGE_FILES = 5, 400
CONFIGURED, TRACKED = 0.6, 0.05
"""The shares of the repositories with a configuration, and of those with a tracking issue in addition."""
CHECKS = ("build", "lint", "test")

CONFIG = """version: 1
migrations:
  old-client:
    deprecated: [acme.client.connect]
    canonical: acme.net.connect
    drop_in: true
"""
TRACKING = "    tracking: {issue: 1}\n"
CLIENT = b"def connect(host):\n    return host\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A repository of the fleet."""

    number: int
    owner: str
    name: str
    configured: bool
    tracked: bool
    huge: bool
    weight: float
    """How much happens there, in relation to the others."""

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A pull request and what becomes of it."""

    number: int
    place: Place
    opened: float
    pushes: tuple[float, ...]
    comments: tuple[tuple[float, str], ...]
    closed: float
    merged: bool
    uses: bool
    """Whether it adds a usage of what is deprecated."""
    python: bool
    reported: bool = True
    """Whether other checks run on its commits."""


def fleet(repositories: int, installations: int, seed: int) -> tuple[Place, ...]:
    """The repositories; the first installation is the largest, and activity differs as much as size does."""
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    shares = [1 / (rank + 1) ** 0.8 for rank in range(installations)]
    owners = [number for number in range(installations) for _ in range(1)]
    owners += draw.choices(range(installations), shares, k=max(repositories - installations, 0))
    found = []
    for number, owner in enumerate(sorted(owners[:repositories])):
        huge = number % max(repositories // HUGE, 1) == 0
        configured = huge or draw.random() < CONFIGURED
        found.append(
            Place(
                number=number, owner=f"org{owner:02d}", name=f"repo{number:05d}", configured=configured,
                tracked=configured and draw.random() < TRACKED / CONFIGURED, huge=huge,
                weight=draw.paretovariate(1.3) * (20 if huge else 1),
            )
        )  # fmt: skip
    return tuple(found)


def day(places: tuple[Place, ...], begin: float, end: float, seed: int) -> tuple[Change, ...]:
    """The pull requests that are opened between ``begin`` and ``end``, by their time."""
    draw = random.Random(seed + 1)  # noqa: S311
    count = round(PULLS * len(places))
    at, long, share = BURST
    weights = [place.weight for place in places]
    found = []
    for number, place in enumerate(draw.choices(places, weights, k=count)):
        hour = draw.choices(range(24), RHYTHM)[0]
        opened = at + draw.random() * long if draw.random() < share else (hour + draw.random()) * HOUR
        found.append(_change(draw, number, place, opened))
    return tuple(sorted((c for c in found if begin <= c.opened < end), key=lambda c: c.opened))


def _change(draw: random.Random, number: int, place: Place, opened: float) -> Change:
    lasting = draw.expovariate(1 / (3 * HOUR)) + 300
    pushes = tuple(sorted(opened + draw.random() * lasting for _ in range(draw.choice((0, 0, 1, 1, 2, 4)))))
    comments = tuple(
        (opened + draw.random() * lasting, draw.choices(WORDS, (80, 8, 6, 4, 2))[0])
        for _ in range(draw.choice((0, 1, 2, 3)))
    )
    python = draw.random() < 0.75
    return Change(
        number=number, place=place, opened=opened, pushes=pushes, comments=comments, closed=opened + lasting,
        merged=draw.random() < 0.8, python=python, uses=python and draw.random() < 0.3,
    )  # fmt: skip


WORDS = ("Looks good to me.", "/ssot status", "/ssot help", "/ssot scan", "/ssot migrate")


def flood(places: tuple[Place, ...], owner: str, at: float, count: int, first: int) -> Iterator[Change]:
    """A program opens ``count`` pull requests in one owner's repositories within twenty seconds, and leaves them."""
    own = [place for place in places if place.owner == owner and place.configured]
    for number in range(count):
        yield Change(
            number=first + number, place=own[number % len(own)], opened=at + 20 * number / count, pushes=(),
            comments=(), closed=float("inf"), merged=False, uses=True, python=True, reported=False,
        )  # fmt: skip


def neighbours(places: tuple[Place, ...], owner: str, at: float, first: int) -> Iterator[Change]:
    """While a program floods ``owner``, somebody opens a pull request in each other installation."""
    others = {place.owner: place for place in places if place.owner != owner and place.configured}
    for number, place in enumerate(others.values()):
        yield Change(
            number=first + number, place=place, opened=at + 30 + 2 * number, pushes=(), comments=(),
            closed=at + HOUR, merged=False, uses=True, python=True,
        )  # fmt: skip


def tree(place: Place) -> Mapping[str, bytes]:
    """The default branch at the beginning."""
    files = {
        "README.md": f"# {place.name}\n".encode(),
        "acme/__init__.py": b"",
        "acme/client.py": CLIENT,
        "acme/net.py": CLIENT,
        "acme/app.py": b"from acme.client import connect\n\n\ndef run():\n    return connect('a')\n",
    }
    if place.configured:
        files[".github/ssot.yml"] = (CONFIG + (TRACKING if place.tracked else "")).encode()
    for number in range(HUGE_FILES if place.huge else 4):
        files[f"acme/part{number % 20}/module{number}.py"] = _module(number)
    return MappingProxyType(files)


def _module(number: int) -> bytes:
    body = "\n".join(f"def step{n}(value):\n    return value + {n * number}\n\n" for n in range(6))
    return f'"""Module {number}."""\n\n{body}'.encode()


def content(change: Change, version: int) -> Mapping[str, bytes]:
    """What the pull request's branch gets with its ``version``-th push (0: when it is opened)."""
    if not change.python:
        return {f"docs/page{change.number}.md": f"# Page\n\nVersion {version}\n".encode()}
    use = "from acme.client import connect\n\n\ndef call():\n    return connect('b')\n" if change.uses else ""
    return {f"acme/change{change.number}.py": f"{use}\n\nVERSION = {version}\n".encode()}
