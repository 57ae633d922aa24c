"""The programs of ``data``: a text file for each kind of fault.

A file begins with a sentence about its kind.  Each program has a line ``=== name``, lines ``key: value`` and, after a
line ``--- path``, its files (``--- path with a mark``: after a byte-order mark).  The keys:

``rename: OLD -> NEW``, ``module: OLD -> NEW``
    drop-in successors; with ``apart: yes`` each ``rename`` is a migration of its own, all of ``module`` are one.
``rewrite: MATCH -> REPLACE``
    a safe rewrite of ``depot.ledger.old``, whose successor is ``depot.vault.new``; ``imports: NAME`` and
    ``unless: CAPTURE KIND`` belong to it, and ``reads: TEXT`` or ``reads: TEXT -> REPLACE``.
``delete: NAME``
    statements that call NAME for nothing go.
``expect: safe``, ``expect: safe but N`` (usages left), ``expect: refused WORDS``, ``expect: same``
    see `tests.programs.model`; ``holds: PATH: TEXT`` (a JSON string) belongs to ``safe``.
``run: SCRIPT …``
    without it: ``main.py``.
``extends: PRESET``
    the preset alone.
``bare: yes``
    without the package ``depot``, of which each program has the modules that it does not have itself.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.programs.model import Expected, Program, Refused, Safe, Same

DATA = Path(__file__).with_name("data")
_LEDGER = "def fetch_row(n):\n    return f'row {n}'\n\n\ndef other():\n    return 'other'\n\n\nLIMIT = 3\n"
_VAULT = "def load_row(n):\n    return f'row {n}'\n\n\nCAP = 3\n"
RENAMED = {"depot/__init__.py": "", "depot/ledger.py": _LEDGER, "depot/vault.py": _VAULT}
REWRITTEN = {"depot/__init__.py": "", "depot/vault.py": "def new(*args, **kwargs):\n    return args, kwargs\n"}
_MARK = " with a mark"
_Header = Mapping[str, list[str]]


def programs() -> dict[str, Program]:
    """Every program, by its kind and name."""
    return {
        f"{path.stem}/{program.name}": program
        for path in sorted(DATA.glob("*.txt"))
        for program in _programs(path.read_text(encoding="utf-8"))
    }


def _programs(text: str) -> Iterator[Program]:
    for part in text.split("\n=== ")[1:]:
        head, *files = part.rstrip("\n").split("\n--- ")
        name, *lines = head.splitlines()
        header: dict[str, list[str]] = {}
        for line in lines:
            key, value = line.split(": ", 1)
            header.setdefault(key, []).append(value)
        yield Program(
            name=name, config=_config(header), files=_files(header, files), expect=_expected(header),
            run=tuple(header.get("run", ["main.py"])[0].split()),
        )  # fmt: skip


def _files(header: _Header, parts: list[str]) -> dict[str, str]:
    own = dict(_file(part) for part in parts)
    base = {} if "bare" in header else REWRITTEN if "rewrite" in header else RENAMED
    packages = {path.replace("/__init__.py", ".py") for path in own}
    return {path: text for path, text in base.items() if path not in packages} | own


def _file(part: str) -> tuple[str, str]:
    path, _, text = part.partition("\n")
    mark = "\ufeff" if path.endswith(_MARK) else ""
    return path.removesuffix(_MARK), mark + (f"{text.rstrip()}\n" if text.strip() else "")


def _config(header: _Header) -> str:
    """The configuration (JSON is YAML)."""
    if "extends" in header:
        return json.dumps({"version": 1, "extends": header["extends"]})
    migrations = {"m": _migration(header)}
    if "apart" in header:
        names, modules = _pairs(header["rename"]), _pairs(header.get("module", []))
        migrations = {"m": {"modules": modules, "drop_in": True}} if modules else {}
        migrations |= {f"m{n}": {"deprecated": {old: names[old]}, "drop_in": True} for n, old in enumerate(names)}
    return json.dumps({"version": 1, "migrations": migrations})


def _migration(header: _Header) -> dict[str, object]:
    if "rewrite" in header:
        match, replace = header["rewrite"][0].split(" -> ")
        rule: dict[str, object] = {"match": match, "replace": replace, "applicability": "safe"}
        rule |= {"imports": header["imports"]} if "imports" in header else {}
        rule |= {"reads": dict(_read(line) for line in header["reads"])} if "reads" in header else {}
        rule |= {"unless": dict(line.split() for line in header["unless"])} if "unless" in header else {}
        canonical = {"canonical": "depot.vault.new"} if "$canonical" in replace else {}
        return {"deprecated": "depot.ledger.old", "rewrites": [rule], **canonical}
    if "delete" in header:
        rule = {"when": "result-unused", "action": "delete-statement", "applicability": "safe"}
        return {"deprecated": header["delete"][0], "rewrites": [rule]}
    words = {"deprecated": "rename", "modules": "module"}
    return {**{key: _pairs(header[word]) for key, word in words.items() if word in header}, "drop_in": True}


def _read(line: str) -> tuple[str, str | None]:
    text, _, other = line.partition(" -> ")
    return text, other or None


def _pairs(lines: list[str]) -> dict[str, str]:
    return dict(line.split(" -> ") for line in lines)


def _expected(header: _Header) -> Expected:
    word, _, more = header["expect"][0].partition(" ")
    if word == "refused":
        return Refused(words=more)
    if word == "same":
        return Same()
    holds = [line.split(": ", 1) for line in header.get("holds", ())]
    left = int(more.removeprefix("but ") or 0)
    return Safe(left=left, holds=tuple((path, json.loads(text)) for path, text in holds))
