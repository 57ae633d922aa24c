"""``rewrites:`` -> values.  The structure is checked before; here keys are checked against each other."""

from collections.abc import Iterator

from bot.config.closest import closest
from bot.config.nodes import Mapping, Scalar, Type
from bot.config.patterns import CANONICAL, check_bound, check_reading, metavariables
from bot.domain.errors import ConfigError
from bot.domain.migration import Action, Applicability, Condition, Rewrite, Target


def build_rewrite(node: Mapping) -> Rewrite:
    """The value of a rule without errors from `check_rewrite`."""
    when, action, applicability = node.text("when"), node.text("action"), node.text("applicability")
    changes = "replace" in node.values or action is not None
    default = Applicability.UNSAFE if changes else Applicability.DISPLAY_ONLY
    types, unless, reads = node.mapping("safe_if"), node.mapping("unless"), node.mapping("reads")
    return Rewrite(
        when=Condition(when) if when else None,
        match=node.text("match"),
        replace=node.text("replace"),
        action=Action(action) if action else None,
        applicability=Applicability(applicability) if applicability else default,
        safe_if={key.text: types.text(key.text) or "" for key in types.keys},
        unless={key.text: unless.text(key.text) or "" for key in unless.keys},
        reads={key.text: _successor(reads, key) for key in reads.keys},
        imports=node.texts("imports"),
        message=node.text("message"),
        targets=node.texts("for"),
    )


def check_rewrite(node: Mapping, targets: tuple[Target, ...]) -> Iterator[ConfigError]:
    """The errors of a rule of a migration with these targets."""
    if ("when" in node.values) == ("match" in node.values):
        yield node.place.error("a rewrite needs exactly one of `when` and `match`")
        return
    if "replace" in node.values and "action" in node.values:
        yield node.key("action").place.error("a rewrite can have only one of `replace` and `action`")
        return
    yield from _check_for(node, targets)
    yield from _check_applicability(node)
    yield from _check_action(node)
    yield from _check_replace(node, targets)
    yield from _check_safe_if(node)
    yield from _check_captures(node, node.mapping("unless"))
    yield from _check_reads(node)


def _successor(reads: Mapping, key: Scalar) -> str | None:
    """What takes the place of an entry of ``reads``; ``None``: it stays."""
    given = reads.scalar(key.text)
    return None if given is None or given.type is Type.NULL else given.text


def _check_reads(node: Mapping) -> Iterator[ConfigError]:
    """Entries about what is read off a variable that ``match`` binds, each with its place."""
    reads, match = node.mapping("reads"), node.text("match")
    if match is None:
        if reads.keys:
            yield node.key("reads").place.error("`reads` needs `match`")
        return
    for key in reads.keys:
        problem = check_reading(match, key.text, _successor(reads, key))
        if problem is not None:
            given = reads.scalar(key.text)
            scalar = key if problem[0] or given is None else given
            yield scalar.at(problem[1]).error(problem[2])


def _check_for(node: Mapping, targets: tuple[Target, ...]) -> Iterator[ConfigError]:
    known = [target.name for target in targets]
    for scalar in node.scalars("for"):
        if scalar.text not in known:
            close = closest(scalar.text[:100], known[:50])
            hint = f": did you mean {close!r}?" if close else ""
            yield scalar.place.error(f"{scalar.text!r} is not one of the migration's deprecated names{hint}")


def _check_applicability(node: Mapping) -> Iterator[ConfigError]:
    applicability = node.scalar("applicability")
    if applicability is None:
        return
    changes = "replace" in node.values or "action" in node.values
    if applicability.text == Applicability.DISPLAY_ONLY and changes:
        yield applicability.place.error("a `display-only` rewrite changes nothing: remove `replace` and `action`")
    if applicability.text != Applicability.DISPLAY_ONLY and not changes:
        message = f"a rewrite without `replace` and `action` changes nothing: it cannot be `{applicability.text}`"
        yield applicability.place.error(message)


def _check_action(node: Mapping) -> Iterator[ConfigError]:
    action = node.scalar("action")
    if action and node.text("when") not in (Condition.RESULT_UNUSED, Condition.IMPORT_UNUSED):
        yield action.place.error("`delete-statement` needs `when: result-unused` or `when: import-unused`")


def _check_replace(node: Mapping, targets: tuple[Target, ...]) -> Iterator[ConfigError]:
    replace = node.scalar("replace")
    if replace is None:
        if "imports" in node.values:
            yield node.key("imports").place.error("`imports` needs `replace`")
        return
    if node.text("when") == Condition.IMPORT_UNUSED:
        yield replace.place.error("an unused import has no expression to replace: use `action`")
    elif problem := check_bound(node.text("match") or "$deprecated", replace.text):
        yield replace.at(problem[0]).error(problem[1])
    yield from _check_canonical(replace, node.texts("for"), targets)


def _check_canonical(replace: Scalar, names: tuple[str, ...], targets: tuple[Target, ...]) -> Iterator[ConfigError]:
    place = metavariables(replace.text).get(CANONICAL)
    meant = [target for target in targets if not names or target.name in names]
    if place and meant and not any(target.canonical for target in meant):
        yield replace.at(place[0]).error("$canonical is undefined: none of these deprecated names has a `canonical`")


def _check_safe_if(node: Mapping) -> Iterator[ConfigError]:
    types = node.mapping("safe_if")
    if not types.keys:
        return
    if node.text("applicability") == Applicability.SAFE or "replace" not in node.values:
        yield node.key("safe_if").place.error("`safe_if` is only for an unsafe `replace`: remove it")
    yield from _check_captures(node, types)


def _check_captures(node: Mapping, captures: Mapping) -> Iterator[ConfigError]:
    """What speaks of a capture must speak of one that `match` makes."""
    bound = metavariables(node.text("match") or "")
    for key in captures.keys:
        if key.text[1:] not in bound:
            yield key.place.error(f"{key.text} is not in `match`")
