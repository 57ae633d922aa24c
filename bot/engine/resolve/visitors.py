"""One function for each node that binds a name, opens a scope or has expressions evaluated elsewhere."""

import ast

from bot.engine.resolve.annotation import MAKERS, last_name, may_be_generic, types_given
from bot.engine.resolve.bindings import BindingKind, Scope, ScopeKind
from bot.engine.resolve.walk import Place, Visitor, Walk


def _name(walk: Walk, node: ast.Name, place: Place) -> None:
    match node.ctx:
        case ast.Load():
            walk.load(node, place)
        case ast.Del():
            walk.bind(node.id, BindingKind.DELETE, node, place)
        case _:
            walk.bind(node.id, BindingKind.UNPACKING, node, place)


def _function(walk: Walk, node: ast.FunctionDef | ast.AsyncFunctionDef, place: Place) -> None:
    walk.bind(node.name, BindingKind.FUNCTION, node, place)
    around = _type_parameters(walk, node, place)
    inner = walk.open(ScopeKind.FUNCTION, node, around.scope)
    walk.push_body(node, node.body, inner)
    _parameters(walk, node.args, inner, place.statement)
    walk.push_annotation(node, node.returns, around)
    _argument_expressions(walk, node, around, place)
    walk.push(node, node.decorator_list, place)


def _lambda(walk: Walk, node: ast.Lambda, place: Place) -> None:
    inner = walk.open(ScopeKind.LAMBDA, node, place.scope)
    walk.push(node, [node.body], Place(inner, place.statement, place.string))
    _parameters(walk, node.args, inner, place.statement)
    _argument_expressions(walk, node, place, place)


def _parameters(walk: Walk, arguments: ast.arguments, inner: Scope, statement: ast.stmt) -> None:
    for argument in _arguments(arguments):
        walk.bind(
            argument.arg, BindingKind.PARAMETER, argument, Place(inner, statement), annotation=argument.annotation
        )


def _argument_expressions(
    walk: Walk, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, around: Place, outside: Place
) -> None:
    """Defaults are evaluated outside the function, annotations within its type parameters."""
    arguments = node.args
    walk.parents[arguments] = node
    for argument in _arguments(arguments):
        walk.parents[argument] = arguments
        walk.push_annotation(argument, argument.annotation, around)
    walk.push(arguments, [*arguments.defaults, *arguments.kw_defaults], outside)


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    rest = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]


def _class(walk: Walk, node: ast.ClassDef, place: Place) -> None:
    walk.bind(node.name, BindingKind.CLASS, node, place)
    around = _type_parameters(walk, node, place)
    walk.push_body(node, node.body, walk.open(ScopeKind.CLASS, node, around.scope))
    walk.push(node, [*node.bases, *node.keywords], around)
    walk.push(node, node.decorator_list, place)


def _type_parameters(walk: Walk, node: ast.AST, place: Place) -> Place:
    """The place around a generic function, class or alias (PEP 695): the scope of its parameters, if it has any."""
    parameters: list[ast.AST] = getattr(node, "type_params", [])
    if not parameters:
        return place
    around = Place(walk.open(ScopeKind.TYPE_PARAMETERS, node, place.scope), place.statement, place.string)
    for parameter in parameters:
        walk.parents[parameter] = node
        walk.bind(getattr(parameter, "name"), BindingKind.TYPE_PARAMETER, parameter, around)  # noqa: B009  since 3.12
        walk.push_children(parameter, around)
    return around


def _type_alias(walk: Walk, node: ast.AST, place: Place) -> None:
    """``type A[T] = value``: since Python 3.12, so its node has no type here."""
    name, value = getattr(node, "name"), getattr(node, "value")  # noqa: B009  since 3.12
    walk.bind_target(node, name, BindingKind.TYPE_ALIAS, place)
    walk.push_annotation(node, value, _type_parameters(walk, node, place))


def _comprehension(walk: Walk, node: ast.AST, place: Place) -> None:
    generators: list[ast.comprehension] = getattr(node, "generators")  # noqa: B009  four types have it
    inner = Place(walk.open(ScopeKind.COMPREHENSION, node, place.scope), place.statement, place.string)
    results = [child for name in ("key", "elt", "value") if isinstance(child := getattr(node, name, None), ast.expr)]
    walk.push(node, results, inner)
    for generator in reversed(generators):
        walk.parents[generator] = node
        walk.push(generator, generator.ifs, inner)
        walk.push(generator, [generator.iter], place if generator is generators[0] else inner)
    for generator in generators:
        walk.bind_target(generator, generator.target, BindingKind.LOOP, inner)


