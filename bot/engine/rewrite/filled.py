"""The templates of a rule, filled with what its match found, as edits of the file."""

from dataclasses import dataclass, replace

from bot.domain.finding import Edit
from bot.engine.rewrite import rendering, splice
from bot.engine.rewrite.flow import in_coroutine
from bot.engine.rewrite.imports import Addition
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.matching import Match
from bot.engine.rewrite.naming import spellings
from bot.engine.rewrite.patterns import Template
from bot.engine.rewrite.reads import open_to_others, same_names
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.rendering import Becomes, Rendered
from bot.engine.rewrite.rules import Rule
from bot.engine.rewrite.unbound import without_object
from bot.engine.rewrite.unfit import unfit
from bot.engine.usages.analysis import Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Templates that are filled and written out."""

    edits: tuple[Edit, ...]
    additions: tuple[Addition, ...]
    rendered: tuple[Rendered, ...]
    names: list[str]
    """How the names in them are spelled."""
    warning: Refusal | None
    """Why the result wants a review although the rule would be safe."""

    def with_more(self, more: "Filled") -> "Filled":
        """Both."""
        return replace(
            self, edits=(*self.edits, *more.edits), rendered=(*self.rendered, *more.rendered),
            names=[*self.names, *more.names], additions=tuple(dict.fromkeys((*self.additions, *more.additions))),
            warning=self.warning or more.warning,
        )  # fmt: skip


def filled(
    layout: Layout, use: Use, rule: Rule, match: Match, becomes: Becomes, missing_modules: set[str]
) -> Filled | Refusal:
    """What takes the place of the match, and of all that is read off the variables that it binds."""
    whole = _of_template(layout, use, rule, rule.template, match, becomes, missing_modules) if rule.template else None
    if whole is None or isinstance(whole, Refusal):
        return whole or Refusal(reason=Reason.NO_RULE)
    for reading, place in match.read:
        if reading.template is None:
            continue
        more = _of_template(layout, use, rule, reading.template, place, becomes, missing_modules)
        if isinstance(more, Refusal):
            return more
        if not same_names(layout.analysis, place.root, use.scope, more.names):
            return Refusal(reason=Reason.NAME_TAKEN, name=", ".join(more.names))
        whole = whole.with_more(more)
    return replace(whole, warning=open_to_others(layout.analysis, rule, match) or whole.warning)


def _of_template(
    layout: Layout, use: Use, rule: Rule, template: Template, match: Match, becomes: Becomes,
    missing_modules: set[str],
) -> Filled | Refusal:  # fmt: skip
    if template.awaits and not in_coroutine(layout.analysis.scope_of(match.root)):
        return Refusal(reason=Reason.NOT_ASYNC)
    spelled = spellings(layout, use, rule.rewrite, template)
    if isinstance(spelled, Refusal):
        return spelled
    names = spelled.texts
    if (refused := unfit(layout, use, rule.rewrite, template, match, names)) is not None:
        return refused
    rendered = rendering.render(layout, template, match, names, becomes)
    edits = splice.edits(layout, rendered)
    if isinstance(edits, Refusal):
        return edits
    unbound = without_object(layout, use, template, match, spelled.dotted, missing_modules)
    warning = unbound or (Refusal(reason=Reason.COMMENT_LOST) if edits[1] else rendered.warning)
    if use.target.keeps_name and rendering.gives_beside_unpacked(template, match):
        warning = warning or Refusal(reason=Reason.UNPACKED)
    return Filled(
        edits=edits[0], additions=spelled.additions, rendered=(rendered,), names=list(names.values()), warning=warning
    )
