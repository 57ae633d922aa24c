"""The library of a program: deprecated names, their successors, and the migration from one to the other."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.programs.generated.drawing import Draw

SYMBOLS = {"FUNC": "fetch_row", "CLASS": "Row", "CONST": "LIMIT", "ERROR": "LedgerError", "DECO": "traced"}
"""What may be deprecated, and its name."""
_NEW = {"FUNC": "load_row", "CLASS": "Record", "CONST": "CAP", "ERROR": "VaultError", "DECO": "noted"}
STAYING = {"OTHER": "other", "LIMITED": "limited", "OLD": "old"}
_SIGNATURES = {
    "FUNC": "def {}(n=0, *rest, sep='-', **more):\n"
    "    return sep.join(['row', str(n), *map(str, rest), *sorted(more)])",
    "CLASS": "class {}:\n    size = 3\n    kind = 'kind'\n    __match_args__ = ('n',)\n\n"
    "    def __init__(self, n=0):\n        self.n = n\n\n"
    "    def act(self, x=1):\n        return 'act', self.n, x\n\n"
    "    @classmethod\n    def make(cls, n=5):\n        return cls(n)\n\n"
    "    @staticmethod\n    def plain(x):\n        return x * 2\n\n"
    "    def __repr__(self):\n        return f'<{{self.n}}>'",
    "CONST": "{} = 3",
    "ERROR": "class {}(LookupError):\n    pass",
    "DECO": "def {}(f):\n    def run(*args, **kwargs):\n        return 'traced', f(*args, **kwargs)\n\n    return run",
}
_STAYS = "def other():\n    return 'other'\n\n\ndef limited():\n    return {CONST}\n"
_WRITER = "\n\ndef set_limit(n):\n    global {CONST}\n    {CONST} = n\n"
TEMPLATES = {
    "$a + $b": "a + b",
    "$a - $b": "a - b",
    "$a == $b": "a == b",
    "$a or $b": "a or b",
    "$a if $a else $b": "a if a else b",
    "[$a, $b]": "[a, b]",
    "-$a": "-a",
    "not $a": "not a",
    "$a": "a",
    "$canonical($b, $a)": "new(b, a)",
    "$canonical(first=$b, second=$a)": "new(first=b, second=a)",
    "$canonical($a, $b) + 1": "new(a, b) + 1",
    "$canonical($a, $b)[0]": "new(a, b)[0]",
    "{$a: $b}": "{a: b}",
    "str($a).strip()": "str(a).strip()",
}
"""What becomes of ``old($a, $b)``, and what it gives today."""
_SUM = "def new(first, second):\n    return second * 10 + first"
_PAIR = "def new(first, second):\n    return first, second"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The library's files, its names and the migration."""

    files: Mapping[str, str]
    migrations: Mapping[str, object]
    depot: str
    """The package's dotted name."""
    old: str
    """The dotted name of the module with the deprecated names."""
    new: str
    names: Mapping[str, str]
    """The successors' names by symbol."""

    def words(self) -> dict[str, str]:
        """What the placeholders of all pieces mean, but for those that an import decides."""
        leaves = {"OLDLEAF": SYMBOLS["FUNC"], "NEWLEAF": self.names["FUNC"], "NEWCONSTLEAF": self.names["CONST"]}
        leaves |= {f"{symbol}LEAF": SYMBOLS[symbol] for symbol in ("CLASS", "CONST", "ERROR")}
        leaves |= {"ERRORLEAF_": "problem", "NEWLEAF_": f"{self.names['FUNC']}_"}
        tails = {"OLDTAIL": self.old.rpartition(".")[2], "NEWTAIL": self.new.rpartition(".")[2]}
        tails["NEWMOD"] = tails["NEWTAIL"]
        return {"DEPOT": self.depot, "OLDMOD": self.old, "NEWPATH": self.new, "SHOWN": "print", **leaves, **tails}


def library(draw: Draw, depot: str) -> Library:
    """A library in the package ``depot``."""
    kind = draw.pick(["rename", "rename", "rename", "same names", "module", "module and symbol", "rewrite", "rewrite"])
    old, new = f"{depot}.{draw.pick(['ledger', 'ledger', 'store.ledger'])}", f"{depot}.vault"
    same = kind in ("same names", "module", "module and symbol")
    names = dict(SYMBOLS) if same else dict(_NEW)
    chosen = draw.some(list(SYMBOLS), 1, len(SYMBOLS))
    template = draw.pick(list(TEMPLATES)) if kind == "rewrite" else None
    files = _modules(draw, old, new, names, template)
    migrations = _migrations(draw, kind, old, new, {symbol: names[symbol] for symbol in chosen}, template)
    if kind == "module and symbol":
        where = f"{depot}.apart"
        files[_path(where)] = _text({"FUNC": "put_row"})
        migrations["more"] = {"deprecated": {f"{old}.fetch_row": f"{where}.put_row"}, "drop_in": True}
    for package in _packages(files):
        files[package] = _init(draw, package, old, depot)
    return Library(files=files, migrations=migrations, depot=depot, old=old, new=new, names=names)


