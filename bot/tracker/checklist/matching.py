"""Which box of a body an item of the configuration means.

People reword items and headings, add results, move lines and rewrite whole trackers.  An item is found when just one
task can be meant; otherwise it is reported as not found.  A wrong tick is a lie, a missing one is a question.

There are several ways, from sure to loose, and the first in which a task can be meant decides.  A task that belongs
to one item is none for the others, and one of several that an item may mean is none for those that are less sure.
What an item was called when it was last found counts beside what the configuration calls it, so that it is found
again after one rewording after the other.
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
    """What a task looked like when it was found last."""

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
"""The tasks that can be meant, in one way of looking."""


def remember(task: Item) -> Remembered:
    """What to know of a task that was found, to find it again."""
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
    """Look for the items that are not in ``found`` yet, and put them there; the tasks that are left afterwards."""
    tasks = {each.task.box: each for each in left}
    pending = {each.item.id: each for each in sought if each.item.id not in found}
    meant = {name: _by_heading(each, strategy(each, left)) for name, each in pending.items()}
    while sure := _settle([(pending[name], some[0]) for name, some in meant.items() if len(some) == 1]):
        for name, each in sure.items():
            found[name] = each.task
            del tasks[each.task.box], pending[name], meant[name]
        for name, some in meant.items():
            if any(each.task.box not in tasks for each in some):
                meant[name] = _by_heading(pending[name], strategy(pending[name], list(tasks.values())))
    found |= {name: NoBox.AMBIGUOUS for name, some in meant.items() if some}
    unclear = {each.task.box for some in meant.values() for each in some}
    return [each for box, each in tasks.items() if box not in unclear]


def _settle(claims: Sequence[tuple[_SoughtItem, _Task]]) -> dict[str, _Task]:
    """Who gets the task that each claims: the only one, or the only one whose heading it stands below."""
    settled = {}
    for sought, task in claims:
        rivals = [other for other, claimed in claims if claimed is task and other is not sought]
        if not rivals or (_below(sought, task) and not any(_below(other, task) for other in rivals)):
            settled[sought.item.id] = task
    return settled


def _by_heading(sought: _SoughtItem, tasks: Sequence[_Task]) -> list[_Task]:
    """Of several tasks those that stand where they should, and of these the one that stood there before."""
    meant = list(tasks)
    if len(meant) > 1:
        meant = [each for each in meant if _below(sought, each)] or meant
    if len(meant) > 1:
        meant = [each for each in meant if sought.known and each.seen.place == sought.known.place] or meant
    return meant


def _below(sought: _SoughtItem, each: _Task) -> bool:
    phase = sought.item.phase
    return phase is None or any(is_phase(phase, heading) for heading in each.task.headings)


def _same_text(sought: _SoughtItem, tasks: Sequence[_Task]) -> list[_Task]:
    return [each for each in tasks if each.normal == sought.normal]


def _same_words(sought: _SoughtItem, tasks: Sequence[_Task]) -> list[_Task]:
    """In the whole text, or in what comes before a dash, a colon or a bracket; figures and endings aside."""
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
