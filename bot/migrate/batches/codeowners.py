"""Who owns a file, by a CODEOWNERS file.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.globs import GlobError, compile_glob

MAX_BYTES = 3 << 20
"""GitHub does not load a larger one: then nobody owns anything."""

_FIELD = re.compile(r"(?:\\.|[^\s\\])+")


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    whole: bool
    """``docs/*``: the files of the directory, none further down."""
    owners: tuple[str, ...]

    def matches(self, path: str) -> bool:
        return (self.pattern.fullmatch if self.whole else self.pattern.match)(path) is not None


@dataclass(frozen=True, slots=True)
class Codeowners:
    """The rules of one file, last one first."""

    rules: tuple[_Rule, ...]

    @classmethod
    def parse(cls, source: bytes) -> "Codeowners":
        """The rules that GitHub would read; a line that GitHub cannot read is skipped here too."""
        if len(source) > MAX_BYTES:
            return cls(())
        lines = source.decode("utf-8", "replace").removeprefix("\ufeff").splitlines()
        found = [rule for line in lines if (rule := _rule(line)) is not None]
        return cls(tuple(reversed(found)))

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of a file, as written; the last matching rule decides, also when it names nobody."""
        return next((rule.owners for rule in self.rules if rule.matches(path)), ())


def owners_of(source: bytes, paths: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """The owners of each file.  3 MB may hold hundreds of thousands of rules, each of which is tried on each file."""
    rules = Codeowners.parse(source)
    return {path: rules.of(path) for path in paths}


@dataclass(frozen=True, slots=True)
class KnownOwners:
    """What was found out before: of these files."""

    owners: Mapping[str, tuple[str, ...]]

    def of(self, path: str) -> tuple[str, ...]:
        return self.owners[path]


def _rule(line: str) -> _Rule | None:
    fields = _FIELD.findall(line)
    comment = next((n for n, field in enumerate(fields) if field.startswith("#")), len(fields))
    fields = fields[:comment]
    # GitHub knows neither negation nor character ranges here.
    if not fields or fields[0].startswith("!") or "[" in fields[0]:
        return None
    pattern = fields[0]
    try:
        compiled = compile_glob(pattern)
    except GlobError:
        return None
    return _Rule(compiled, pattern.endswith("/*"), tuple(fields[1:]))
