"""Whether an expression of a file is what a pattern describes."""

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bot.engine.rewrite.patterns import DEPRECATED, Pattern, PatternHead, Reading, metavariable, path_of, rest_variable
from bot.engine.rewrite.signatures import Signature

Rest = tuple[ast.expr | ast.keyword, ...]
_IGNORED = frozenset({"ctx", "kind", "type_comment"})


@dataclass(slots=True, kw_only=True)
class Match:
    """What the metavariables of a pattern stand for at one place."""

    root: ast.expr | ast.stmt
    one: dict[str, ast.expr] = field(default_factory=dict)
    rest: dict[str, Rest] = field(default_factory=dict)
    through: list[ast.Name] = field(default_factory=list)
    """The local variables that were taken for the value bound to them."""
    bound: dict[str, ast.expr] = field(default_factory=dict)
    """What the metavariables behind ``as`` or ``for`` stand for."""
    read: list[tuple[Reading, "Match"]] = field(default_factory=list)
    """What is read off those, wherever that is."""


def _same(one: ast.expr, other: ast.expr) -> bool:
    """Whether two expressions are written alike, be they read or assigned."""
    if isinstance(one, ast.Name) and isinstance(other, ast.Name):
        return one.id == other.id
    return ast.dump(one) == ast.dump(other)


