"""A marker is written and read at a place of its kind, and in its kind's form."""

import pytest

from bot.domain.references import PullRequestRef
from bot.identity.kinds import MarkerKind, count_tracker_openings
from bot.identity.markers import MarkerKeys
from bot.identity.places import FILE, PlaceKind, conversation, migration, pull_request, removal
from tests.samples import REPO

KEYS = MarkerKeys.derive([b"a secret of some length"])
PLACES = {
    PlaceKind.PULL_REQUEST: pull_request(PullRequestRef(repo=REPO, number=7)),
    PlaceKind.CONVERSATION: conversation(REPO, 7),
    PlaceKind.MIGRATION: migration(REPO.id),
    PlaceKind.REMOVAL: removal(REPO.id),
    PlaceKind.FILE: FILE,
}


@pytest.mark.parametrize("kind", MarkerKind)
def test_a_marker_has_its_places_and_no_others(kind: MarkerKind) -> None:
    for place in (place for sort, place in PLACES.items() if sort in kind.places):
        text = kind.write(KEYS, place, ("1",))
        assert kind.read(KEYS, place, text) == ("1",)
        assert text.startswith("Ssot-" if kind.in_commits else kind.opening)
    for place in (place for sort, place in PLACES.items() if sort not in kind.places):
        for use in (lambda at: kind.write(KEYS, at, ("1",)), lambda at: kind.read(KEYS, at, "")):
            with pytest.raises(ValueError, match="marker cannot be signed for"):
                use(place)


@pytest.mark.parametrize("place", PLACES.values())
def test_each_place_is_of_one_sort(place: str) -> None:
    assert [each for each in PlaceKind if each.holds(place)] == [sort for sort, own in PLACES.items() if own == place]


@pytest.mark.parametrize("place", ["", "77/pull/", "x/pull/7", "77/pull/7\n", "77/issue/7/x", "files"])
def test_what_is_no_place_is_of_no_sort(place: str) -> None:
    assert not any(each.holds(place) for each in PlaceKind)


def test_what_looks_like_a_trackers_marker_is_counted_forged_or_not() -> None:
    place = PLACES[PlaceKind.CONVERSATION]
    real = MarkerKind.TRACKER_BEGIN.write(KEYS, place, ("managers", "issue-7"))
    assert count_tracker_openings(f"{real}\n<!-- ssot:tracker-end=x -->\n<!-- ssot:fp=1 -->") == 2
