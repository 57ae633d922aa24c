"""Rulesets: what may be done to a repository's branches, and what GitHub says of what may not.

https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
https://docs.github.com/rest/repos/rules#get-rules-for-a-branch

The sentences are those that people report of GitHub, who does not document them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from bot.sandbox.errors import ApiError
from bot.sandbox.model import Repository
from bot.sandbox.world import Obj

HEADS = "refs/heads/"
VIOLATIONS = "Repository rule violations found"


class RuleKind(StrEnum):
    """As GitHub names them."""

    CREATION = "creation"
    UPDATE = "update"
    DELETION = "deletion"
    LINEAR = "required_linear_history"
    SIGNATURES = "required_signatures"
    FORCE_PUSH = "non_fast_forward"
    NAME = "branch_name_pattern"
    MESSAGE = "commit_message_pattern"


_OPERATORS = {
    "starts_with": "start with a matching pattern",
    "ends_with": "end with a matching pattern",
    "contains": "contain a matching pattern",
    "regex": "match a given regex pattern",
}
_REFUSED = {
    RuleKind.CREATION: "Cannot create ref due to creations being restricted.",
    RuleKind.UPDATE: "Cannot update this protected ref.",
    RuleKind.DELETION: "Cannot delete this branch",
    RuleKind.FORCE_PUSH: "Cannot force-push to this branch",
    RuleKind.LINEAR: "This branch must not contain merge commits.",
    RuleKind.SIGNATURES: "Commits must have verified signatures.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; the last three are for patterns alone."""

    kind: RuleKind
    operator: str = "regex"
    pattern: str = ""
    negate: bool = False

    @property
    def is_pattern(self) -> bool:
        return self.kind in (RuleKind.NAME, RuleKind.MESSAGE)

    def holds(self, text: str) -> bool:
        match self.operator:
            case "starts_with":
                fits = text.startswith(self.pattern)
            case "ends_with":
                fits = text.endswith(self.pattern)
            case "contains":
                fits = self.pattern in text
            case _:
                fits = re.search(self.pattern, text) is not None
        return fits is not self.negate

    @property
    def sentence(self) -> str:
        if not self.is_pattern:
            return _REFUSED[self.kind]
        subject = "Branch name" if self.kind is RuleKind.NAME else "Commit message"
        return f"{subject} must {'not ' if self.negate else ''}{_OPERATORS[self.operator]}: {self.pattern}"

    def shown(self) -> Obj:
        """As the endpoint of a branch's rules has it, without the ruleset."""
        given: Obj = {"operator": self.operator, "pattern": self.pattern, "negate": self.negate}
        return {"type": self.kind.value} | ({"parameters": given} if self.is_pattern else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """Active rules of the branches that ``include`` fits (``~ALL``, ``~DEFAULT_BRANCH``, or globs of full refs)."""

    id: int
    rules: tuple[Rule, ...]
    include: tuple[str, ...] = ("~ALL",)
    bypass: frozenset[str] = frozenset()
    """Logins of those whom it does not concern; an App's is that of its bot."""

    def concerns(self, repo: Repository, ref: str) -> bool:
        default = f"{HEADS}{repo.default_branch}"
        wanted = (default if each == "~DEFAULT_BRANCH" else f"{HEADS}*" if each == "~ALL" else each
                  for each in self.include)  # fmt: skip
        return any(fnmatchcase(ref, each) for each in wanted)


def of_branch(repo: Repository, branch: str) -> Iterable[Obj]:
    """The rules of a branch, which need not be there, as the API shows them."""
    for ruleset in repo.rulesets:
        if ruleset.concerns(repo, HEADS + branch):
            source = {"ruleset_source_type": "Repository", "ruleset_source": repo.full_name, "ruleset_id": ruleset.id}
            yield from ({**rule.shown(), **source} for rule in ruleset.rules)


async def enforce(
    repo: Repository, ref: str, before: str | None, after: str | None, login: str, *, status: int = 422
) -> None:
    """Raise what GitHub answers to a change of the ref that a rule forbids: 422, and 405 to a merge."""
    found = await violations(repo, ref, before, after, login)
    if found:
        raise ApiError(status, "\n\n".join([VIOLATIONS, *found]))


async def violations(repo: Repository, ref: str, before: str | None, after: str | None, login: str) -> Sequence[str]:
    """What is wrong with moving the ref; creating it (no ``before``) and deleting it (no ``after``) included."""
    found: list[str] = []
    for ruleset in repo.rulesets:
        if ref.startswith(HEADS) and ruleset.concerns(repo, ref) and login not in ruleset.bypass:
            found += [text for rule in ruleset.rules if (text := await _violated(repo, rule, ref, before, after))]
    return found


async def _violated(repo: Repository, rule: Rule, ref: str, before: str | None, after: str | None) -> str | None:
    match rule.kind:
        case RuleKind.CREATION:
            wrong = before is None
        case RuleKind.DELETION:
            wrong = after is None
        case RuleKind.UPDATE:
            wrong = before is not None and after is not None
        case RuleKind.FORCE_PUSH:
            wrong = before is not None and after is not None and not await repo.git.contains(after, before)
        case RuleKind.NAME:
            wrong = before is None and not rule.holds(ref.removeprefix(HEADS))
        case _:
            bad = [sha for sha in await _new(repo, before, after) if not await _good(repo, rule, sha)]
            count = f"Found {len(bad)} violation{'s' if len(bad) > 1 else ''}:"
            return f"{rule.sentence}\n  {count}\n\n  " + "\n  ".join(bad) if bad else None
    return rule.sentence if wrong else None


async def _new(repo: Repository, before: str | None, after: str | None) -> Sequence[str]:
    """The commits that a push brings: those that no branch had."""
    known = before or repo.git.branch(repo.default_branch)
    if after is None:
        return ()
    return await repo.git.commits(known, after) if known else await repo.git.log(after)


async def _good(repo: Repository, rule: Rule, sha: str) -> bool:
    commit = await repo.git.commit(sha)
    match rule.kind:
        case RuleKind.SIGNATURES:
            return sha in repo.verified
        case RuleKind.LINEAR:
            return len(commit.parents) < 2
        case _:
            return rule.holds(commit.message)
