"""A repository at a branch or a commit, with the configuration that it has there.

Above the adapters, below every capability: it uses GitHub's reads, ``bot.config`` and domain values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from bot.config import FILE, Absent, ConfigState, Invalid, UnreadableConfig, Unrelated, Valid, parse_state
from bot.context import Bot
from bot.domain.errors import UserError
from bot.domain.facts import NotAFile, Repository
from bot.domain.migration import Config, Migration
from bot.domain.references import PullRequestRef, RepoRef, Sha
from bot.engine.source.names import module_paths
from bot.github import reads

ConfigProblem = Invalid | UnreadableConfig
"""The two states in which the bot does nothing."""
_MOST_ERRORS = 5
"""Errors that a reply to a command names."""


class ConfigUnusable(UserError):
    """The configuration is wrong or could not be read, so nothing was done; ``problem`` says which."""

    def __init__(self, problem: ConfigProblem) -> None:
        super().__init__(sentence_of(problem, so=", so nothing was done", most=_MOST_ERRORS))
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryAt:
    """A repository at one revision, and the state of its configuration there."""

    repo: RepoRef
    rev: str
    """The branch or the commit that the configuration was read at."""
    state: ConfigState

    @property
    def config(self) -> Config:
        """The effective configuration.  Raises ``ConfigUnusable`` exactly when there is a :attr:`problem`."""
        match self.state:
            case Absent(config=config) | Unrelated(config=config) | Valid(config=config):
                return config
            case Invalid() | UnreadableConfig():
                raise ConfigUnusable(self.state)
            case _:
                assert_never(self.state)

    @property
    def problem(self) -> ConfigProblem | None:
        """Why the bot does nothing; ``None``: there is a :attr:`config`."""
        return self.state if isinstance(self.state, Invalid | UnreadableConfig) else None

    @property
    def built_in(self) -> bool:
        """The repository has no configuration, so the built-in one applies: nobody there has configured anything."""
        return isinstance(self.state, Absent)

    @property
    def unrelated(self) -> bool:
        """Nothing is configured, and the built-in migration is about another code base: nothing is said here."""
        return isinstance(self.state, Unrelated)

    @property
    def migrations(self) -> Mapping[str, Migration]:
        """The migrations by name; none while there is a :attr:`problem`."""
        return {} if self.problem else {migration.name: migration for migration in self.config.migrations}

    def tracked_on(self, issue: int | None) -> tuple[Migration, ...]:
        """The migrations whose tracking issue it is; ``None``: those without one.  Raises ``ConfigUnusable``."""
        return tuple(each for each in self.config.migrations if each.tracking_issue == issue)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultBranch(RepositoryAt):
    """The same at the head of the default branch; ``repo`` has the repository's current name."""

    repository: Repository
    head: Sha
    """The same as ``rev``."""

    @property
    def branch(self) -> str:
        """Its name."""
        return self.repository.default_branch


# --- reading ---------------------------------------------------------------------------------------------------------


async def at_branch(bot: Bot, repo: RepoRef, rev: str) -> RepositoryAt:
    """At ``rev``: a branch that the author of a pull request cannot write to, or a commit of one.  One request."""
    return RepositoryAt(repo=repo, rev=rev, state=await state_at(bot, repo, rev))


async def at_conversation(bot: Bot, repo: RepoRef, number: int, *, is_pull_request: bool) -> RepositoryAt:
    """At the branch whose configuration applies there: a pull request's base branch, or the default branch."""
    if is_pull_request:
        branch = (await reads.pull_request(bot.github, PullRequestRef(repo=repo, number=number))).base_ref
    else:
        branch = (await reads.repository(bot.github, repo)).default_branch
    return await at_branch(bot, repo, branch)


async def at_default_branch(bot: Bot, repo: RepoRef) -> DefaultBranch:
    """The default branch as it is now.  Raises ``NotFound`` if the repository is empty.  Three requests."""
    return await at_head(bot, await reads.repository(bot.github, repo))


async def at_head(bot: Bot, repository: Repository) -> DefaultBranch:
    """As :func:`at_default_branch`, where the repository was read a moment ago."""
    head = await reads.branch_head(bot.github, repository.ref, repository.default_branch)
    state = await state_at(bot, repository.ref, head)
    return DefaultBranch(repo=repository.ref, rev=head, state=state, repository=repository, head=head)


async def state_at(bot: Bot, repo: RepoRef, rev: str) -> ConfigState:
    """The state of the configuration at ``rev``: whoever can write to it wrote the file, so a worker reads it."""
    found = await reads.file_at(bot.github, repo, FILE, rev)
    if isinstance(found, NotAFile):
        return parse_state(None, unreadable=f"it is a {found}, not a file")
    if found is not None:
        return await bot.scanner.configuration(found)
    absent = parse_state(None)
    if isinstance(absent, Absent) and (
        await may_be_onboarded(bot, repo) or not await _concerned(bot, repo, rev, absent.config)
    ):
        return Unrelated(config=replace(absent.config, migrations=()))
    return absent


async def may_be_onboarded(bot: Bot, repo: RepoRef) -> bool:
    """Whether it is on the list of ``SSOT_ONBOARDING``, or may be: nothing is said there before it is configured."""
    return bot.onboarded is not None and await bot.onboarded.serves(bot.github, repo) is not False


async def _concerned(bot: Bot, repo: RepoRef, rev: str, config: Config) -> bool:
    """Whether a module that defines a deprecated name, or its successor, is in the tree, below whatever folder."""
    key = (repo.id, rev)
    if key not in bot.concerned:
        names = {name for m in config.migrations for t in m.targets for name in (t.name, t.canonical) if name}
        modules = {name.rpartition(".")[0] for name in names}
        paths = tuple(f"/{path}" for module in modules for path in module_paths(module, ()))
        # A tree is asked for by one segment of a path, which a branch with a slash is not.
        commit = await reads.branch_head(bot.github, repo, rev) if "/" in rev else rev
        tree = await reads.whole_tree(bot.github, repo, commit)
        bot.concerned[key] = any(f"/{entry.path}".endswith(paths) for entry in tree)
    return bot.concerned[key]


# --- texts -----------------------------------------------------------------------------------------------------------


def reason_of(problem: ConfigProblem, *, so: str = "", most: int = 1) -> str:
    """What is wrong, as the end of a sentence; ``so`` is the consequence, ``most`` the number of errors to name."""
    match problem:
        case Invalid(errors=errors):
            return f"the configuration is not valid{so}: {'; '.join(map(str, errors[:most]))}"
        case UnreadableConfig(reason=reason):
            return f"{FILE} could not be read{so}: {reason}"
        case _:
            assert_never(problem)


def sentence_of(problem: ConfigProblem, *, so: str = "", most: int = 1) -> str:
    """The same as a sentence of its own."""
    text = reason_of(problem, so=so, most=most)
    return text[:1].upper() + text[1:]


def details_of(problem: ConfigProblem) -> str:
    """All errors, one per line: shown below a heading that says that the configuration is not valid."""
    return "\n".join(map(str, problem.errors)) if isinstance(problem, Invalid) else reason_of(problem)
