"""What one file contributes to the view of the whole program: values that depend on its bytes alone."""

from dataclasses import dataclass

OWN = -1
"""The level of a name that stands below the file's own module: ``sys.modules[__name__].x``."""
GIVEN = -2
"""The level of what a file does not name: what a function of it is given or gives, an item of a list, a member …"""
ANY = "*"
"""The member that is written where the names are computed: each of them may be."""


AT_LARGE = "?"
"""The member that is taken where the name is computed, or all are: each of them may be."""


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """A dotted name as a file writes it."""

    text: str
    level: int = 0
    """The leading dots of a relative import; `OWN` for what is below the module itself."""


@dataclass(frozen=True, slots=True)
class Import:
    """One name of an import statement."""

    module: Name
    name: str | None
    """The name taken from the module, ``*`` for all; ``None`` for ``import …``."""
    local: str
    """What it is bound to; nothing for a module that is imported by its name in a string."""
    line: int
    early: bool
    """It runs when the file is imported: not in a function, not under ``TYPE_CHECKING``."""


@dataclass(frozen=True, slots=True)
class Taking:
    """A dotted name that is read through an import, or written in a string."""

    name: Name
    line: int
    string: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """An assignment to a member of a module or a class, in any of its forms."""

    holder: Name
    attribute: str
    line: int
    lasting: bool
    """It is not taken back, as those of ``patch`` and ``monkeypatch`` are."""
    early: bool = True
    """It may be made while the file is imported: it stands in no function, and decorates none."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A module (or what may be one) that a call hands over; or strings that may be names."""

    to: Name
    """What is called, or handed over with it; an empty name where that is not known."""
    given: Name | None
    line: int
    """0 for a value that is no argument."""
    texts: tuple[str, ...] = ()
    """The strings that the call hands over as well, or alone."""


@dataclass(frozen=True, slots=True)
class Stub:
    """Something else is put into ``sys.modules`` under a module's name; or it is only looked up there."""

    module: str
    line: int
    read: bool = False
    out: bool = False
    """It is taken out: who imports it then runs it once more, and nothing below it."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What decorates a function or a class at the top of a file, or is a base of it."""

    to: str
    name: Name
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of one file, each list in the order of the source."""

    imports: tuple[Import, ...] = ()
    takings: tuple[Taking, ...] = ()
    """Every name once."""
    writes: tuple[Write, ...] = ()
    rebound: tuple[tuple[str, int], ...] = ()
    """The module's variables that a function binds again (``global``), with the line."""
    stubs: tuple[Stub, ...] = ()
    calls: tuple[Taking, ...] = ()
    """What is called, or handed to what is called, when the file is imported; every name once."""
    handed: tuple[Handed, ...] = ()
    patterns: tuple[tuple[str, int], ...] = ()
    """The dotted names that functions put together of what they are given: ``app.*``, with the line."""
    acts: int = 0
    """The first line that does something for others when the file is imported; 0: none does."""
    applied: tuple[Applied, ...] = ()
    keeps: frozenset[str] = frozenset()
    """The names at the top that keep what they decorate, or what is derived from them."""
    words: frozenset[str] = frozenset()
    """All names that are read or bound in it, if it has a star import: one of them may come through that.

    Of a file that does not parse all words."""
    python: tuple[int, int] | None = None
    """Of a project file: the oldest Python that it is for, see `bot.engine.program.pythons`."""
    readable: bool = True
    """It parses."""


NOTHING = Facts()
