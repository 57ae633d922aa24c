"""Files that ask whether a successor is there, which the repository does not hold: it may be missing."""

import ast
from collections.abc import Iterator, Sequence

from bot.engine.program.guards import around_use, caught, may_be_absent
from bot.engine.program.view import Witness
from bot.engine.resolve.resolver import written
from bot.engine.usages.analysis import Analysis, Use

_ASKING = frozenset({"hasattr", "getattr"})
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def probe(analysis: Analysis, use: Use, successor: str) -> Witness | None:
    """The place that shows that the file does not count on ``successor``; ``None`` if that is certainly there.

    The file tries to import or read it, asks for it by its name, or has it where the usage is the other choice.
    """
    module, _, leaf = successor.rpartition(".")
    apart = bool(module) and not f"{use.symbol}.".startswith(f"{module}.")
    named = leaf in analysis.text or (apart and module in analysis.text)
    if use.target.exists or not named or analysis.index.resolution(successor).exists:
        return None
    lines = (*_tried(analysis, successor, module if apart else ""), *_asked(analysis, use, leaf))
    found = min(lines, default=None) or next(_chosen(analysis, use, successor), None)
    return Witness(path=analysis.path, line=found) if found is not None else None


def _tried(analysis: Analysis, successor: str, module: str) -> Iterator[int]:
    """The lines that import or read the successor (or the other module that it is in) where that may fail."""
    for node in ast.walk(analysis.tree):
        match node:
            case ast.Try(body=body, handlers=handlers) if any(may_be_absent(each) for each in map(caught, handlers)):
                yield from _reads(analysis, body, successor, module)
            case ast.With(items=items, body=body):
                calls = [each.context_expr for each in items if isinstance(each.context_expr, ast.Call)]
                if any(written(c.func).endswith("suppress") and may_be_absent(c.args) for c in calls):
                    yield from _reads(analysis, body, successor, module)
            case _:
                pass


def _asked(analysis: Analysis, use: Use, leaf: str) -> Iterator[int]:
    """The lines that ask for the successor by its name, or for one name after the other of which it is one."""
    old, computed = use.symbol.rpartition(".")[2], False
    lists: list[ast.Tuple | ast.List] = []
    for node in ast.walk(analysis.tree):
        match node:
            case ast.Call(func=ast.Name(id=function), args=[_, name, *_]) if function in _ASKING:
                if isinstance(name, ast.Constant) and name.value == leaf:
                    yield node.lineno
                computed = computed or not isinstance(name, ast.Constant)
            case ast.Compare(left=ast.Constant(value=value), ops=[ast.In() | ast.NotIn()], comparators=[table]):
                if value == leaf and _is_table(table):
                    yield node.lineno
            case ast.Tuple() | ast.List():
                lists.append(node)
            case _:
                pass
    for each in lists if computed else ():
        texts = {element.value for element in each.elts if isinstance(element, ast.Constant)}
        if {old, leaf} <= texts and old != leaf:
            yield each.lineno


def _is_table(node: ast.expr) -> bool:
    """Whether it is the names of some object: ``dir(x)``, ``vars(x)``, ``x.__dict__``."""
    match node:
        case ast.Call(func=ast.Name(id="dir" | "vars"), args=[_]) | ast.Attribute(attr="__dict__" | "__all__"):
            return True
        case _:
            return False


def _chosen(analysis: Analysis, use: Use, successor: str) -> Iterator[int]:
    """The lines that have the successor where something decides between it and the usage."""
    for parent, child in around_use(analysis, use.node):
        match parent:
            case ast.If(body=body, orelse=orelse):
                yield from _reads(
                    analysis, [] if child is parent.test else orelse if child in body else body, successor
                )
            case ast.IfExp(body=one, orelse=other) if child is not parent.test:
                yield from _reads(analysis, [other if child is one else one], successor)
            case ast.Match(cases=cases) if isinstance(child, ast.match_case):
                yield from _reads(analysis, [s for each in cases if each is not child for s in each.body], successor)
            case ast.Dict(values=values) if child in values:
                yield from _reads(analysis, [each for each in values if each is not child], successor)
            case _:
                pass
        for block in (getattr(parent, "body", ()), getattr(parent, "orelse", ())):
            before = block[: block.index(child)] if isinstance(block, list) and child in block else []
            for each in before:
                if isinstance(each, ast.If) and isinstance(each.body[-1], _LEAVING):
                    yield from _reads(analysis, each.body, successor)


def _reads(analysis: Analysis, body: Sequence[ast.AST], successor: str, module: str = "") -> Iterator[int]:
    """The lines that import or read the successor, or import the module."""
    bindings = [each for scope in analysis.root.walk() for found in scope.bindings.values() for each in found]
    for node in (node for part in body for node in ast.walk(part)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            brought = [b.imported for b in bindings if b.imported is not None and b.statement is node]
            names = {name for each in brought for name in (*each.origins, *each.modules)}
            if successor in names or (module and module in names):
                yield node.lineno
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            head, _, rest = written(node).partition(".")
            origins = (o for b in bindings if b.name == head and b.imported for o in b.imported.origins)
            if head and any((f"{origin}.{rest}" if rest else origin) == successor for origin in origins):
                yield node.lineno
