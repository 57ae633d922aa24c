"""Code that asks a thing what it is called, where it is or what it takes: its successor may say something else."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.domain.migration import TargetKind
from bot.engine.program.definition import Definition, Function, definition_of
from bot.engine.program.index import Index
from bot.engine.resolve.annotation import last_name
from bot.engine.rewrite.requires import dotted_names
from bot.engine.usages.analysis import Analysis, Use

_NAMES = frozenset({"__name__", "__qualname__"})
_PARAMETERS = frozenset({"__defaults__", "__kwdefaults__", "__annotations__", "__signature__", "__text_signature__"})
_OWN = frozenset({"__code__", "__globals__", "__wrapped__", "__closure__"})
"""What a function has of its own, and another one never has."""
_OF_CLASSES = frozenset({"__mro__", "__bases__", "__base__", "mro"})
_OF_MODULES = frozenset({"__name__", "__file__", "__path__", "__spec__", "__package__", "__loader__"})
"""What a module says of the place where it is."""
_SIGNATURES = frozenset({"signature", "getfullargspec", "getargspec", "get_type_hints", "get_annotations"})
_SOURCES = frozenset({"getsource", "getsourcelines", "getsourcefile", "getfile", "getmodule", "getmodulename"})
_SHOWING = frozenset({"repr", "str", "print", "format", "ascii"})
"""Built-in functions that show what they are given, all of it."""
_AUTOMATIC = frozenset({"dataclass", "define", "frozen", "attrs", "s"})
"""Decorators that give a class a text which begins with its name."""
_NAMED_ONES = frozenset({"NamedTuple", "Enum", "Flag", "IntFlag", "BaseModel", "Struct", "SimpleNamespace"})
"""Bases that do."""
_DEEPEST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Differing:
    """In what the answers of a thing and those of its successor are not the same."""

    name: bool
    module: bool
    parameters: bool
    document: bool
    is_class: bool
    is_function: bool
    shown: bool
    """The text of an object of the class begins with the name of that."""

    @classmethod
    def of(cls, index: Index, symbol: str, target: str) -> "_Differing":
        """As far as the definitions are known; else by their dotted names."""
        old, new = definition_of(index, symbol, set()), definition_of(index, target, set())
        (holder, _, leaf), (other, _, last) = symbol.rpartition("."), target.rpartition(".")
        known = old is not None and new is not None
        names = (_called(old), _called(new)) if old and new else (leaf, last)
        statement = old.statement if old else None
        return cls(
            name=names[0] != names[1],
            module=(old.module != new.module) if old and new else holder != other,
            parameters=not known or _parameters(old) != _parameters(new),
            document=not known or _document(old) != _document(new),
            is_class=isinstance(statement, ast.ClassDef),
            is_function=isinstance(statement, Function),
            shown=isinstance(statement, ast.ClassDef) and names[0] != names[1] and _shows_name(statement),
        )

    def in_member(self, name: str) -> bool:
        """Whether what a member of that name holds is something else."""
        return (
            (name in _NAMES and self.name)
            or (name == "__module__" and self.module)
            or (name == "__doc__" and self.document)
            or (name in _PARAMETERS and self.parameters)
            or (name in _OWN and self.is_function)
            or (name in _OF_CLASSES and self.is_class)
        )

    def in_call(self, function: str) -> bool:
        """Whether a function of that name comes to something else for it."""
        return (
            (function in _SIGNATURES and self.parameters)
            or function in _SOURCES
            or (function == "getdoc" and self.document)
            or (function in _SHOWING and self.is_class and (self.name or self.module))
        )


def asks_for_itself(analysis: Analysis, use: Use, target: str) -> bool:
    """Whether the code around a usage asks for what the thing says of itself, and its successor otherwise."""
    node, symbol = use.expression, use.symbol
    if node is None:
        return False
    member = symbol.rpartition(".")[2]
    if use.target.kind is TargetKind.MODULE and _is_special(member) and isinstance(node, ast.Attribute):
        symbol, target, node = symbol.rpartition(".")[0], target.rpartition(".")[0], node.value
        if symbol == use.target.name or analysis.index.names_module(symbol):
            return member in _OF_MODULES
    return _Asked(analysis, _Differing.of(analysis.index, symbol, target)).of(node)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """Looks for what is asked of a thing, by whatever variable of the file it goes."""

    analysis: Analysis
    differing: _Differing

    def of(self, node: ast.expr, depth: int = 0) -> bool:
        """Whether it is asked of an expression that is the thing."""
        if depth > _DEEPEST:
            return False
        return (
            self._is_asked(node)
            or (self.differing.is_class and any(self._of_object(each, depth) for each in self._objects(node)))
            or any(self.of(each, depth + 1) for each in self._again(node))
            or any(self._asks_each(each, self._reads) for each in self._held(node))
        )

    def _is_asked(self, node: ast.expr) -> bool:
        match self.analysis.parents.get(node):
            case ast.Attribute(attr=name):
                return self.differing.in_member(name)
            case ast.Call(func=ast.Name(id="getattr"), args=[held, ast.Constant(value=str(name)), *_]) if held is node:
                return self.differing.in_member(name)
            case ast.Call(func=function, args=args) if node in args:
                return self.differing.in_call(last_name(function)) or self._reads_argument(function, args.index(node))
            case ast.FormattedValue() | ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod()):
                return self.differing.in_call("format")
            case ast.ClassDef(name=name) as below if node in below.bases:
                return self.differing.is_class and self._asks_base(below)
            case _:
                return False

    def _asks_base(self, below: ast.ClassDef) -> bool:
        """Whether a class that is derived from it is asked for what it is derived from."""
        owner = self.analysis.scope_of(below).owner(below.name)
        read = (self.analysis.parents.get(load.node) for load in owner.reads.get(below.name, ())) if owner else ()
        return any(isinstance(each, ast.Attribute) and each.attr in _OF_CLASSES for each in read)

    def _reads_argument(self, function: ast.expr, place: int) -> bool:
        """Whether a function of the program asks what it is given."""
        for name in dotted_names(self.analysis, function, function):
            found = definition_of(self.analysis.index, name, set())
            if found is not None and isinstance(found.statement, ast.FunctionDef) and found.owner is None:
                own = [*found.statement.args.posonlyargs, *found.statement.args.args]
                return place < len(own) and self._reads(found.statement, own[place].arg)
        return False

    def _reads(self, tree: ast.AST, variable: str) -> bool:
        """Whether code asks a variable."""
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=member) if name == variable:
                    if self.differing.in_member(member):
                        return True
                case ast.Call(func=function, args=[ast.Name(id=name), *_]) if name == variable:
                    if self.differing.in_call(last_name(function)):
                        return True
                case ast.FormattedValue(value=ast.Name(id=name)) if name == variable:
                    if self.differing.in_call("format"):
                        return True
                case _:
                    pass
        return False

    # --- objects of the class ---------------------------------------------------------------------------------

    def _objects(self, node: ast.expr) -> Iterator[ast.expr]:
        """Where an object of the class is made, or caught, and where it is read."""
        parent = self.analysis.parents.get(node)
        if isinstance(parent, ast.Tuple):
            parent = self.analysis.parents.get(parent)
        if isinstance(parent, ast.Call) and parent.func is node:
            yield parent
            yield from self._again(parent)
        elif isinstance(parent, ast.ExceptHandler) and parent.name:
            names = (each for part in parent.body for each in ast.walk(part) if isinstance(each, ast.Name))
            yield from (each for each in names if each.id == parent.name)

    def _of_object(self, made: ast.expr, depth: int) -> bool:
        """Whether an object is asked for its class, or shown with the name of that."""
        sort = self._parent(made, "__class__") or self._parent(made, "type")
        return (sort is not None and self.of(sort, depth + 1)) or (self.differing.shown and self._is_shown(made))

    def _is_shown(self, node: ast.expr) -> bool:
        match self.analysis.parents.get(node):
            case ast.Call(func=function, args=args):
                return node in args and last_name(function) in _SHOWING
            case ast.FormattedValue() | ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod()):
                return True
            case _:
                return False

    def _parent(self, node: ast.expr, word: str) -> ast.expr | None:
        """``node.__class__`` or ``type(node)``."""
        match self.analysis.parents.get(node):
            case ast.Attribute(attr=name) as found if name == word:
                return found
            case ast.Call(func=ast.Name(id=name), args=[_]) as found if name == word:
                return found
            case _:
                return None

    # --- by other ways ----------------------------------------------------------------------------------------

    def _again(self, node: ast.expr) -> Iterator[ast.expr]:
        """Where else the value is read: through the one variable that it is given to alone."""
        match self.analysis.parents.get(node):
            case ast.Assign(targets=[ast.Name(id=variable)], value=value) if value is node:
                pass
            case ast.AnnAssign(target=ast.Name(id=variable), value=value) if value is node:
                pass
            case ast.NamedExpr(target=ast.Name(id=variable)) as walrus:
                yield walrus
            case _:
                return
        owner = self.analysis.scope_of(node).owner(variable)
        if owner is not None and len(owner.bindings.get(variable, ())) == 1:
            yield from (load.node for load in owner.reads.get(variable, ()))

    def _held(self, node: ast.expr) -> Iterator[ast.expr]:
        """The lists, and what reads them, in which the value is one among others."""
        parent = self.analysis.parents.get(node)
        if isinstance(parent, ast.Tuple | ast.List | ast.Set) or (isinstance(parent, ast.Dict) and node in parent.keys):
            yield parent
            yield from self._again(parent)

    def _asks_each(self, held: ast.expr, reads: Callable[[ast.AST, str], bool]) -> bool:
        """Whether code goes through a list and asks what is in it."""
        around = self.analysis.parents.get(held)
        match around:
            case ast.comprehension(target=ast.Name(id=name), iter=one) if one is held:
                return reads(self.analysis.parents[around], name)
            case ast.For(target=ast.Name(id=name), iter=one) if one is held:
                return reads(around, name)
            case ast.Call(args=[ast.Lambda(args=ast.arguments(args=[own])) as function, one]) if one is held:
                return reads(function, own.arg)
            case _:
                return False


def _is_special(name: str) -> bool:
    return (name.startswith("__") and name.endswith("__")) or name == "mro"


def _called(found: Definition) -> str:
    return found.statement.name


def _document(found: Definition | None) -> str | None:
    return ast.get_docstring(found.statement) if found is not None else None


def _parameters(found: Definition | None) -> str:
    """What a function takes, or what makes an object of a class, as text."""
    statement = found.statement if found is not None else None
    if isinstance(statement, ast.ClassDef):
        fields = [each for each in statement.body if isinstance(each, ast.AnnAssign)]
        makes = [each for each in statement.body if isinstance(each, Function) and each.name in ("__init__", "__new__")]
        return "\n".join(map(ast.dump, [*statement.bases, *fields])) + "".join(ast.dump(each.args) for each in makes)
    if statement is None:
        return ""
    returns = ast.dump(statement.returns) if statement.returns is not None else ""
    return ast.dump(statement.args) + returns


def _shows_name(statement: ast.ClassDef) -> bool:
    """Whether Python writes the name of the class into the text of its objects."""
    if any(isinstance(each, Function) and each.name in ("__repr__", "__str__") for each in statement.body):
        return False
    decorators = {last_name(each.func if isinstance(each, ast.Call) else each) for each in statement.decorator_list}
    return bool(decorators & _AUTOMATIC) or any(last_name(base) in _NAMED_ONES for base in statement.bases)
