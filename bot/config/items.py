"""``tracking.checklist:`` -> values.  The structure is checked before."""

import re
from collections.abc import Iterator

from bot.config.nodes import Mapping, Scalar, Sequence
from bot.config.structure import number
from bot.domain.checklist_item import (
    AllOf,
    AnyOf,
    Attested,
    ChecklistItem,
    CheckPassed,
    DefinitionRemoved,
    Deployed,
    Evidence,
    FileExists,
    IssueEvidence,
    IssueState,
    PullRequestEvidence,
    PullRequestState,
    SubIssuesClosed,
    UsageEvidence,
    UsageState,
)
from bot.domain.errors import ConfigError
from bot.domain.migration import Target

_MAX_ID = 60


def build_item(node: Mapping) -> ChecklistItem:
    """One item of the checklist."""
    text = node.text("item") or ""
    return ChecklistItem(
        id=item_id(node), text=text, phase=node.text("phase"), evidence=build_evidence(node.mapping("evidence"))
    )


def item_id(node: Mapping) -> str:
    """The given id, or one made from the text: its letters and digits, in lower case, joined by hyphens."""
    words = re.findall(r"[a-z0-9]+", (node.text("item") or "").lower())
    return node.text("id") or "-".join(words)[:_MAX_ID].strip("-")


def build_evidence(node: Mapping) -> Evidence:
    """The value of the mapping's one key."""
    kind = node.keys[0].text
    match kind:
        case "usages":
            return _usages(node)
        case "definition-removed":
            names = () if isinstance(node.values[kind], Scalar) else node.texts(kind)
            return DefinitionRemoved(symbols=names)
        case "file-exists":
            return FileExists(paths=node.texts(kind))
        case "check":
            return CheckPassed(name=node.text(kind) or "")
        case "deployment":
            return Deployed(environment=node.text(kind) or "")
        case "pull-request":
            pull = PullRequestState(_state(node) or PullRequestState.MERGED)
            return PullRequestEvidence(state=pull, number=number(node.mapping(kind)))
        case "issue":
            issue = IssueState(_state(node) or IssueState.CLOSED)
            return IssueEvidence(state=issue, number=number(node.mapping(kind)))
        case "sub-issues":
            return SubIssuesClosed(number=number(node.mapping(kind)))
        case "all":
            return AllOf(evidence=tuple(map(build_evidence, node.mappings(kind))))
        case "any":
            return AnyOf(evidence=tuple(map(build_evidence, node.mappings(kind))))
        case "attested":
            return Attested()
        case _:
            raise ValueError(f"the schema allows the evidence {kind!r}, and nothing builds it")


def _state(node: Mapping) -> str | None:
    """The state, given directly or under ``state``."""
    kind = node.keys[0].text
    return node.text(kind) or node.mapping(kind).text("state")


def _usages(node: Mapping) -> UsageEvidence:
    details = node.mapping("usages")
    return UsageEvidence(
        state=UsageState(_state(node) or UsageState.NONE),
        paths=details.texts("paths"),
        exclude=details.texts("exclude"),
        kinds=details.texts("kinds"),
    )


def check_checklist(node: Mapping, targets: tuple[Target, ...]) -> Iterator[ConfigError]:
    """The errors in the ``tracking`` of a migration with these targets."""
    seen: dict[str, int] = {}
    for item in node.mappings("checklist"):
        name = item_id(item)
        place = item.key("id" if "id" in item.values else "item").place
        if not name:
            yield place.error("the text has no letter or digit to make an id from: add one (id: …)")
        elif name in seen:
            yield place.error(f"duplicate item id {name!r}, also on line {seen[name]}: set another one (id: …)")
        seen.setdefault(name, place.line)
        yield from _check_evidence(item.mapping("evidence"), {target.name for target in targets})


def _check_evidence(node: Mapping, names: set[str]) -> Iterator[ConfigError]:
    kind = node.keys[0].text
    if kind == "definition-removed" and isinstance(node.values[kind], Sequence):
        for scalar in node.scalars(kind):
            if scalar.text not in names:
                yield scalar.place.error(f"{scalar.text!r} is not one of the migration's deprecated names")
    for part in (*node.mappings("all"), *node.mappings("any")):
        yield from _check_evidence(part, names)
