"""Programs out of pieces: a library, modules that use it, some that interfere, and the entry point that tells all."""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from tests.programs.generated.drawing import Draw
from tests.programs.generated.imports import Form, form
from tests.programs.generated.library import Library, filled, library
from tests.programs.generated.reading import PIECES, Piece, pieces
from tests.programs.model import Program, Same

_MODULES = ("one", "two", "three", "ledger", "vault")
_RIVAL = "def fetch_row(n=0):\n    return f'rival {n}'\n\n\ndef load_row(n=0):\n    return f'rival new {n}'\n"
_MAIN = (PIECES / "main.txt").read_text(encoding="utf-8")
"""Tells what each module says when it is imported by module: a new import may run another module earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Module:
    """A module of the application as it grows."""

    name: str
    form: Form
    parts: tuple[str, ...]


def program(draw: Draw, name: str, *, wider: bool = False) -> Program:
    """A program; it may fail from the start, then it shows nothing.  ``wider``: also of pieces that came later."""
    outer = draw.pick(["", "", "shop."])
    app = f"{outer}app"
    return _Composition(draw, library(draw, f"{outer}depot"), app, wider=wider).program(name)


class _Composition:
    """One program while it is put together."""

    def __init__(self, draw: Draw, made: Library, app: str, *, wider: bool) -> None:
        self._draw = draw
        self._library = made
        self._app = app
        self._wider = wider
        self._files = dict(made.files)
        self._modules: dict[str, Form] = {}
        self._number = 0

    def program(self, name: str) -> Program:
        """All of it."""
        draw = self._draw
        for module in draw.some(_MODULES, 1, 3):
            self._add(module, usages=2 + draw.number(4), places=draw.number(3), writers=int(draw.chance(7)))
        if draw.chance(16):
            self._add("conf", usages=0, places=0, writers=1 + draw.number(2))
        if draw.chance(30):
            self._add("test_it", usages=draw.number(2), places=0, writers=0, tests=1 + draw.number(3))
        if draw.chance(10):
            self._close_a_cycle()
        self._finish()
        config = json.dumps({"version": 1, "migrations": self._library.migrations}, indent=1)
        return Program(
            name=name, config=config, files=dict(sorted(self._files.items())), expect=Same(), run=("main.py",)
        )

    def _add(self, name: str, *, usages: int, places: int, writers: int, tests: int = 0) -> None:
        draw = self._draw
        used = self._form()
        chosen = [draw.pick(pieces("usages")) for _ in range(usages)]
        chosen += [draw.pick(pieces("places")) for _ in range(places)]
        chosen += [draw.pick(pieces("writers")) for _ in range(writers)]
        chosen += [draw.pick(pieces("tests")) for _ in range(tests)]
        chosen += [draw.pick(pieces("wider")) for _ in range(1 + draw.number(3))] if self._wider else []
        parts = [self._part(piece, used, name) for piece in draw.some(chosen, len(chosen), len(chosen))]
        watch = filled("def watch():\n    return FUNC(1), CONST, CLASS.size, CLASS(1).act()\n", used.spelled)
        parts.append(watch)
        head = draw.pick(["", "", "", '"""A module."""\n', "from __future__ import annotations\n", "# A comment.\n"])
        text = head + used.text + "\n" + "\n".join(part for part in parts if part)
        self._files[self._path(name)] = text
        self._modules[name] = used

    def _form(self) -> Form:
        """An import of the library, or of what another module has of it."""
        draw, others = self._draw, [name for name in self._modules if name not in ("conf", "test_it")]
        if others and draw.chance(18):
            other = draw.pick(others)
            return self._through(other, self._modules[other])
        made = form(draw, self._library, self._app)
        self._files.update(made.needs)
        return made

    def _through(self, name: str, other: Form) -> Form:
        module = f"{self._app}.{name}"
        spelled = dict(other.spelled)
        way = self._draw.number(4)
        if way == 0:
            return Form(text=f"import {module} as peer\n", spelled={s: f"peer.{t}" for s, t in spelled.items()})
        if way == 1:
            return Form(text=f"from {module} import *\n", spelled=spelled, top=True)
        roots = list(dict.fromkeys(text.partition(".")[0] for text in spelled.values()))
        if way == 2:
            return Form(text=f"from {module} import {', '.join(roots)}\n", spelled=spelled)
        relative = f"from .{name} import {', '.join(roots)}\n"
        return Form(text=relative, spelled=spelled)

    def _part(self, piece: Piece, used: Form, name: str) -> str:
        """A piece at a place in the module, or nothing where it does not fit."""
        draw = self._draw
        self._number += 1
        local = None
        own_function = any(start in piece.text for start in ("def act_@", "def write_@", "def test_@"))
        if not own_function and not piece.marks and draw.chance(45):
            local = form(draw, self._library, self._app) if draw.chance(30) else None
            if local and (local.top or local.needs):
                local = None
        elif not own_function:
            local = None
        spelled = (local or used).spelled
        text = self._filled(piece, spelled, name)
        if text is None:
            return ""
        if own_function:
            return text
        if not piece.marks and (local or draw.chance(40)):
            return f"def act_{self._number}():\n{_indented((local.text if local else '') + text)}"
        if not piece.marks and draw.chance(12):
            return f"class Around_{self._number}:\n{_indented(text)}"
        wrap = draw.number(10)
        if wrap == 0:
            return f"if True:\n{_indented(text)}"
        if wrap == 1 or piece.name.startswith("old-"):
            return f"try:\n{_indented(text)}except Exception as error:\n    print(type(error).__name__)\n"
        return text

    def _filled(self, piece: Piece, spelled: Mapping[str, str], name: str) -> str | None:
        """The piece's text; ``None`` where a name that it needs cannot be spelled."""
        peers = [peer for peer in self._modules if peer not in ("conf", "test_it")]
        words = {**self._library.words(), **spelled, "SELF": f"{self._app}.{name}", "RIVAL": f"{self._app}.rival"}
        if piece.mentions("PEER"):
            if not peers:
                return None
            peer = self._draw.pick(peers)
            func, const = self._modules[peer].spelled["FUNC"], self._modules[peer].spelled["CONST"]
            words |= {"PEER": f"{self._app}.{peer}", "PEERFUNC": func, "PEERCONST": const}
            words |= {"PEERROOT": func.partition(".")[0], "WATCH": f"{self._app}.{peer}.watch()"}
        if piece.mentions("RIVAL"):
            self._files[self._path("rival")] = _RIVAL
        if (piece.mentions("LED") and "LED" not in words) or (piece.name.startswith("old-") and "OLD" not in words):
            return None
        if "plain" in piece.marks and "." in words["FUNC"] + words["CONST"]:
            return None
        return filled(piece.text, words).replace("_@", f"_{self._number}")

    def _path(self, name: str) -> str:
        return f"{self._app.replace('.', '/')}/{name}.py"

    def _close_a_cycle(self) -> None:
        """The successor's module needs one of the application."""
        name = self._draw.pick(list(self._modules))
        self._files[self._path(name)] += "\n\ndef helper():\n    return 'help'\n"
        module, new = f"{self._app}.{name}", self._library.new.replace(".", "/") + ".py"
        way = self._draw.number(3)
        if way == 0:
            self._files[new] = f"from {module} import helper\n\n\n" + self._files[new]
        elif way == 1:
            support = f"{self._library.depot}.support"
            self._files[support.replace(".", "/") + ".py"] = f"from {module} import helper\n"
            self._files[new] = f"from {support} import helper\n\n\n" + self._files[new]
        else:
            self._files[new] = (
                f"import {module}\n\n\n" + self._files[new] + f"\n\ndef late():\n    return {module}.helper()\n"
            )

    def _finish(self) -> None:
        """The packages' ``__init__`` and the entry point."""
        draw, app = self._draw, self._app
        first = next(iter(self._modules))
        shapes = [
            "",
            "",
            "",
            "",
            f"from {app}.{first} import *\n",
            f"from . import {first}\n",
            f"import {app}.{first}\n",
        ]
        self._files[self._path("__init__")] = draw.pick(shapes)
        if "." in app:
            self._files.setdefault(f"{app.partition('.')[0]}/__init__.py", "")
        order = draw.some(list(self._modules), len(self._modules), len(self._modules))
        text = _MAIN + "".join(f"import {app}.{name}\n" for name in order)
        text += "\ntell()\n"
        for start in ("write_", "act_", "test_", "watch"):
            text += "".join(f"run({app}.{name}, '{start}')\n" for name in order)
        self._files["main.py"] = text


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")