def _head_of(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> tuple[str, ast.expr | None]:
    """The word of the statement or clause whose head ``node`` is the expression of, and what that binds."""
    parent = parents.get(node)
    match parent:
        case ast.withitem(context_expr=value, optional_vars=target) if value is node:
            return "with" if isinstance(parents.get(parent), ast.With) else "async with", target
        case ast.For(iter=value, target=target) if value is node:
            return "for", target
        case ast.AsyncFor(iter=value, target=target) if value is node:
            return "async for", target
        case ast.comprehension(iter=value, target=target, is_async=is_async) if value is node:
            return "async for" if is_async else "for", target
        case (
            ast.FunctionDef(decorator_list=found)
            | ast.AsyncFunctionDef(decorator_list=found)
            | ast.ClassDef(decorator_list=found)
        ) if any(each is node for each in found):
            return "@", None
        case _:
            return "", None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """Matching against one file: ``deprecated`` says which expressions mean the target, ``value_of`` what a local
    variable stands for (``None``: only itself), ``names_of`` the dotted names that an expression has by imports."""

    deprecated: Callable[[ast.expr], bool]
    value_of: Callable[[ast.Name], ast.expr | None]
    names_of: Callable[[ast.expr], Collection[str]]
    signature: Callable[[], Signature | None] = lambda: None
    """Of the target, where its definition is in view."""
    parents: Mapping[ast.AST, ast.AST] = field(default_factory=dict)
    subject: str = DEPRECATED
    """The metavariable that ``deprecated`` is asked about."""

    def match(self, pattern: Pattern, root: ast.expr | ast.stmt) -> Match | None:
        """What ``pattern`` binds when the whole of ``root`` fits it, else ``None``."""
        found = Match(root=root)
        fits = self._fits(pattern.tree, root, found)
        return found if fits and (pattern.head is None or self._head_fits(pattern.head, root, found)) else None

    def _head_fits(self, head: PatternHead, root: ast.AST, found: Match) -> bool:
        """Whether ``root`` stands where the pattern has its expression, and what it is bound to fits too."""
        words, target = _head_of(root, self.parents)
        if head.word != words or (head.target is None) != (target is None):
            return False
        whole = Match(root=found.root)
        if head.target is not None and target is not None and not self._fits(head.target, target, whole):
            return False
        found.bound = whole.one
        return not whole.rest

    def _fits(self, pattern: ast.AST, node: ast.AST, found: Match) -> bool:
        if name := metavariable(pattern):
            return isinstance(node, ast.expr) and self._bind(name, node, found)
        dotted = path_of(pattern) if isinstance(pattern, ast.Attribute) else None
        if dotted and isinstance(node, ast.Name | ast.Attribute) and dotted in self.names_of(node):
            return True
        if isinstance(node, ast.Name) and not isinstance(pattern, ast.Name):
            value = self.value_of(node)
            if value is not None and self._fits(pattern, value, found):
                found.through.append(node)
                return True
            return False
        if type(pattern) is not type(node):
            return False
        match pattern, node:
            case ast.Call(), ast.Call():
                return self._call_fits(pattern, node, found)
            case ((ast.List() | ast.Tuple() | ast.Set()), (ast.List() | ast.Tuple() | ast.Set())):
                return self._sequence_fits(pattern.elts, node.elts, found)
            case _:
                return self._fields_fit(pattern, node, found)

    def _bind(self, name: str, node: ast.expr, found: Match) -> bool:
        if isinstance(node, ast.Starred):
            return False
        if name == self.subject and not self.deprecated(node):
            return False
        if name == DEPRECATED:
            return True
        earlier = found.one.setdefault(name, node)
        return earlier is node or _same(earlier, node)

    def _fields_fit(self, pattern: ast.AST, node: ast.AST, found: Match) -> bool:
        return all(
            self._values_fit(getattr(pattern, name, None), getattr(node, name, None), found)
            for name in pattern._fields
            if name not in _IGNORED
        )

    def _values_fit(self, pattern: object, value: object, found: Match) -> bool:
        if isinstance(pattern, ast.AST):
            return isinstance(value, ast.AST) and self._fits(pattern, value, found)
        if isinstance(pattern, list):
            return (
                isinstance(value, list)
                and len(pattern) == len(value)
                and all(self._values_fit(p, v, found) for p, v in zip(pattern, value, strict=True))
            )
        return type(pattern) is type(value) and pattern == value

    def _call_fits(self, pattern: ast.Call, node: ast.Call, found: Match) -> bool:
        if not self._fits(pattern.func, node.func, found):
            return False
        before = dict(found.one), dict(found.rest), list(found.through)
        placed = self._sequence_fits(pattern.args, node.args, found)
        if placed and self._keywords_fit(pattern.keywords, node.keywords, found):
            return True
        found.one, found.rest, found.through = before
        return metavariable(pattern.func) == DEPRECATED and self._parameters_fit(pattern, node, found)

    def _parameters_fit(self, pattern: ast.Call, node: ast.Call, found: Match) -> bool:
        """By the names of the parameters, however the arguments are given: by place here and by name there."""
        rest = next((name for keyword in pattern.keywords if (name := rest_variable(keyword))), None)
        named = [keyword for keyword in pattern.keywords if rest_variable(keyword) is None]
        run = rest_variable(pattern.args[-1]) if pattern.args else None
        places = pattern.args[:-1] if run else pattern.args
        signature = self.signature() if not any(map(rest_variable, places)) else None
        asked = signature.bound(places, named) if signature else None
        given = signature.bound(node.args, node.keywords) if signature else None
        if signature is None or asked is None or given is None or not asked.keys() <= given.keys():
            return False
        behind = [n for n, name in enumerate(signature.positional[: len(node.args)]) if name not in asked]
        left = tuple(keyword for keyword in node.keywords if keyword.arg not in asked)
        if (behind and run is None) or (left and rest is None):
            return False
        if behind != list(range(len(places), len(places) + len(behind))):
            return False  # what remains has another place in the call than in the pattern
        fits = all(self._fits(asked[name], given[name], found) for name in asked)
        fits = fits and (run is None or self._bind_rest(run, tuple(node.args[n] for n in behind), found))
        return fits and (rest is None or self._bind_rest(rest, left, found))

    def _sequence_fits(self, patterns: Sequence[ast.expr], nodes: Sequence[ast.expr], found: Match) -> bool:
        at = next((n for n, pattern in enumerate(patterns) if rest_variable(pattern)), None)
        if at is None:
            return len(patterns) == len(nodes) and all(map(self._each(found), patterns, nodes))
        after = len(patterns) - at - 1
        if len(nodes) < at + after:
            return False
        middle = tuple(nodes[at : len(nodes) - after])
        return (
            all(map(self._each(found), patterns[:at], nodes))
            and all(map(self._each(found), patterns[at + 1 :], nodes[len(nodes) - after :]))
            and self._bind_rest(rest_variable(patterns[at]) or "", middle, found)
        )

    def _each(self, found: Match) -> Callable[[ast.AST, ast.AST], bool]:
        return lambda pattern, node: self._fits(pattern, node, found)

    def _keywords_fit(self, patterns: list[ast.keyword], nodes: list[ast.keyword], found: Match) -> bool:
        """Keyword arguments fit in any order; what no label names is left to ``$**rest``, if there is one."""
        left = list(nodes)
        rest: str | None = None
        for pattern in patterns:
            if (name := rest_variable(pattern)) is not None:
                rest = name
                continue
            same = next((node for node in left if node.arg == pattern.arg), None)
            if same is None or not self._fits(pattern.value, same.value, found):
                return False
            left.remove(same)
        return self._bind_rest(rest, tuple(left), found) if rest is not None else not left

    def _bind_rest(self, name: str, nodes: Rest, found: Match) -> bool:
        earlier = found.rest.setdefault(name, nodes)
        return earlier is nodes or [ast.dump(n) for n in earlier] == [ast.dump(n) for n in nodes]