def _import(walk: Walk, node: ast.Import | ast.ImportFrom, place: Place) -> None:
    for alias in node.names:
        walk.parents[alias] = node
        imported = walk.imported(node, alias)
        if alias.name == "*":
            kind, name = BindingKind.STAR_IMPORT, "*"
        elif isinstance(node, ast.Import):
            kind, name = BindingKind.IMPORT, alias.asname or alias.name.partition(".")[0]
        else:
            kind, name = BindingKind.FROM_IMPORT, alias.asname or alias.name
        walk.bind(name, kind, alias, place, imported=imported)


def _assign(walk: Walk, node: ast.Assign, place: Place) -> None:
    for target in node.targets:
        walk.bind_target(node, target, BindingKind.ASSIGNMENT, place, node.value)
    walk.push(node, [node.value], place)


def _augmented(walk: Walk, node: ast.AugAssign, place: Place) -> None:
    if isinstance(node.target, ast.Name):
        walk.load(node.target, place)
    walk.push(node, [node.value], place)
    walk.bind_target(node, node.target, BindingKind.AUGMENTED, place)


def _annotated(walk: Walk, node: ast.AnnAssign, place: Place) -> None:
    walk.parents[node.target] = node
    if isinstance(node.target, ast.Name):
        kind = BindingKind.ASSIGNMENT if node.value else BindingKind.ANNOTATION
        walk.bind(node.target.id, kind, node.target, place, value=node.value, annotation=node.annotation)
    else:
        walk.push(node, [node.target], place)
    walk.push(node, [node.value], place)
    walk.push_annotation(node, node.annotation, place)
    if node.value is not None and last_name(node.annotation) == "TypeAlias":
        walk.quoted.append((node.annotation, [node.value], place))


def _walrus(walk: Walk, node: ast.NamedExpr, place: Place) -> None:
    walk.bind_target(node, node.target, BindingKind.WALRUS, place, node.value)
    walk.push(node, [node.value], place)


def _for(walk: Walk, node: ast.For | ast.AsyncFor, place: Place) -> None:
    walk.push_body(node, [*node.body, *node.orelse], place.scope)
    walk.bind_target(node, node.target, BindingKind.LOOP, place)
    walk.push(node, [node.iter], place)


def _with(walk: Walk, node: ast.With | ast.AsyncWith, place: Place) -> None:
    walk.push_body(node, node.body, place.scope)
    for item in node.items:
        walk.parents[item] = node
        if item.optional_vars:
            walk.bind_target(item, item.optional_vars, BindingKind.WITH, place)
    for item in reversed(node.items):
        walk.push(item, [item.context_expr], place)


def _handler(walk: Walk, node: ast.ExceptHandler, place: Place) -> None:
    if node.name:
        walk.bind(node.name, BindingKind.EXCEPT, node, place)
    walk.push_body(node, node.body, place.scope)
    walk.push(node, [node.type], place)


def _capture(walk: Walk, node: ast.MatchAs | ast.MatchStar | ast.MatchMapping, place: Place) -> None:
    name = node.rest if isinstance(node, ast.MatchMapping) else node.name
    if name:
        walk.bind(name, BindingKind.MATCH, node, place)
    walk.push_children(node, place)


def _global(_: Walk, node: ast.Global, place: Place) -> None:
    if place.scope.parent is not None:
        place.scope.globals.update(dict.fromkeys(node.names, node))


def _nonlocal(_: Walk, node: ast.Nonlocal, place: Place) -> None:
    place.scope.nonlocals.update(dict.fromkeys(node.names, node))


def _call(walk: Walk, node: ast.Call, place: Place) -> None:
    """The types that typing's functions are given are annotations (typing's own documentation)."""
    walk.push_children(node, place)
    if last_name(node.func) in MAKERS:
        walk.quoted.append((node.func, types_given(node), place))


def _subscript(walk: Walk, node: ast.Subscript, place: Place) -> None:
    """``list["Row"]`` is a type wherever it stands."""
    walk.push_children(node, place)
    if may_be_generic(node.value):
        walk.quoted.append((node.value, [node], place))


VISITORS: dict[type[ast.AST], Visitor] = {
    ast.Name: _name,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _lambda,
    ast.ClassDef: _class,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.AnnAssign: _annotated,
    ast.NamedExpr: _walrus,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.ExceptHandler: _handler,
    ast.MatchAs: _capture,
    ast.MatchStar: _capture,
    ast.MatchMapping: _capture,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.Call: _call,
    ast.Subscript: _subscript,
}
if hasattr(ast, "TypeAlias"):
    VISITORS[ast.TypeAlias] = _type_alias
