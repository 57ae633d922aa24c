"""What a file does for others when it is imported: it calls, writes or registers something that is not its own."""

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from bot.engine.program.bound import names_bound
from bot.engine.program.early import is_main
from bot.engine.program.facts import Applied, Name
from bot.engine.program.nodes import run_at_once
from bot.engine.resolve.resolver import written

Meaning = Callable[[ast.expr], Sequence[Name]]
_QUIET = frozenset({"warn", "getLogger", "deprecated", "install_aliases"})
"""The last component of functions that a file may call for its own sake."""
_FILTERS = frozenset({"filterwarnings", "simplefilter"})
"""Those by which warnings are shown or not: what they make an error of, others notice."""
_CHANGES = frozenset(
    {"append", "appendleft", "add", "update", "setdefault", "insert", "extend", "register", "connect", "subscribe",
     "__setitem__"}
)  # fmt: skip
"""Methods that keep what they are given."""
_OF_SUBCLASSES = frozenset({"__init_subclass__", "__new__", "__init__"})
"""Methods, of a class or of its metaclass, that run for each class that is derived."""


def acting(tree: ast.Module, own: Collection[str]) -> int:
    """The first line that calls something for its effect, or changes something of others; 0 if there is none.

    ``own`` are the `own_names` of the file.
    """
    return min(_acts(_at_once(tree), own), default=0)


def applied(tree: ast.Module, own: Collection[str], meaning: Meaning) -> Iterator[Applied]:
    """What comes to know of the functions and classes at the top: what decorates them, or they are derived from."""
    for statement in _at_once(tree):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bases = statement.bases if isinstance(statement, ast.ClassDef) else []
            for expression in (*statement.decorator_list, *bases):
                used = expression.func if isinstance(expression, ast.Call) else expression
                if _root(used) in own:
                    continue
                for name in meaning(used):
                    yield Applied(statement.name, name, statement.lineno)


def keeping(tree: ast.Module) -> frozenset[str]:
    """The functions and classes at the top that keep what they are given, or what is derived from them.

    Also the objects that are made there: their methods may keep what they are given.
    """
    classes = {each.name: each for each in tree.body if isinstance(each, ast.ClassDef)}
    found = {each.name for each in tree.body if isinstance(each, ast.FunctionDef) and _changes_others(each)}
    found |= {
        each.id
        for node in tree.body
        if _makes(node)
        for each in getattr(node, "targets", ())
        if isinstance(each, ast.Name)
    }
    found |= {name for name, each in classes.items() if _collects(each, classes)}
    derived = {name: {_root(base) for base in each.bases} for name, each in classes.items()}
    for name, bases in derived.items():  # a base stands above what is derived from it
        if not found.isdisjoint(bases & classes.keys()):
            found.add(name)
    return frozenset(found)


def _at_once(tree: ast.Module) -> list[ast.stmt]:
    return list(run_at_once(each for each in tree.body if not is_main(each)))


def own_names(tree: ast.Module) -> set[str]:
    """The names that the file binds itself, not by an import."""
    imports = (each for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom))
    return {n for each in tree.body for n in names_bound(each)} - {n for each in imports for n in names_bound(each)}


def _acts(statements: Iterable[ast.stmt], own: Collection[str]) -> Iterator[int]:
    for statement in statements:
        match statement:
            case ast.Expr(value=ast.Call() as call):
                head, _, tail = written(call.func).partition(".")
                if not _is_quiet(call, (tail or head).rpartition(".")[2]) and not (tail and head in own):
                    yield statement.lineno
            case ast.Assign(targets=targets) if any(_is_of_others(target, own) for target in targets):
                yield statement.lineno
            case ast.AugAssign(target=target) if _is_of_others(target, own):
                yield statement.lineno
            case ast.Delete(targets=targets) if any(_is_of_others(target, own) for target in targets):
                yield statement.lineno
            case _:
                pass


def _is_quiet(call: ast.Call, last: str) -> bool:
    if last in _FILTERS:
        return not any(isinstance(each, ast.Constant) and each.value == "error" for each in call.args[:1])
    return last in _QUIET


def _is_of_others(target: ast.expr, own: Collection[str]) -> bool:
    """Whether it is a member of something that the file has from elsewhere."""
    return isinstance(target, ast.Attribute | ast.Subscript) and _root(target) not in own


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


# --- what keeps a function or a class that it is given --------------------------------------------------------------


def _makes(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)


def _collects(holder: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> bool:
    metas = [written(each.value) for each in holder.keywords if each.arg == "metaclass"]
    bodies = [holder.body, *(classes[name].body for name in metas if name in classes)]
    methods = [each for body in bodies for each in body if isinstance(each, ast.FunctionDef)]
    made = [each for each in methods if each.name in _OF_SUBCLASSES]
    inherited = [] if bodies[1:] or "type" in map(written, holder.bases) else ["__new__", "__init__"]
    return any(each.name not in inherited and _changes_others(each) for each in made)


def _changes_others(function: ast.FunctionDef) -> bool:
    """Whether a function changes something that is there before it runs: but for what the innermost one is given."""
    found = list(ast.walk(function))
    inner = [each for each in found if isinstance(each, ast.FunctionDef)][-1]
    local = {each.arg for each in inner.args.args}
    local |= {each.id for each in found if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    return any(_changes(node, local) for node in found)


def _changes(node: ast.AST, local: set[str]) -> bool:
    match node:
        case ast.Global():
            return True
        case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
            return _is_shared(node.value, local)
        case ast.Call(func=ast.Attribute(attr=name, value=holder)) if name in _CHANGES:
            return _is_shared(holder, local)
        case _:
            return False


def _is_shared(holder: ast.expr, local: set[str]) -> bool:
    """Whether it is a variable around the function, or what belongs to a class that is given it."""
    return bool(root := _root(holder)) and (root not in local or isinstance(holder, ast.Attribute))
