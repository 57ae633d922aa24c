"""``migrations:`` -> values.  The structure is checked before; here keys are checked against each other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.config.formats import REQUIREMENT
from bot.config.nodes import Mapping, Node, Scalar, Sequence, Type, YamlPlace
from bot.config.rewrites import build_rewrite, check_rewrite
from bot.config.structure import boolean, number
from bot.domain.errors import ConfigError
from bot.domain.migration import Migration, Mode, PullRequests, Requirement, Split, Target, TargetKind

if TYPE_CHECKING:
    from bot.domain.checklist_item import ChecklistItem

Placed = tuple[Target, YamlPlace]


def build_migration(name: str, node: Mapping) -> Migration:
    """The value of a migration without errors from `check_migration`."""
    paths, tracking = node.mapping("paths"), node.mapping("tracking")
    targets = tuple(target for target, _ in placed_targets(node))
    mode = node.text("mode")
    return Migration(
        name=name,
        targets=targets,
        mode=Mode(mode) if mode else Mode.BLOCK_NEW,
        drop_in=_is_true(node, "drop_in"),
        rewrites=tuple(map(build_rewrite, node.mappings("rewrites"))),
        requires=tuple(_requirement(text, targets) for text in node.texts("require")),
        include=paths.texts("include"),
        exclude=paths.texts("exclude"),
        critical=node.texts("critical"),
        message=node.text("message"),
        docs_url=node.text("docs_url"),
        pull_requests=_pull_requests(node.mapping("pull_requests")),
        tracking_issue=number(tracking, "issue"),
        checklist=_checklist(tracking),
    )


def check_migration(node: Mapping) -> Iterator[ConfigError]:
    """The errors of a migration whose structure is valid."""
    placed = placed_targets(node)
    targets = tuple(target for target, _ in placed)
    if not targets:
        yield node.place.error("the migration deprecates nothing: add `deprecated` or `modules`")
        return
    canonical = node.scalar("canonical")
    if canonical and "deprecated" in node.values and "." not in canonical.text:
        yield canonical.place.error(f"{canonical.text!r}: not a dotted Python name such as package.module.name")
    yield from _check_targets(placed)
    if _is_true(node, "drop_in") and not any(target.canonical for target in targets):
        yield node.key("drop_in").place.error("`drop_in` needs a `canonical`")
    yield from _check_kept(node, placed)
    for rewrite in node.mappings("rewrites"):
        yield from check_rewrite(rewrite, targets)
    for requirement in node.scalars("require"):
        if requirement.text.startswith("$canonical") and len({target.canonical for target in targets}) != 1:
            message = "$canonical is ambiguous here: write '<dotted name> accepts <parameter>'"
            yield requirement.place.error(message)
        elif requirement.text.startswith("$canonical") and targets[0].canonical is None:
            yield requirement.place.error("$canonical is undefined: the migration has no `canonical`")
    if node.mapping("tracking").mappings("checklist"):
        from bot.config.items import check_checklist

        yield from check_checklist(node.mapping("tracking"), targets)


def _check_kept(node: Mapping, placed: list[Placed]) -> Iterator[ConfigError]:
    """A name that is its own successor is found only by a `match` around it."""
    for target, place in placed:
        if not target.keeps_name or target.kind is TargetKind.MODULE:
            continue
        if _is_true(node, "drop_in"):
            yield node.key("drop_in").place.error(f"{target.name!r} is its own successor: remove `drop_in`")
        rules = [rule for rule in node.mappings("rewrites") if target.name in (rule.texts("for") or (target.name,))]
        if not rules:
            yield place.error(f"{target.name!r} is its own successor: add `rewrites` for the calls that change")
        for rule in rules:
            if "when" in rule.values:
                message = f"{target.name!r} is its own successor: use `match` instead of `when`"
                yield rule.key("when").place.error(message)


def _checklist(tracking: Mapping) -> "tuple[ChecklistItem, ...]":
    items = tracking.mappings("checklist")
    if not items:
        return ()
    from bot.config.items import build_item  # most configurations have none, and its words take 6 ms to load

    return tuple(map(build_item, items))


def _is_true(node: Mapping, key: str) -> bool:
    scalar = node.scalar(key)
    return scalar is not None and boolean(scalar)


def _pull_requests(node: Mapping) -> PullRequests:
    default, split = PullRequests(), node.text("split")
    return PullRequests(
        files=number(node, "files") or default.files,
        open=number(node, "open") or default.open,
        split=Split(split) if split else default.split,
        draft=_is_true(node, "draft"),
    )


def _requirement(text: str, targets: tuple[Target, ...]) -> Requirement:
    found = REQUIREMENT.match(text)
    symbol, parameter = found.group("symbol", "parameter") if found else ("", "")
    return Requirement(symbol=symbol.replace("$canonical", targets[0].canonical or ""), parameter=parameter)


def placed_targets(node: Mapping) -> list[Placed]:
    """The targets of ``deprecated`` and ``modules``, each with the place of its name."""
    default = node.text("canonical")
    return [
        *_targets(node.values.get("deprecated"), TargetKind.SYMBOL, default),
        *_targets(node.values.get("modules"), TargetKind.MODULE, default),
    ]


def _targets(node: Node | None, kind: TargetKind, default: str | None) -> Iterator[Placed]:
    match node:
        case Scalar(text=name):
            yield Target(name=name, canonical=default, kind=kind), node.place
        case Sequence(items=items):
            for item in items:
                yield from _targets(item, kind, default)
        case Mapping():
            for key in node.keys:
                yield _target(key.text, node.values[key.text], kind, default), key.place
        case None:
            pass


def _target(name: str, successor: Node, kind: TargetKind, default: str | None) -> Target:
    match successor:
        case Scalar(type=Type.NULL):
            return Target(name=name, kind=kind)
        case Scalar(text=canonical):
            return Target(name=name, canonical=canonical, kind=kind)
        case Mapping():
            given = successor.scalar("canonical")
            own = default if given is None else None if given.type is Type.NULL else given.text
            message, exists = successor.text("message"), _is_true(successor, "exists")
            return Target(name=name, canonical=own, kind=kind, message=message, exists=exists)
        case Sequence():
            return Target(name=name, canonical=default, kind=kind)


def _check_targets(placed: list[Placed]) -> Iterator[ConfigError]:
    seen: dict[str, YamlPlace] = {}
    for target, place in placed:
        if target.name in seen:
            yield place.error(f"duplicate name {target.name!r}: the first is on line {seen[target.name].line}")
        seen.setdefault(target.name, place)
        is_module = target.kind is TargetKind.MODULE
        below = target.canonical and target.canonical.startswith(f"{target.name}.")
        if (below and not is_module) or (target.keeps_name and is_module):
            message = f"{target.canonical!r} cannot replace {target.name!r}: it would be deprecated itself"
            yield place.error(message)
