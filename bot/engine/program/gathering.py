"""What a file takes, writes and stands in for, while its facts are collected: what one expression says."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.engine.program.calls import is_modules, table_of
from bot.engine.program.constants import constants, folded
from bot.engine.program.facts import ANY, AT_LARGE, GIVEN, OWN, Handed, Name, Stub, Write
from bot.engine.program.handing import values_of
from bot.engine.program.meanings import Meanings, joined

DOTTED = re.compile(r"[^\W\d]\w*(?:[.:][^\W\d]\w*)+\Z")
ENTRY_POINT = re.compile(r"^[ \t]*[\w.-]+[ \t]*=[ \t]*((?:[^\W\d]\w*[.:])+[^\W\d]\w*)[ \t]*(?:\[|$)", re.MULTILINE)
"""A line of an entry point, as ``setup`` is given it: ``command = package.module:function [extra]``."""
_IMPORT = re.compile(r"\bfrom\s+([^\W\d][\w.]*)\s+import\s+((?:[^\W\d]\w*(?:\s+as\s+\w+)?(?:\s*,\s*)?)+)")
"""An import in a text that may be run as code."""
_NAME = re.compile(r"(?:^|,)\s*(\w+)")
_LONGEST_CODE = 4_000
LONGEST = 200
"""Characters of a string that can be a dotted name."""


@dataclass(eq=False)
class Gathering(Meanings):
    """What is known of one file so far."""

    takings: dict[tuple[Name, bool], int] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    rebound: list[tuple[str, int]] = field(default_factory=list)
    stubs: list[Stub] = field(default_factory=list)
    functions: dict[str, ast.expr] = field(default_factory=dict)
    """Variables for functions that write: ``put = setattr``, ``patched = partial(patch.object, m)``."""
    own: frozenset[str] = frozenset()
    """The file's own functions and classes, and the object whose method it is."""
    given: frozenset[str] = frozenset()
    """The variables that hold what functions are given."""
    values: dict[str, list[ast.expr]] = field(default_factory=dict)
    """What variables are bound to."""
    handed: dict[Handed, None] = field(default_factory=dict)
    patterns: dict[tuple[str, int], None] = field(default_factory=dict)
    inner: set[ast.AST] = field(default_factory=set)
    """The parts of chains of which the whole was seen."""

    def attribute(self, node: ast.Attribute) -> None:
        """A chain, once as a whole; or a member that is written."""
        inside = node in self.inner
        if isinstance(node.value, ast.Attribute):
            self.inner.add(node.value)
        if isinstance(node.ctx, ast.Load):
            for holder in () if inside else self.meaning(node.value):
                self._take(Name(joined(holder.text, node.attr), holder.level), node.lineno)
        else:
            for holder in (*self.reached(node.value), *self.handed_in(node.value)):
                self.write(holder, node.attr, node.lineno, lasting=True)

    def string(self, node: ast.Constant) -> None:
        """A dotted name in quotes."""
        text = node.value
        if type(text) is str and len(text) < LONGEST and DOTTED.match(text):
            self._take(Name(text.replace(":", ".")), node.lineno, string=True)
        elif type(text) is str and ":" in text and "=" in text:
            for found in ENTRY_POINT.finditer(text):
                self._take(Name(found[1].replace(":", ".")), node.lineno, string=True)
        if type(text) is str and "import " in text and len(text) < _LONGEST_CODE:
            for code in _IMPORT.finditer(text):
                own = code[1] == "__main__"
                for name in _NAME.findall(code[2]):
                    self._take(Name(name, OWN) if own else Name(f"{code[1]}.{name}"), node.lineno, string=True)

    def at_large(self, node: ast.Call) -> None:
        """``getattr(module, name)``, ``dir(module)``: any member may be taken."""
        match node:
            case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[holder, name, *_]):
                if isinstance(name, ast.Constant) or folded(name, self.texts):
                    return
            case ast.Call(func=ast.Name(id="dir" | "vars"), args=[holder]):
                pass
            case ast.Call(func=ast.Name(id="getmembers") | ast.Attribute(attr="getmembers"), args=[holder, *_]):
                pass
            case _:
                return
        if isinstance(holder, ast.Name) and holder.id in self.given:
            return  # one module after the other: who asks all of them asks for names of a kind
        for module in self.reached(holder):
            self._take(Name(joined(module.text, AT_LARGE), module.level), node.lineno)

    def names_from(self, node: ast.ImportFrom) -> None:
        """What is taken of a module by its import."""
        for alias in node.names:
            self._take(Name(joined(node.module, alias.name), node.level), node.lineno)

    def _take(self, name: Name, line: int, *, string: bool = False) -> None:
        self.takings.setdefault((name, string), line)

    def write(self, holder: Name, attribute: str, line: int, *, lasting: bool) -> None:
        """Note a write; another class of a module may have each member by a property."""
        attribute = ANY if attribute == "__class__" else attribute
        own = _written(f"{holder.text}.") if holder.level == 0 else holder
        early = not any(first <= line <= last for first, last in self.later)
        self.writes.append(Write(holder if own.level != OWN else own, attribute, line, lasting, early))

    def joined(self, node: ast.JoinedStr | ast.BinOp) -> None:
        """A dotted name that is put together of constants."""
        for text in folded(node, self.texts):
            if len(text) < LONGEST and DOTTED.match(text):
                self._take(_written(text), node.lineno, string=True)

    def handed_in(self, node: ast.expr) -> Sequence[Name]:
        """What the file does not name, whatever that is: not an object of its own."""
        own = isinstance(node, ast.Name) and (node.id in self.own or self._is_made(node.id))
        return () if own or self.meaning(node) else (Name("", GIVEN),)

    def _is_made(self, name: str) -> bool:
        """Whether a variable only holds objects of the file's own classes."""
        values = self.values.get(name, ())
        made = (isinstance(each, ast.Call) and getattr(each.func, "id", "") in self.own for each in values)
        return bool(values) and all(made)

    def value(self, node: ast.AST) -> None:
        """A module that is a value here: what has it may be anything in this file, or in one that imports this one."""
        for each in values_of(node):
            for module in self.meaning(each) if isinstance(each, ast.Name) else ():
                if module.text.rpartition(".")[2][:1].islower():
                    self.handed.setdefault(Handed(Name("", OWN), module, 0))

    def membership(self, node: ast.Compare) -> None:
        """``"m" in sys.modules``."""
        match node:
            case ast.Compare(left=ast.Constant(value=str(module)), comparators=[table]) if is_modules(table):
                self.stubs.append(Stub(module, node.lineno, read=True))
            case _:
                pass

    def item(self, node: ast.Subscript) -> None:
        """``sys.modules["m"] = …``, ``m.__dict__["n"] = …``, ``globals()["n"] = …``."""
        if isinstance(node.slice, ast.Name) and node.slice.id == "__name__":
            self._item(node, "__name__")
        for each in constants(node.slice, self.texts):
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                self._item(node, each.value)

    def _item(self, node: ast.Subscript, key: str) -> None:
        if isinstance(node.ctx, ast.Load):
            self.stubs += [Stub(key, node.lineno, read=True)] if is_modules(node.value) else []
            for holder in table_of(node.value, self.reached):
                self._take(Name(joined(holder.text, key), holder.level), node.lineno)
            return
        if is_modules(node.value):
            self.stubs.append(Stub(key, node.lineno, out=isinstance(node.ctx, ast.Del)))
        for name in dict.fromkeys((*table_of(node.value, self.reached), *table_of(node.value, self.handed_in))):
            self.write(name, key, node.lineno, lasting=True)


def _written(text: str) -> Name:
    """The name that a string means: ``__name__`` in front is the file's own module."""
    own = text.removeprefix("__name__.")
    return Name(own.rstrip("."), OWN) if own != text else Name(text.replace(":", ".").rstrip("."))
