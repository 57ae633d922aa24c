"""From the bytes of a file to its facts: one pass over the tree, with no scopes but the outermost functions.

What a name means is asked of all imports of the file alike, wherever they stand: the answer may be a usage too many,
never one too few.
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any, TypedDict

from bot.engine.program.aliases import alternatives, given
from bot.engine.program.calls import called, is_lasting, is_writer, table_of, written_at_large, written_out
from bot.engine.program.constants import constants, folded
from bot.engine.program.doctests import examples
from bot.engine.program.early import early_calls, modules_imported
from bot.engine.program.effects import acting, applied, keeping, own_names
from bot.engine.program.facts import ANY, GIVEN, OWN, Applied, Facts, Handed, Import, Name, Stub, Taking
from bot.engine.program.gathering import LONGEST, Gathering
from bot.engine.program.handing import (
    HOLE,
    OBJECTS,
    VALUES,
    arguments,
    bound_by,
    changed_tables,
    executed,
    given_names,
    is_given,
    is_of_python,
    is_own,
    names_given,
    names_path,
    pattern,
    spread,
)
from bot.engine.program.hooks import named_by_hooks
from bot.engine.program.meanings import MOST, joined
from bot.engine.program.nodes import functions, nodes, rebound, statements, words
from bot.engine.program.reloads import put_back
from bot.engine.resolve.exports import PARSE_ERRORS, parse
from bot.engine.source.mentions import words_of
from bot.engine.source.names import PROJECT_FILES, SUFFIXES
from bot.engine.source.text import readable_text

_HOOKS = ("sys.meta_path.", "sys.path_hooks.", "builtins.__import__.")
"""What decides how a module is imported."""
_WORD = re.compile(r"[^\W\d]\w*")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def facts_of(source: bytes) -> Facts:
    """The facts of a file; of one that does not parse only that."""
    try:
        tree = parse(source)
        collector = Collector()
        collector.imports_of(tree)
        collector.imports_by_name(tree, source)
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

    own = facts_of(source) if path.endswith(SUFFIXES) else Facts(takings=tuple(_named_in(source)))
    return replace(own, python=oldest_python(path, source))


def _named_in(source: bytes) -> Iterator[Taking]:
    """The dotted names that a project file speaks of: entry points, plug-ins of tools."""
    seen: set[str] = set()
    for number, line in enumerate(source.decode("utf-8", "replace").splitlines(), 1):
        for found in _PATH.finditer(line) if len(line) < _LONGEST_LINE else ():
            name = found[0].replace(":", ".")
            if name not in seen:
                seen.add(name)
                yield Taking(Name(name), number, string=True)


_PATH = re.compile(r"(?<![\w./-])[^\W\d]\w*(?:[.:][^\W\d]\w*)+(?![\w/-])")
_LONGEST_LINE = 2_000


def imports_of(source: bytes) -> Facts:
    """What happens when the file is imported, alone: imports and calls; nothing of one that does not parse."""
    try:
        tree, collector = parse(source), Collector()
        collector.imports_of(tree)
        collector.imports_by_name(tree, source)
    except PARSE_ERRORS:
        return Facts(readable=False)
    return Facts(
        imports=tuple(collector.imports), calls=early_calls(tree, collector.meaning), **collector.effects(tree)
    )


class Effects(TypedDict):
    """Those of the facts that say what an import does."""

    acts: int
    applied: tuple[Applied, ...]
    keeps: frozenset[str]


@dataclass(eq=False)
class Collector(Gathering):
    """The facts of one file while they are collected."""

    told: int = 0
    """How many names the variables stood for when it was last noted what modules say of themselves."""

    def facts(self, tree: ast.Module) -> Facts:
        """All of them."""
        star = any(each.name == "*" for each in self.imports)
        back = put_back(tree) if self.stubs else frozenset()
        return Facts(
            imports=tuple(self.imports),
            takings=tuple(Taking(name, line, string) for (name, string), line in self.takings.items()),
            writes=tuple(self.writes), rebound=tuple(self.rebound),
            stubs=tuple(stub for stub in self.stubs if stub.module not in back),
            calls=early_calls(tree, self.meaning), handed=tuple(filter(self._tells, self.handed)),
            patterns=tuple(self.patterns), **self.effects(tree),
            words=frozenset(words(tree)) if star else frozenset(),
        )  # fmt: skip

    def effects(self, tree: ast.Module) -> Effects:
        """What the file does for others when it is imported."""
        own = own_names(tree)
        return Effects(acts=acting(tree, own), applied=tuple(applied(tree, own, self.meaning)), keeps=keeping(tree))

    def _tells(self, handed: Handed) -> bool:
        """Whether names that only the file's own functions are given say something: they put others together."""
        return handed.given is not None or handed.to != Name("", OWN) or bool(self.patterns)

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

    def imports_by_name(self, tree: ast.Module, source: bytes) -> None:
        """What is imported by a name in a string when the file is imported."""
        for name, line in modules_imported(tree) if b"import_module" in source or b"__import__" in source else ():
            self.imports.append(Import(name, None, "", line, early=True))

    # --- names ------------------------------------------------------------------------------------------------

    def names_of(self, tree: ast.Module) -> None:
        """Everything that is read or written through an import."""
        found = nodes(tree)
        self.later = sorted(functions(tree))
        self._aliases(found)
        self.rebound += rebound(found)
        self.given = given_names(found)
        self.own = frozenset(OBJECTS) | {each.name for each in found if isinstance(each, _DEFINITIONS)}
        self.look(found)
        self._hooks(found)

    def _hooks(self, found: Sequence[ast.AST]) -> None:
        """The modules that a file names which has a say in how modules are imported: it may replace them."""
        names = {name.text for name, _ in self.takings} | {f"{w.holder.text}.{w.attribute}" for w in self.writes}
        if not any(f"{name}.".startswith(_HOOKS) for name in names):
            return
        self.stubs += [Stub(text, line) for text, line in named_by_hooks(found)]

    def look(self, found: Sequence[ast.AST]) -> None:
        """What nodes read and write."""
        for node in found:  # outer ones first
            look = _LOOKS.get(type(node))
            if look is not None:
                look(self, node)

    def _aliases(self, found: Sequence[ast.AST]) -> None:
        """``name = pkg.module``: the variable stands for it, and for what it is called when it is given on."""
        pairs = [(name, each, line) for name, value, line in given(found) for each in alternatives(value)]
        changed = changed_tables(found)
        for name, value, _ in pairs:
            if name not in changed:
                self.values.setdefault(name, []).append(value)
            text = value.value if type(value) is ast.Constant else None
            if type(text) is str and len(text) < LONGEST:
                known = self.texts.setdefault(name, [])
                known += [text] if text not in known and len(known) < MOST else []
        self.functions |= {name: value for name, value, _ in pairs if is_writer(value)}
        self._texts_of_imports()
        self.follow(pairs, {name for node in found if type(node) is ast.Global for name in node.names})

    def _texts_of_imports(self) -> None:
        """What a module, and what is taken of one, says of itself: ``module.__name__``, ``function.__module__``."""
        number = sum(map(len, self.locals.values()))
        if number == self.told:
            return  # of most examples in docstrings
        self.told = number
        for local, names in self.locals.items():
            for name in names if all(each.level == 0 for each in names) else ():
                said = {"__name__": name.text, "__module__": name.text.rpartition(".")[0]}
                for member, text in said.items():
                    known = self.texts.setdefault(f"{local}.{member}", [])
                    known += [text] if text not in known else []

    def call(self, node: ast.Call) -> None:
        """What a call does to members of modules."""
        for code in executed(node, self.texts):
            self._run(node, code)
        self.at_large(node)
        node = spread(written_out(node, self.functions), self.values)
        self._hands_over(node)
        known = [constants(each, self.texts) for each in node.args[:2]]
        for args in islice(product(*known), MOST):
            same = all(one is other for one, other in zip(args, node.args, strict=False))
            self._called(
                node if same else ast.copy_location(ast.Call(node.func, [*args, *node.args[2:]], node.keywords), node)
            )

    def _called(self, node: ast.Call) -> None:
        found = called(node, self.reached)
        if not found.written:
            inside = called(node, self.handed_in)
            unknown = tuple(each for each in inside.written if each[0].level == GIVEN)
            if unknown or inside.lasting != found.lasting:
                found = replace(found, written=unknown, lasting=inside.lasting)
        for name in written_at_large(node, self._at_large):
            self.write(name, ANY, node.lineno, lasting=is_lasting(node))
        self._named_by_others(node)
        self._completed(node)
        for name in found.taken:
            self._take(name, node.lineno)
        for holder, attribute in found.written:
            self.write(holder, attribute, node.lineno, lasting=found.lasting)
        self.stubs += [Stub(module, node.lineno) for module in found.stubbed]
        self.stubs += [Stub(module, node.lineno, out=True) for module in found.taken_out]
        self.stubs += [Stub(module, node.lineno, read=True) for module in found.looked_up]

    def _at_large(self, node: ast.expr) -> Sequence[Name]:
        """As `handed_in`, but for what a method of some object gives: that is an object, and no module."""
        values = self.values.get(node.id, ()) if isinstance(node, ast.Name) else ()
        called_ = [each.func for each in values if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)]
        made = bool(values) and len(called_) == len(values) and not any(map(self.meaning, called_))
        return () if made else self.handed_in(node)

    def _named_by_others(self, node: ast.Call) -> None:
        """A member of a module that is written under the name that the function is given."""
        for name in written_at_large(node, self.reached):
            if name.level == 0 and len(node.args) > 1 and is_given(node.args[1], self.given):
                self.patterns[f"{name.text}.{HOLE}", node.lineno] = None

    def _completed(self, node: ast.Call) -> None:
        """A path of which only the last component is known: of some module that the file imports."""
        path = node.args[0] if node.args and names_path(node) else None
        if not isinstance(path, ast.JoinedStr | ast.BinOp) or folded(path, self.texts):
            return
        last = path.values[-1] if isinstance(path, ast.JoinedStr) else path.right
        member = last.value.rpartition(".")[2] if isinstance(last, ast.Constant) and type(last.value) is str else ""
        for each in self.imports if member.isidentifier() else ():
            for name in (each.module, Name(joined(each.module.text, each.name or ""), each.module.level)):
                self.write(name, member, node.lineno, lasting=False)

    def _hands_over(self, node: ast.Call) -> None:
        """Modules, and names of some, that a call hands to a function of another file."""
        if (dotted := pattern(node, self.given, self.texts)) is not None:
            self.patterns[dotted, node.lineno] = None
        values = list(arguments(node))
        named = [name for value in values for name in self.meaning(value)]
        called_ = self.meaning(node.func)
        own = is_own(node.func) and (not called_ or isinstance(node.func, ast.Attribute))
        if not called_ and not own and not isinstance(node.func, ast.Attribute):
            return
        to = [name for name in (*called_, *named) if name.level or not is_of_python(name.text)]
        to += [Name("")] if not called_ else []
        to += [Name("", OWN)] if own else []
        texts = names_given(node, self.texts) if to else ()
        for name in dict.fromkeys(to):
            for module in dict.fromkeys(named):
                if module != name and module.text.rpartition(".")[2][:1].islower():
                    self.handed[Handed(name, module, node.lineno, texts)] = None
            if texts and ((name.text and name in called_) or name.level == OWN):
                self.handed[Handed(name, None, node.lineno, texts)] = None

    def _run(self, node: ast.Call, code: ast.Module) -> None:
        """Code in a string, as if it stood in the call's place; with a namespace it binds the names of that."""
        self.imports_of(code, early=False)
        self.look(nodes(code))
        spaces = [name for each in node.args[1:] for name in table_of(each, self.reached)]
        read = {each.id for each in ast.walk(code) if isinstance(each, ast.Name)}
        for holder, name in product(spaces, sorted(read)):
            self._take(Name(joined(holder.text, name), holder.level), node.lineno)
        for holder in spaces if len(node.args) > 1 else [Name("", OWN)]:
            for name in sorted(bound_by(code)):
                self.write(holder, name, node.lineno, lasting=True)


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
