"""The names of the branches that the bot makes.

``ssot/<migration>/<slug>`` is a migration pull request's, with ``-<number>`` after it where the name was taken;
``ssot-removal/<migration>`` is that of the pull request which removes the definitions.  It is not below ``ssot/``,
where the bot updates every branch with the usages that are left.  ``ssot-onboarding`` is that of the pull request which
adds a first configuration.
"""

import re

_MIGRATIONS = "ssot/"
_REMOVALS = "ssot-removal/"
ONBOARDING = "ssot-onboarding"
"""The branch of the onboarding pull request.  It never changes: by it a closed one is known for good."""


def of_batch(migration: str, slug: str) -> str:
    """The branch of a migration pull request."""
    return f"{_MIGRATIONS}{migration}/{slug}"


def alternative(branch: str, number: int) -> str:
    """The name to take, from 2 on, where ``branch`` holds somebody else's commits."""
    return f"{branch}-{number}"


def is_of_batch(branch: str, migration: str, slug: str) -> bool:
    """Whether the branch is that batch's, or an alternative of it."""
    own = of_batch(migration, slug)
    return branch == own or re.fullmatch(rf"{re.escape(own)}-\d+", branch) is not None


def migration_of(branch: str) -> str | None:
    """The migration in the name of a migration pull request's branch; ``None``: not such a branch."""
    if not branch.startswith(_MIGRATIONS):
        return None
    name, slash, _ = branch.removeprefix(_MIGRATIONS).partition("/")
    return name if slash else None


def of_removal(migration: str) -> str:
    """The branch of the pull request that removes a migration's definitions."""
    return f"{_REMOVALS}{migration}"


def removed_by(branch: str) -> str | None:
    """The migration whose definitions the branch removes; ``None``: not such a branch."""
    return branch.removeprefix(_REMOVALS) if branch.startswith(_REMOVALS) else None


def is_of_removal(branch: str) -> bool:
    """Whether the branch is one that removes definitions, of whatever migration."""
    return branch.startswith(_REMOVALS)
