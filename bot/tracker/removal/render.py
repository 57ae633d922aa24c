"""The texts of the pull request that removes the deprecated definition."""

import re
from collections.abc import Mapping, Sequence

from bot.domain.migration import Migration
from bot.domain.references import RepoRef, Sha
from bot.domain.tracked import Origin
from bot.identity.kinds import MarkerKind
from bot.identity.markers import MarkerKeys
from bot.identity.pull_requests import removal_marker
from bot.markdown.text import code, count, plain, prose

MOST_NAMED = 50
"""Files that are listed by their names."""
_FIRST = "Nothing in this repository uses these names any more. This removes their definitions:"
_OWN = re.compile(f"{re.escape(_FIRST)}.*?{MarkerKind.REMOVAL.opening}[^<>]*-->", re.DOTALL)
_PROVED = (
    "Code outside this repository was not checked. Each file still parses, no name in it is newly undefined, and "
    "nothing else in it was changed. To keep the definitions, close this pull request: it is not opened again."
)


def title(defined: Mapping[str, str]) -> str:
    names = [name.rpartition(".")[2] for name in sorted(defined)]
    what = names[0] if len(names) == 1 else count(len(names), "deprecated definition")
    return f"Remove {what}"[:120]


def commit_message(migration: Migration, defined: Mapping[str, str], issue: int) -> str:
    listed = "\n".join(f"- {name}" for name in sorted(defined))
    return f"{title(defined)}\n\nNo longer used:\n\n{listed}\n\nPart of #{issue}, {migration.name}.\n"


def body(
    migration: Migration, defined: Mapping[str, str], files: Mapping[str, bytes | None], issue: int, keys: MarkerKeys,
    repo: RepoRef, also_named: Sequence[str] = (),
) -> str:  # fmt: skip
    """What is removed, and why that is safe.  ``also_named`` are files of other kinds that name it."""
    names = "\n".join(f"- {code(name)} in {code(path)}" for name, path in sorted(defined.items()))
    others = sorted(files.keys() - set(defined.values()))
    passed = "\n".join(f"- {code(path)}" for path in others)
    named = "\n".join(f"- {code(path)}" for path in also_named[:MOST_NAMED])
    if len(also_named) > MOST_NAMED:
        named += f"\n- and {count(len(also_named) - MOST_NAMED, 'more file')}"
    parts = [
        f"{_FIRST}\n\n{names}",
        f"It also removes the imports and `__all__` entries that only passed them on:\n\n{passed}" if others else "",
        f"Also named in these files; please check them:\n\n{named}" if named else "",
        _PROVED,
        f"Part of #{issue}.",
        removal_marker(keys, repo.id, migration.name),
    ]
    return "\n\n".join(part for part in parts if part)


def reworded(before: str, body: str) -> str | None:
    """The text with ``body`` in place of the bot's part; what people wrote below it stays.

    ``None``: the bot's part was removed, or written into.
    """
    found = _OWN.match(before)
    return body + before[found.end() :] if found else None


def held(reason: str, origin: Origin | None, refused: str | None) -> str:
    """Something uses the names.  ``refused``: why it could not be made a draft."""
    state = f"I could not make it a draft ({plain(refused)})." if refused else "It is a draft for now."
    return (
        f"This pull request cannot be merged now: {prose(reason)}{_added(origin)}. {state} Its check fails until "
        "nothing in this repository uses the names any more; then it is brought up to date."
    )


def _added(origin: Origin | None) -> str:
    if origin is None:
        return ""
    by = f" by {code(origin.author)}" if origin.author else ""
    return f", added{by} in " + (f"#{origin.pull}" if origin.pull else code(origin.commit[:7]))


def free(commit: Sha) -> str:
    """Nothing does any more."""
    return f"Nothing in this repository uses the names any more, at {code(commit[:7])}. This is up to date again."
