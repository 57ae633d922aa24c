"""What an expression may be in the end: its value is followed through variables, calls, tables and attributes.

Only what one file says is followed: variables, defaults and arguments of its own functions, what these return,
attributes of its own classes, and tables that are written out.  What cannot be followed is left as it stands, so
nothing is invented; what is followed may be one of several values.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.engine.resolve.attributes import Attributes
from bot.engine.resolve.bindings import Binding, BindingKind, Load, Scope, ScopeKind
from bot.engine.resolve.flow import reaching
from bot.engine.resolve.resolver import Resolver
from bot.engine.resolve.scope import Scopes, owner_at
from bot.engine.resolve.tables import ELEMENT, added, column, elements, entries, spread

MOST = 400
"""So many steps are taken for one expression."""
DEEPEST = 12
"""So many attributes, tables and calls are followed within each other."""
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
_PROPERTIES = frozenset({"property", "cached_property"})


@dataclass(slots=True, kw_only=True, eq=False)
class Values:
    """The expressions of one file, followed."""

    scopes: Scopes
    resolver: Resolver
    attributes: Attributes = field(init=False)
    _left: int = 0
    _depth: int = 0
    _added: dict[tuple[Scope | None, str], ast.expr | None] = field(default_factory=dict)
    _known: dict[tuple[ast.AST, ...], tuple[ast.expr, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.attributes = Attributes(self.scopes, self.resolver)

    def of(self, node: ast.expr) -> tuple[ast.expr, ...]:
        """What ``node`` may be in the end: imported names, calls of others' functions, literals …, each once."""
        self._left = MOST
        if not isinstance(node, ast.Name) or node not in self.resolver.loads:
            return tuple(self._leaves(node))
        key = tuple(b.node for b in reaching(self.resolver.loads[node], self.scopes.parents))
        if not key:
            return (node,)
        if key not in self._known:  # ten thousand reads of one variable are followed once
            self._known[key] = tuple(self._leaves(node))
        return self._known[key]

    def names(self, node: ast.expr) -> tuple[str, ...]:
        """The dotted names that ``node`` may stand for in the end."""
        return tuple(dict.fromkeys(name for leaf in self.of(node) for name in self._named(leaf)))

    def classes_with(self, node: ast.expr, member: str) -> tuple[str, ...]:
        """The dotted names of other files' classes that ``member`` of the object ``node`` may come from."""
        made = [leaf for leaf in self.of(node) if isinstance(leaf, ast.Call)]
        holders = [leaf.func for leaf in made]
        holders += self.attributes.inherited(self._classes(node), member)
        for leaf in made:
            if isinstance(leaf.func, ast.Name) and leaf.func.id == "super" and self._is_built_in(leaf.func):
                own = self.attributes.around(leaf.func)
                holders += self.attributes.inherited([own], member, own=False) if own else ()
        return tuple(dict.fromkeys(name for each in holders for name in self.names(each)))

    def texts(self, node: ast.expr) -> tuple[ast.Constant, ...]:
        """The strings that ``node`` may be."""
        return tuple(leaf for leaf in self.of(node) if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str))

    def elements(self, iterable: ast.expr) -> tuple[ast.expr, ...]:
        """What a loop over it goes through."""
        self._left = MOST
        return tuple(self._elements(iterable))

    # --- one step after the other -----------------------------------------------------------------------------

    def _leaves(self, node: ast.expr) -> list[ast.expr]:
        found: dict[ast.expr, None] = {}
        pending, seen = [node], set[ast.expr]()
        self._depth += 1
        while pending and self._left > 0 and self._depth <= DEEPEST:
            each = pending.pop()
            if each in seen:
                continue
            seen.add(each)
            self._left -= 1
            more, ends = self._step(each)
            pending += reversed(more)
            if ends:
                found[each] = None
        self._depth -= 1
        return list(found)

    def _step(self, node: ast.expr) -> tuple[list[ast.expr], bool]:
        """What the value may come from, and whether the expression says itself what it is."""
        match node:
            case ast.Name():
                return self._name(node)
            case ast.IfExp(body=body, orelse=otherwise):
                return [body, otherwise], False
            case ast.BoolOp(values=values):
                return values, False
            case ast.NamedExpr(value=value):
                return [value], False
            case ast.Subscript(value=table, slice=key):
                return self._taken(table, key), True
            case ast.Attribute():
                return self._attribute(node), True
            case ast.Call():
                return self._call(node), True
            case _:
                return [], True

    def _name(self, node: ast.Name) -> tuple[list[ast.expr], bool]:
        load = self.resolver.loads.get(node)
        bindings = reaching(load, self.scopes.parents) if load else ()
        found = [value for binding in bindings for value in self._bound(binding)]
        more = self._more(load) if load and found else None
        return [*found, *([more] if more else [])], not found or any(b.imported for b in bindings)

    def _more(self, load: Load) -> ast.expr | None:
        """What is put into the table that a variable holds; looked for once."""
        variable = (owner_at(load), load.node.id)
        if variable not in self._added:
            self._added[variable] = added(load, self.scopes.parents)
        return self._added[variable]

    def _bound(self, binding: Binding) -> list[ast.expr]:
        """What a variable is bound to."""
        match binding.kind:
            case BindingKind.ASSIGNMENT | BindingKind.WALRUS if binding.value is not None:
                return [binding.value]
            case BindingKind.PARAMETER if isinstance(binding.node, ast.arg):
                return self._given(binding, binding.node)
            case BindingKind.UNPACKING | BindingKind.LOOP if isinstance(binding.node, ast.Name):
                return self._unpacked(binding.node)
            case _:
                return []

    def _unpacked(self, node: ast.Name) -> list[ast.expr]:
        """What a name in a target is bound to: the part of the value at the same place."""
        child: ast.AST = node
        path: list[int] = []
        while isinstance(parent := self.scopes.parents.get(child), ast.Tuple | ast.List):
            if any(isinstance(each, ast.Starred) for each in parent.elts):
                return []
            path.insert(0, next(n for n, each in enumerate(parent.elts) if each is child))
            child = parent
        match parent:
            case ast.Assign(value=value):
                whole = [value]
            case ast.For(iter=iterable) | ast.AsyncFor(iter=iterable) | ast.comprehension(iter=iterable):
                whole = self._elements(iterable)
            case _:
                return []
        for place in path:
            whole = [part for each in whole for leaf in self._leaves(each) for part in column(leaf, place)]
        return whole

    # --- functions --------------------------------------------------------------------------------------------

    def _given(self, binding: Binding, parameter: ast.arg) -> list[ast.expr]:
        """What a parameter is: its default, and what the file's own calls give."""
        arguments = self.scopes.parents.get(parameter)
        function = self.scopes.parents.get(arguments) if arguments else None
        if not isinstance(arguments, ast.arguments) or parameter in (arguments.vararg, arguments.kwarg):
            return []
        listed = [*arguments.posonlyargs, *arguments.args]
        place = next((n for n, each in enumerate(listed) if each is parameter), None)
        defaults = dict(zip(reversed(listed), reversed(arguments.defaults), strict=False))
        defaults |= {
            each: value for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value
        }
        found = [defaults[parameter]] if parameter in defaults else []
        for call, shift in self._calls(function, binding):
            found += [keyword.value for keyword in call.keywords if keyword.arg == parameter.arg]
            at = -1 if place is None else place - shift
            if 0 <= at < len(call.args) and not any(isinstance(each, ast.Starred) for each in call.args[: at + 1]):
                found.append(call.args[at])
        return found

    def _calls(self, function: ast.AST | None, binding: Binding) -> Iterator[tuple[ast.Call, int]]:
        """The calls of a function in its file, each with the number of arguments that it is given by itself."""
        around = binding.scope.parent
        if isinstance(function, ast.Lambda) or not isinstance(function, _FUNCTION) or around is None:
            return
        if around.kind is ScopeKind.TYPE_PARAMETERS and around.parent:
            around = around.parent
        if not isinstance(around.node, ast.ClassDef):
            yield from ((call, 0) for call in self._calling(around.reads.get(function.name, ())))
            return
        holder, outside = around.node, around.parent
        if function.name == "__init__" and outside:
            yield from ((call, 1) for call in self._calling(outside.reads.get(holder.name, ())))
        for attribute in self.attributes.read(function.name):
            call = self.scopes.parents.get(attribute)
            known = isinstance(call, ast.Call) and call.func is attribute and self._classes(attribute.value)
            if isinstance(call, ast.Call) and known and self.attributes.related(holder, known):
                yield call, 1

    def _calling(self, loads: Iterable[Load]) -> Iterator[ast.Call]:
        for load in loads:
            parent = self.scopes.parents.get(load.node)
            if isinstance(parent, ast.Call) and parent.func is load.node:
                yield parent

    def _call(self, call: ast.Call) -> list[ast.expr]:
        """What a call gives back: what the file's own function returns, or what is taken of a table."""
        match call:
            case ast.Call(func=ast.Attribute(value=table, attr="get" | "pop" | "setdefault"), args=[key, *others]):
                return [*self._taken(table, key), *others]
            case ast.Call(func=ast.Name(id="next"), args=[iterable, *others]) if self._is_built_in(call.func):
                return [*self._elements(iterable), *others]
            case ast.Call(func=ast.Name() | ast.Attribute() | ast.Lambda() as function):
                return [value for each in self._leaves(function) for value in self._returned(each)]
            case _:
                return []

    def _returned(self, function: ast.expr) -> list[ast.expr]:
        if isinstance(function, ast.Lambda):
            return [function.body]
        load = self.resolver.loads.get(function) if isinstance(function, ast.Name) else None
        bindings = reaching(load, self.scopes.parents) if load else ()
        if isinstance(function, ast.Attribute):
            bindings = tuple(self.attributes.bindings(self._classes(function.value), function.attr))
        found = (b.node for b in bindings if b.kind is BindingKind.FUNCTION and isinstance(b.node, ast.FunctionDef))
        return [value for each in found if not each.decorator_list for value in self.attributes.returns(each)]

    # --- classes ----------------------------------------------------------------------------------------------

    def _attribute(self, node: ast.Attribute) -> list[ast.expr]:
        """What an attribute of an object or a class of the file may be."""
        found = list(self.attributes.stored(node))
        classes = self._classes(node.value)
        if not classes:
            return found
        for binding in self.attributes.bindings(classes, node.attr):
            if binding.kind is BindingKind.ASSIGNMENT and binding.value is not None:
                found.append(binding.value)
            elif isinstance(binding.node, ast.FunctionDef) and self.attributes.decorated(binding.node, _PROPERTIES):
                found += self.attributes.returns(binding.node)
        return [*found, *self.attributes.stored_in(classes, node.attr)]

    def _classes(self, node: ast.expr) -> Sequence[ast.ClassDef]:
        """The classes of the file that ``node`` is, or is an object of."""
        own = self.attributes.of_self(node)
        if own:
            return [own]
        found: dict[ast.ClassDef, None] = {}
        for leaf in self._leaves(node):
            for named in self._leaves(leaf.func) if isinstance(leaf, ast.Call) else [leaf]:
                each = self.attributes.of_self(named) or self.attributes.named(named)
                if each:
                    found[each] = None
        return list(found)

    # --- tables -----------------------------------------------------------------------------------------------

    def _taken(self, table: ast.expr, key: ast.expr) -> list[ast.expr]:
        """What stands in a table under a key: all that is in it, where the key is not known."""
        keys = [leaf.value for leaf in self._leaves(key) if isinstance(leaf, ast.Constant)]
        return [value for leaf in self._leaves(table) for value in entries(leaf, keys)]

    def _elements(self, iterable: ast.expr) -> list[ast.expr]:
        """What a loop over it goes through."""
        found: list[ast.expr] = []
        for leaf in self._leaves(iterable):
            inner = (
                ELEMENT.get(leaf.func.id) if isinstance(leaf, ast.Call) and isinstance(leaf.func, ast.Name) else None
            )
            if isinstance(leaf, ast.Call) and inner and self._is_built_in(leaf.func):
                found += inner([self._elements(each) for each in leaf.args])
            elif isinstance(leaf, ast.Call) and isinstance(leaf.func, ast.Attribute):
                tables = self._leaves(leaf.func.value) if leaf.func.attr in ("values", "items", "keys") else ()
                found += [each for table in tables for each in spread(table, leaf.func.attr)]
            elif isinstance(leaf, _COMPREHENSIONS):
                found.append(leaf.key if isinstance(leaf, ast.DictComp) else leaf.elt)
            else:
                for each in elements(leaf):
                    found += self._elements(each.value) if isinstance(each, ast.Starred) else [each]
            if self._left <= 0:
                break
        return found

    def _is_built_in(self, node: ast.expr) -> bool:
        load = self.resolver.loads.get(node) if isinstance(node, ast.Name) else None
        return load is not None and owner_at(load) is None

    # --- names ------------------------------------------------------------------------------------------------

    def _named(self, leaf: ast.expr, depth: int = 0) -> Sequence[str]:
        """The dotted names of an expression that is followed to its end."""
        found = self.resolver.expression(leaf)
        match leaf:
            case ast.Attribute(value=value, attr=attribute) if not found and depth < DEEPEST:
                return [f"{name}.{attribute}" for name in self._all_named(value, depth + 1)]
            case ast.Call(func=ast.Name(id="getattr"), args=[value, key, *_]) if self._is_built_in(leaf.func):
                ends = [each.value for each in self._leaves(key) if isinstance(each, ast.Constant)]
                names = self._all_named(value, depth + 1) if depth < DEEPEST else ()
                return [f"{name}.{end}" for name in names for end in ends if isinstance(end, str)]
            case _:
                return found

    def _all_named(self, node: ast.expr, depth: int) -> list[str]:
        return [name for each in self._leaves(node) for name in self._named(each, depth)]
