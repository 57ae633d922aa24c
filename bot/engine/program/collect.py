"""From the bytes of a file to its facts: one pass over the tree, without scopes.

What a name means is asked of all imports of the file alike, wherever they stand: the answer may be a usage too many,
never one too few.
"""

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import Any

from bot.engine.program.aliases import alternatives, given
from bot.engine.program.calls import called, is_modules, is_writer, table_of, written_out
from bot.engine.program.constants import constants, folded
from bot.engine.program.doctests import examples
from bot.engine.program.early import early_calls
from bot.engine.program.facts import ANY, GIVEN, NOTHING, OWN, Facts, Handed, Import, Name, Stub, Taking, Write
from bot.engine.program.handing import (
    OBJECTS,
    VALUES,
    arguments,
    bound_by,
    changed_tables,
    executed,
    given_names,
    is_of_python,
    names_given,
    pattern,
    spread,
    values_of,
)
from bot.engine.program.meanings import Meanings, joined
from bot.engine.program.nodes import functions, nodes, rebound, statements, words
from bot.engine.program.reloads import put_back
from bot.engine.resolve.exports import PARSE_ERRORS, parse
from bot.engine.source.mentions import words_of
from bot.engine.source.names import PROJECT_FILES, SUFFIXES
from bot.engine.source.text import readable_text

