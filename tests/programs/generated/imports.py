"""Ways of importing the library, each with how its names are spelled then."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.programs.generated.drawing import Draw
from tests.programs.generated.library import STAYING, SYMBOLS, Library

_NAMES = {**SYMBOLS, **STAYING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Import statements, and what the placeholders mean after them."""

    text: str
    spelled: Mapping[str, str]
    """By symbol, and ``LED`` for the module where it can be spelled."""
    top: bool = False
    """Only at the top of a module: a star."""
    needs: Mapping[str, str] = field(default_factory=dict)
    """Further files, by path."""


def form(draw: Draw, library: Library, app: str) -> Form:
    """One way to import the names that the library has."""
    names = {symbol: name for symbol, name in _NAMES.items() if symbol != "OLD" or "def old(" in _old_text(library)}
    kinds = [_names, _names, _aliases, _module, _module_as, _from_package, _from_package, _from_package_as]
    kinds += [_star, _facade, _relative, _mixed]
    made = draw.pick(kinds)(draw, library, names, app)
    if draw.chance(12) and not made.top:
        made = _wrapped(draw, made)
    return made


def _old_text(library: Library) -> str:
    return library.files[library.old.replace(".", "/") + ".py"]


def _names(draw: Draw, library: Library, names: Mapping[str, str], app: str) -> Form:
    return Form(text=_list(draw, library.old, list(names.values())), spelled=dict(names))


def _list(draw: Draw, module: str, names: list[str]) -> str:
    """A ``from`` import of all the names, in one of its layouts."""
    layout = draw.number(5)
    if layout == 0:
        return f"from {module} import {', '.join(names)}\n"
    if layout == 1:
        return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")\n"
    if layout == 2:
        return f"from {module} import (  # noqa\n" + "".join(f"    {n},  # {n[:2]}\n" for n in names) + ")\n"
    if layout == 3:
        return "".join(f"from {module} import {name}\n" for name in names)
    return f"from {module} import {', '.join(names[:2])}\nfrom {module} import {', '.join(names[2:])}\n"


def _aliases(draw: Draw, library: Library, names: Mapping[str, str], app: str) -> Form:
    chosen = {symbol: f"my_{symbol.lower()}" if draw.chance(60) else name for symbol, name in names.items()}
    if draw.chance(15):
        chosen["FUNC"] = library.names["FUNC"]
    listed = [name if chosen[symbol] == name else f"{name} as {chosen[symbol]}" for symbol, name in names.items()]
    return Form(text=_list(draw, library.old, listed), spelled=chosen)


def _through(text: str, module: str, names: Mapping[str, str]) -> Form:
    return Form(text=text, spelled={"LED": module, **{symbol: f"{module}.{name}" for symbol, name in names.items()}})


def _module(draw: Draw, library: Library, names: Mapping[str, str], app: str) -> Form:
    more = draw.pick(["", "", f"import {library.depot}\n", f"import {library.new}\n"])
    return _through(f"{more}import {library.old}\n", library.old, names)


def _module_as(draw: Draw, library: Library, names: Mapping[str, str], app: str) -> Form:
    alias = draw.pick(["led", "m", library.new.rpartition(".")[2], "_hidden"])
    return _through(f"import {library.old} as {alias}\n", alias, names)


def _from_package(draw: Draw, library: Library, names: Mapping[str, str], app: str) -> Form:
    package, _, leaf = library.old.rpartition(".")
    more = draw.pick(["", "", ", vault" if package == library.depot else ""])
    return _through(f"from {package} import {leaf}{more}\n", leaf, names)


def _from_package_as(draw: Draw, library: Library, names: Mapping[str, str], app: str) -> Form:
    package, _, leaf = library.old.rpartition(".")
    return _through(f"from {package} import {leaf} as books\n", "books", names)


def _star(draw: Draw, library: Library, names: Mapping[str, str], app: str) -> Form:
    return Form(text=f"from {library.old} import *\n", spelled=dict(names), top=True)


def _facade(draw: Draw, library: Library, names: Mapping[str, str], app: str) -> Form:
    """Through a module of the application that hands the names on."""
    module, path = f"{app}.compat", f"{app.replace('.', '/')}/compat.py"
    listed = list(names.values())
    shapes = [
        f"from {library.old} import *\n",
        f"from {library.old} import {', '.join(listed)}\n",
        f"from {library.old} import {', '.join(listed)}\n\n__all__ = {listed!r}\n",
        f"import {library.old} as led\n\n" + "".join(f"{name} = led.{name}\n" for name in listed),
    ]
    needs = {path: draw.pick(shapes)}
    way = draw.number(4)
    if way == 0:
        return Form(text=f"import {module} as compat\n", spelled=_dotted("compat", names), needs=needs)
    if way == 1:
        return Form(text=f"import {module}\n", spelled=_dotted(module, names), needs=needs)
    if way == 2:
        return Form(text=f"from {module} import *\n", spelled=dict(names), top=True, needs=needs)
    return Form(text=f"from {module} import {', '.join(listed)}\n", spelled=dict(names), needs=needs)


def _dotted(module: str, names: Mapping[str, str]) -> dict[str, str]:
    return {symbol: f"{module}.{name}" for symbol, name in names.items()}


def _relative(draw: Draw, library: Library, names: Mapping[str, str], app: str) -> Form:
    """From a sibling package, where there is a package around both."""
    outer = app.rpartition(".")[0]
    if not outer:
        return _names(draw, library, names, app)
    inner = library.old.removeprefix(f"{outer}.")
    package, _, leaf = inner.rpartition(".")
    way = draw.number(3)
    if way == 0:
        return Form(text=f"from ..{inner} import {', '.join(names.values())}\n", spelled=dict(names))
    if way == 1:
        return _through(f"from ..{package} import {leaf}\n", leaf, names)
    return _through(f"from ..{package} import {leaf} as rel\n", "rel", names)


def _mixed(draw: Draw, library: Library, names: Mapping[str, str], app: str) -> Form:
    """Some names by themselves, the others through the module."""
    first = dict(draw.some(list(names.items()), 1, 3))
    whole = draw.pick([_module, _module_as, _from_package])(draw, library, names, app)
    text = [f"from {library.old} import {', '.join(first.values())}\n", whole.text]
    return Form(text="".join(text if draw.chance(50) else text[::-1]), spelled={**whole.spelled, **first})


def _wrapped(draw: Draw, made: Form) -> Form:
    body = "".join(f"    {line}" for line in made.text.splitlines(keepends=True))
    heads = [
        f"if True:\n{body}",
        f"try:\n{body}except ImportError:\n    raise\n",
        f"import sys\nif sys.version_info >= (3, 5):\n{body}else:\n    raise ImportError\n",
        f"try:\n{body}finally:\n    pass\n",
    ]
    return Form(text=draw.pick(heads), spelled=made.spelled, needs=made.needs)