def _modules(draw: Draw, old: str, new: str, names: Mapping[str, str], template: str | None) -> dict[str, str]:
    """The old module beside the new one: a copy, a wrapper of it, or the same objects by other names."""
    relation = draw.pick(["apart", "apart", "wrapped", "same"])
    there = _text(names) + "\n\n" + (_PAIR if template and "[0]" in template else _SUM) + "\n"
    stays = _STAYS + (_WRITER if draw.chance(15) else "")
    there += "\n\n" + stays.format(CONST=names["CONST"])
    if relation == "apart":
        here = _text(SYMBOLS)
    elif relation == "wrapped":
        leaf = new.rpartition(".")[2]
        here = f"from {new.rpartition('.')[0]} import {leaf}\n\n\n"
        here += f"def fetch_row(*args, **kwargs):\n    return {leaf}.{names['FUNC']}(*args, **kwargs)\n\n\n"
        here += "".join(f"{SYMBOLS[s]} = {leaf}.{names[s]}\n" for s in SYMBOLS if s != "FUNC")
    else:
        taken = ", ".join(f"{names[s]} as {SYMBOLS[s]}" if names[s] != SYMBOLS[s] else names[s] for s in SYMBOLS)
        here = f"from {new} import {taken}\n"
    here += "\n\n" + stays.format(CONST="LIMIT")
    if template:
        needs = f"    from {new} import new\n\n" if "$canonical" in template else ""
        here += f"\n\ndef old(a, b=2):\n{needs}    return {TEMPLATES[template]}\n"
    return {_path(old): here, _path(new): there}


def _text(names: Mapping[str, str]) -> str:
    return "\n\n\n".join(_SIGNATURES[symbol].format(name) for symbol, name in names.items()) + "\n"


def _path(module: str) -> str:
    return module.replace(".", "/") + ".py"


def _packages(files: Mapping[str, str]) -> set[str]:
    """The ``__init__`` of each package."""
    found = set()
    for path in files:
        parts = path.split("/")[:-1]
        found |= {"/".join((*parts[: n + 1], "__init__.py")) for n in range(len(parts))}
    return found - files.keys()


def _init(draw: Draw, path: str, old: str, depot: str) -> str:
    if path != _path(depot).replace(".py", "/__init__.py"):
        return ""
    shapes = ["", "", "", "", '"""The depot."""\n', f"from {old} import fetch_row, LIMIT\n", f"from {old} import *\n"]
    return draw.pick([*shapes, f"import {old}\n", "__all__ = ['vault']\n"])


def _migrations(
    draw: Draw, kind: str, old: str, new: str, names: Mapping[str, str], template: str | None
) -> dict[str, object]:
    """The migrations of the configuration."""
    renames = {f"{old}.{SYMBOLS[symbol]}": f"{new}.{name}" for symbol, name in names.items()}
    if kind.startswith("module"):
        return {"m": {"modules": {old: new}, "drop_in": True}}
    found: dict[str, object] = {}
    if template:
        match = "$deprecated($a)" if "$b" not in template and draw.chance(20) else "$deprecated($a, $b)"
        rule = {"match": match, "replace": template, "applicability": "safe"}
        canonical = {"canonical": f"{new}.new"} if "$canonical" in template else {}
        found["rewritten"] = {"deprecated": f"{old}.old", "rewrites": [rule], **canonical}
        if draw.chance(40):
            return found
    if draw.chance(30):
        return found | {f"m{n}": {"deprecated": {o: renames[o]}, "drop_in": True} for n, o in enumerate(renames)}
    return found | {"m": {"deprecated": renames, "drop_in": True}}


def filled(text: str, words: Mapping[str, str]) -> str:
    """A piece with its placeholders replaced."""
    pattern = r"(?<![A-Za-z0-9_])(" + "|".join(sorted(words, key=len, reverse=True)) + r")(?![A-Za-z0-9_])"
    return re.sub(pattern, lambda found: words[found[1]], text)