_DOTTED = re.compile(r"[^\W\d]\w*(?:[.:][^\W\d]\w*)+\Z")
_WORD = re.compile(r"[^\W\d]\w*")
_LONGEST = 200
"""Characters of a string that can be a dotted name."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_STEPS = 4
"""How often what is given on is followed further."""
_NAMING = (ast.Name, ast.Attribute, ast.Subscript, ast.Call)
"""What may stand for a module."""
_MOST = 16
"""The dotted names that one variable may stand for, or the strings that it may be: of more the first ones."""


def facts_of(source: bytes) -> Facts:
    """The facts of a file; of one that does not parse only that."""
    try:
        tree = parse(source)
        collector = Collector()
        collector.imports_of(tree)
        codes = list(examples(source))
        for code in codes:
            collector.imports_of(code, early=False)
        for code in (tree, *codes):
            collector.names_of(code)
    except PARSE_ERRORS:
        found = unread(source)
        return replace(found, words=found.words | words_of(readable_text(source) or ""))
    return collector.facts(tree)


def unread(source: bytes) -> Facts:
    """The facts of a file that cannot be looked at: the words as they stand in it, which costs next to nothing."""
    return Facts(readable=False, words=frozenset(_WORD.findall(source.decode("utf-8", "replace"))))


def facts_at(path: str, source: bytes) -> Facts:
    """The facts of a file at a path: a project file also says for which Pythons it is."""
    if path.rpartition("/")[2] not in PROJECT_FILES:
        return facts_of(source)
    from bot.engine.program.pythons import oldest_python

    own = facts_of(source) if path.endswith(SUFFIXES) else NOTHING
    return replace(own, python=oldest_python(path, source))


def imports_of(source: bytes) -> Facts:
    """What happens when the file is imported, alone: imports and calls; nothing of one that does not parse."""
    try:
        tree, collector = parse(source), Collector()
        collector.imports_of(tree)
    except PARSE_ERRORS:
        return Facts(readable=False)
    return Facts(imports=tuple(collector.imports), calls=early_calls(tree, collector.meaning))


@dataclass(eq=False)
class Collector(Meanings):
    """The facts of one file while they are collected."""

    takings: dict[tuple[Name, bool], int] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    rebound: list[tuple[str, int]] = field(default_factory=list)
    stubs: list[Stub] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    """The strings that variables are bound to."""
    functions: dict[str, ast.expr] = field(default_factory=dict)
    """Variables for functions that write: ``put = setattr``, ``patched = partial(patch.object, m)``."""
    later: Sequence[tuple[int, int]] = ()
    """The first and the last line of each function that is in no other one, decorators included."""
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

    def facts(self, tree: ast.Module) -> Facts:
        """All of them."""
        star = any(each.name == "*" for each in self.imports)
        back = put_back(tree) if self.stubs else frozenset()
        return Facts(
            imports=tuple(self.imports),
            takings=tuple(Taking(name, line, string) for (name, string), line in self.takings.items()),
            writes=tuple(self.writes), rebound=tuple(self.rebound),
            stubs=tuple(stub for stub in self.stubs if stub.module not in back),
            calls=early_calls(tree, self.meaning), handed=tuple(self.handed), patterns=tuple(self.patterns),
            words=frozenset(words(tree)) if star else frozenset(),
        )  # fmt: skip

    # --- imports ----------------------------------------------------------------------------------------------

    def imports_of(self, tree: ast.Module, *, early: bool = True) -> None:
        """The import statements, and what variables are another name of."""
        for statement, runs in statements(tree.body, early):
            match statement:
                case ast.Import(names=names):
                    for alias in names:
                        local = alias.asname or alias.name.partition(".")[0]
                        self.bind(local, Name(alias.name if alias.asname else local))
                        found = Import(Name(alias.name), None, local, statement.lineno, runs)
                        self.imports.append(found)
                case ast.ImportFrom(module=module, names=names, level=level):
                    for alias in names:
                        self.bind(alias.asname or alias.name, Name(joined(module, alias.name), level))
                        origin = Name(module or "", level)
                        local = alias.asname or alias.name
                        self.imports.append(Import(origin, alias.name, local, statement.lineno, runs))
                case _:
                    pass

    # --- names ------------------------------------------------------------------------------------------------

    def names_of(self, tree: ast.Module) -> None:
        """Everything that is read or written through an import."""
        found = nodes(tree)
        self.later = functions(tree)
        self._aliases(found)
        self.rebound += rebound(found)
        self.given = given_names(found)
        self.own = frozenset(OBJECTS) | {each.name for each in found if isinstance(each, _DEFINITIONS)}
        self.look(found)

    def look(self, found: Sequence[ast.AST]) -> None:
        """What nodes read and write."""
        for node in found:  # outer ones first
            look = _LOOKS.get(type(node))
            if look is not None:
                look(self, node)

    def _aliases(self, found: Sequence[ast.AST]) -> None:
        """``name = pkg.module``: the variable stands for it, and for what it is called when it is given on."""
        pairs = [(name, each) for name, value in given(found) for each in alternatives(value)]
        changed = changed_tables(found)
        for name, value in pairs:
            if name not in changed:
                self.values.setdefault(name, []).append(value)
        for name, value in pairs:
            text = value.value if type(value) is ast.Constant else None
            if type(text) is str and len(text) < _LONGEST:
                known = self.texts.setdefault(name, [])
                known += [text] if text not in known and len(known) < _MOST else []
        self.functions |= {name: value for name, value in pairs if is_writer(value)}
        named = [pair for pair in pairs if type(pair[1]) in _NAMING]
        for _ in range(_STEPS):
            before = sum(map(len, self.locals.values()))
            for name, value in named:
                if len(self.locals.get(name, ())) < _MOST:
                    for meant in self.meaning(value):
                        self.bind(name, meant)
            if before == sum(map(len, self.locals.values())):
                return

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
        if type(text) is str and len(text) < _LONGEST and _DOTTED.match(text):
            self._take(Name(text.replace(":", ".")), node.lineno, string=True)

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
            if len(text) < _LONGEST and _DOTTED.match(text):
                self._take(_written(text), node.lineno, string=True)

    def call(self, node: ast.Call) -> None:
        """What a call does to members of modules."""
        for code in executed(node, self.texts):
            self._run(node, code)
        node = spread(written_out(node, self.functions), self.values)
        self._hands_over(node)
        known = [constants(each, self.texts) for each in node.args[:2]]
        for args in islice(product(*known), _MOST):
            same = all(one is other for one, other in zip(args, node.args, strict=False))
            self._called(
                node if same else ast.copy_location(ast.Call(node.func, [*args, *node.args[2:]], node.keywords), node)
            )

    def _called(self, node: ast.Call) -> None:
        found = called(node, self.reached)
        if not found.written:
            inside = called(node, self.handed_in)
            unknown = tuple(each for each in inside.written if each[0].level == GIVEN)
            found = replace(found, written=unknown, lasting=inside.lasting)
        for name in found.taken:
            self._take(name, node.lineno)
        for holder, attribute in found.written:
            self.write(holder, attribute, node.lineno, lasting=found.lasting)
        self.stubs += [Stub(module, node.lineno) for module in found.stubbed]
        self.stubs += [Stub(module, node.lineno, read=True) for module in found.looked_up]

    def _hands_over(self, node: ast.Call) -> None:
        """Modules, and names of some, that a call hands to a function of another file."""
        if (dotted := pattern(node, self.given, self.texts)) is not None:
            self.patterns[dotted, node.lineno] = None
        values = list(arguments(node))
        named = [name for value in values for name in self.meaning(value)]
        called_ = self.meaning(node.func)
        if not called_ and not isinstance(node.func, ast.Attribute):
            return
        to = [name for name in (*called_, *named) if name.level or not is_of_python(name.text)]
        to += [Name("")] if not called_ else []
        texts = names_given(node, self.texts) if to else ()
        for name in dict.fromkeys(to):
            for module in dict.fromkeys(named):
                if module != name and module.text.rpartition(".")[2][:1].islower():
                    self.handed[Handed(name, module, node.lineno)] = None
            if texts and name.text and name in called_:
                self.handed[Handed(name, None, node.lineno, texts)] = None

    def _run(self, node: ast.Call, code: ast.Module) -> None:
        """Code in a string, as if it stood in the call's place; with a namespace it binds the names of that."""
        self.imports_of(code, early=False)
        self.look(nodes(code))
        spaces = [name for each in node.args[1:] for name in table_of(each, self.reached)]
        for holder in spaces if len(node.args) > 1 else [Name("", OWN)]:
            for name in sorted(bound_by(code)):
                self.write(holder, name, node.lineno, lasting=True)

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
        for each in constants(node.slice, self.texts):
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                self._item(node, each.value)

    def _item(self, node: ast.Subscript, key: str) -> None:
        if isinstance(node.ctx, ast.Load):
            self.stubs += [Stub(key, node.lineno, read=True)] if is_modules(node.value) else []
            return
        if is_modules(node.value):
            self.stubs.append(Stub(key, node.lineno))
        for name in dict.fromkeys((*table_of(node.value, self.reached), *table_of(node.value, self.handed_in))):
            self.write(name, key, node.lineno, lasting=True)


_LOOKS: dict[type[ast.AST], Callable[[Collector, Any], None]] = {
    ast.Attribute: Collector.attribute,
    ast.Call: Collector.call,
    ast.Subscript: Collector.item,
    ast.Constant: Collector.string,
    ast.Compare: Collector.membership,
    ast.ImportFrom: Collector.names_from,
    ast.JoinedStr: Collector.joined,
    ast.BinOp: Collector.joined,
    **dict.fromkeys(VALUES, Collector.value),
}


def _written(text: str) -> Name:
    """The name that a string means: ``__name__`` in front is the file's own module."""
    own = text.removeprefix("__name__.")
    return Name(own.rstrip("."), OWN) if own != text else Name(text.replace(":", ".").rstrip("."))
