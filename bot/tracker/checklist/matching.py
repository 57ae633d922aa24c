"""Finds the box in a body for each item of the configuration.

People reword items and headings, add results, move lines and rewrite whole trackers.  An item is found when exactly
one task matches; otherwise it is reported as not found.  A wrong tick is worse than a missing one.

Strategies are tried from strict to loose; the first that matches decides.  A task that belongs to one item is not
matched to others, and a task that is one of several matches of an item is not matched by a looser strategy.  An item
is also matched by the text that it had when it was last found, so that it survives several rewordings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.checklist_item import ChecklistItem
from bot.tracker.checklist.tasklist import Bullet, Item
from bot.tracker.checklist.words import LABELS, digest, head, is_phase, likeness, normal, words
from bot.tracker.models import NoBox

MARGIN = 0.1
"""How much likelier than the next the likeliest task has to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A task's text and place when it was last found."""

    text: str
    """Digest of its text."""
    place: str
    """Digest of the headings above it."""
    words: frozenset[str]
    """The digests of its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A task with its words, made once."""

    task: Item
    normal: str
    whole: frozenset[str]
    head: frozenset[str]
    seen: Remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class _SoughtItem:
    """An item that is looked for."""

    item: ChecklistItem
    normal: str
    words: frozenset[str]
    known: Remembered | None


Strategy = Callable[[_SoughtItem, Sequence[_Task]], list[_Task]]
"""One way to match: the tasks that match the item."""


def remember(task: Item) -> Remembered:
    """What to store of a found task, to find it again."""
    place = "\n".join(" ".join(sorted(words(heading) - LABELS)) or normal(heading) for heading in task.headings)
    found = frozenset(digest(word) for word in words(task.text))
    return Remembered(text=digest(normal(task.text)), place=digest(place), words=found)


def find(
    items: Sequence[ChecklistItem],
    tasks: Sequence[Item],
    bullets: Sequence[Bullet] = (),
    memory: Mapping[str, Remembered] | None = None,
) -> dict[str, Item | NoBox]:
    """For the id of each item: its task, or why there is none.  No task belongs to two items."""
    sought = [_sought(item, (memory or {}).get(item.id)) for item in items]
    left = [_task(task) for task in tasks]
    found: dict[str, Item | NoBox] = {}
    for strategy in (_same_text, _same_words, _same_as_before, _same_words_as_before, _alike, _alike_before):
        left = _look(strategy, sought, left, found)
    named = {normal(bullet.text) for bullet in bullets}
    return {each.item.id: found.get(each.item.id) or _boxless(each, named) for each in sought}


def _sought(item: ChecklistItem, known: Remembered | None) -> _SoughtItem:
    return _SoughtItem(item=item, normal=normal(item.text), words=words(item.text), known=known)


def _task(task: Item) -> _Task:
    whole, first = words(task.text), words(head(task.text))
    return _Task(task=task, normal=normal(task.text), whole=whole, head=first, seen=remember(task))


def _look(
    strategy: Strategy, sought: Sequence[_SoughtItem], left: Sequence[_Task], found: dict[str, Item | NoBox]
) -> list[_Task]:
    """Match the items that are not in ``found`` yet, and add them; returns the tasks that are left."""
    tasks = {each.task.box: each for each in left}
    pending = {each.item.id: each for each in sought if each.item.id not in found}
    matches = {name: _by_heading(each, strategy(each, left)) for name, each in pending.items()}
    while sure := _settle([(pending[name], some[0]) for name, some in matches.items() if len(some) == 1]):
        for name, each in sure.items():
            found[name] = each.task
            del tasks[each.task.box], pending[name], matches[name]
        for name, some in matches.items():
            if any(each.task.box not in tasks for each in some):
                matches[name] = _by_heading(pending[name], strategy(pending[name], list(tasks.values())))
    found |= {name: NoBox.AMBIGUOUS for name, some in matches.items() if some}
    unclear = {each.task.box for some in matches.values() for each in some}
    return [each for box, each in tasks.items() if box not in unclear]


def _settle(claims: Sequence[tuple[_SoughtItem, _Task]]) -> dict[str, _Task]:
    """The item that gets each claimed task: the only one, or the only one whose heading it is below."""
    settled = {}
    for sought, task in claims:
        rivals = [other for other, claimed in claims if claimed is task and other is not sought]
        if not rivals or (_below(sought, task) and not any(_below(other, task) for other in rivals)):
            settled[sought.item.id] = task
    return settled


def _by_heading(sought: _SoughtItem, tasks: Sequence[_Task]) -> list[_Task]:
    """Of several tasks those below the right heading, and of these the one that was there before."""
    matches = list(tasks)
    if len(matches) > 1:
        matches = [each for each in matches if _below(sought, each)] or matches
    if len(matches) > 1:
        matches = [each for each in matches if sought.known and each.seen.place == sought.known.place] or matches
    return matches


def _below(sought: _SoughtItem, each: _Task) -> bool:
    phase = sought.item.phase
    return phase is None or any(is_phase(phase, heading) for heading in each.task.headings)


def _same_text(sought: _SoughtItem, tasks: Sequence[_Task]) -> list[_Task]:
    return [each for each in tasks if each.normal == sought.normal]


def _same_words(sought: _SoughtItem, tasks: Sequence[_Task]) -> list[_Task]:
    """In the whole text, or in what comes before a dash, a colon or a bracket; without figures and endings."""
    return [each for each in tasks if sought.words and sought.words in (each.whole, each.head)]


def _same_as_before(sought: _SoughtItem, tasks: Sequence[_Task]) -> list[_Task]:
    return [each for each in tasks if sought.known and each.seen.text == sought.known.text]


def _same_words_as_before(sought: _SoughtItem, tasks: Sequence[_Task]) -> list[_Task]:
    known = sought.known
    return [each for each in tasks if known and known.words and each.seen.words == known.words]


def _alike(sought: _SoughtItem, tasks: Sequence[_Task]) -> list[_Task]:
    """Nearly the same words, below the right heading."""
    below = [each for each in tasks if _below(sought, each)]
    return _likeliest({each.task.box: _likeness(sought.words, each) for each in below}, below)


def _likeness(sought: frozenset[str], each: _Task) -> float:
    return max(likeness(sought, each.whole), likeness(sought, each.head))


def _alike_before(sought: _SoughtItem, tasks: Sequence[_Task]) -> list[_Task]:
    """Nearly the words that it had, below the right heading or where it was."""
    known = sought.known
    if known is None:
        return []
    near = [each for each in tasks if each.seen.place == known.place or _below(sought, each)]
    return _likeliest({each.task.box: likeness(known.words, each.seen.words) for each in near}, near)


def _likeliest(scores: Mapping[int, float], tasks: Sequence[_Task]) -> list[_Task]:
    """The likeliest task, and those that are nearly as likely."""
    best = max(scores.values(), default=0.0)
    return [each for each in tasks if best > 0 and scores[each.task.box] > best - MARGIN]


def _boxless(sought: _SoughtItem, named: set[str]) -> NoBox:
    there = any(name == sought.normal or sought.words in (words(name), words(head(name))) for name in named)
    return NoBox.NO_BOX if there else NoBox.ABSENT
