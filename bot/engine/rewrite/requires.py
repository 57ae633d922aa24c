"""Facts that a fix depends on: what the canonical definition accepts, and of what type an argument is."""

import ast

from bot.engine.program.definition import leaf
from bot.engine.program.index import Index
from bot.engine.resolve.bindings import Binding, BindingKind
from bot.engine.resolve.exports import PARSE_ERRORS, parse
from bot.engine.rewrite.flow import dominates
from bot.engine.source.text import parse_expression
from bot.engine.usages.analysis import Analysis

_MAX_BASES = 8


def accepts(index: Index, symbol: str, parameter: str) -> tuple[bool | None, frozenset[str]]:
    """Whether ``symbol`` can be called with the keyword ``parameter``.

    ``None``: its definition is not known; then the second value holds the modules whose source would tell.
    """
    resolution = index.resolution(symbol)
    missing_modules = resolution.missing_modules
    for name in resolution.names:
        module, _, leaf = name.rpartition(".")
        known = index.source_of(module) if module else None
        if known is False:
            missing_modules |= {module}
        if not isinstance(known, tuple):
            continue
        definition = definition_in(known[1], leaf)
        if definition is not None:
            answer, more = _callable_accepts(index, module, definition, parameter, 0)
            return answer, missing_modules | more
    return None, missing_modules


def definition_in(source: bytes, name: str) -> ast.stmt | None:
    """The last definition of ``name`` at the top level of a module."""
    try:
        tree = parse(source)
    except PARSE_ERRORS:
        return None
    return _named(tree, name, 0)


def _named(tree: ast.Module, name: str, depth: int) -> ast.stmt | None:
    """The last top-level statement that defines ``name``, through assignments of other names of the module."""
    for node in reversed(tree.body):
        match node:
            case ast.ClassDef(name=found) | ast.FunctionDef(name=found) | ast.AsyncFunctionDef(name=found):
                if found == name:
                    return node
            case ast.Assign(targets=[ast.Name(id=found)], value=ast.Name(id=other)) if found == name:
                return _named(tree, other, depth + 1) if depth < _MAX_BASES else None
    return None


def _callable_accepts(
    index: Index, module: str, definition: ast.stmt, parameter: str, depth: int
) -> tuple[bool | None, frozenset[str]]:
    match definition:
        case ast.FunctionDef(args=arguments) | ast.AsyncFunctionDef(args=arguments):
            return _arguments_accept(arguments, parameter), frozenset()
        case ast.ClassDef():
            return _class_accepts(index, module, definition, parameter, depth)
        case _:
            return None, frozenset()


def _arguments_accept(arguments: ast.arguments, parameter: str) -> bool:
    named = {argument.arg for argument in (*arguments.args, *arguments.kwonlyargs)}
    return parameter in named or arguments.kwarg is not None


def _class_accepts(
    index: Index, module: str, definition: ast.ClassDef, parameter: str, depth: int
) -> tuple[bool | None, frozenset[str]]:
    """By ``__init__`` (and ``__new__``), by the fields of a dataclass, else by the bases."""
    methods = {n.name: n for n in definition.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    makers = [methods[name] for name in ("__init__", "__new__") if name in methods]
    if makers:
        return all(_arguments_accept(maker.args, parameter) for maker in makers), frozenset()
    if _is_dataclass(definition) and any(_field(node) == parameter for node in definition.body):
        return True, frozenset()
    if not definition.bases or depth >= _MAX_BASES:
        return (False if not _is_dataclass(definition) or not definition.bases else None), frozenset()
    for base in definition.bases:
        if not isinstance(base, ast.Name):
            return None, frozenset()
        answer, missing_modules = accepts(index, f"{module}.{base.id}", parameter)
        if answer is not False:
            return answer, missing_modules
    return False, frozenset()


def _is_dataclass(definition: ast.ClassDef) -> bool:
    return any(leaf(decorator) in ("dataclass", "define", "frozen") for decorator in definition.decorator_list)


def _field(node: ast.stmt) -> str | None:
    return node.target.id if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else None


# --- the type of an argument ----------------------------------------------------------------------------------------


def has_type(analysis: Analysis, node: ast.expr, missing_modules: str) -> bool:
    """Whether an expression is proved to be an instance of the class with the dotted name ``missing_modules``.

    By construction (``C(…)``, a classmethod whose annotation says so), by the annotation of the parameter or variable
    it names, or by the one assignment that the variable has.
    """
    match node:
        case ast.Call():
            return _constructs(analysis, node, missing_modules)
        case ast.Name(id=name):
            return _variable_has_type(analysis, node, name, missing_modules)
        case _:
            return False


def _variable_has_type(analysis: Analysis, node: ast.Name, name: str, missing_modules: str) -> bool:
    owner = analysis.scope_of(node).owner(name)
    bindings = owner.bindings.get(name, []) if owner else []
    values = [b for b in bindings if b.kind is not BindingKind.ANNOTATION]
    if not values or any(not _binding_has_type(analysis, b, missing_modules) for b in values):
        return False
    use = analysis.statement_of(node)
    return any(b.kind is BindingKind.PARAMETER or dominates(analysis, b.statement, use) for b in values)


def _binding_has_type(analysis: Analysis, binding: Binding, missing_modules: str) -> bool:
    """By its own annotation, else by the value: what a later statement assigns, no annotation vouches for."""
    if isinstance(binding.value, ast.Constant) and binding.value.value is None:
        return False
    if binding.annotation is not None and binding.kind in (BindingKind.PARAMETER, BindingKind.ASSIGNMENT):
        return _names_type(analysis, binding.annotation, missing_modules)
    return isinstance(binding.value, ast.Call) and _constructs(analysis, binding.value, missing_modules)


def _names_type(analysis: Analysis, annotation: ast.expr, missing_modules: str) -> bool:
    match annotation:
        case ast.Constant(value=str(text)):
            try:
                written = parse_expression(text).body
            except PARSE_ERRORS:
                return False
            return not isinstance(written, ast.Constant) and _means(analysis, written, annotation, missing_modules)
        case ast.Subscript(
            value=ast.Name(id="Annotated") | ast.Attribute(attr="Annotated"), slice=ast.Tuple(elts=elts)
        ):
            return bool(elts) and _names_type(analysis, elts[0], missing_modules)
        case _:
            return _means(analysis, annotation, annotation, missing_modules)


def _constructs(analysis: Analysis, call: ast.Call, missing_modules: str) -> bool:
    if _means(analysis, call.func, call, missing_modules):
        return True
    match call.func:
        case ast.Attribute(value=ast.Name() | ast.Attribute() as owner, attr=method):
            return _means(analysis, owner, call, missing_modules) and _returns_itself(
                analysis.index, missing_modules, method
            )
        case _:
            return False


def _returns_itself(index: Index, missing_modules: str, method: str) -> bool:
    """Whether the classmethod ``method`` is annotated to return its class."""
    for name in index.resolution(missing_modules).names:
        module, _, leaf = name.rpartition(".")
        known = index.source_of(module) if module else None
        definition = definition_in(known[1], leaf) if isinstance(known, tuple) else None
        if isinstance(definition, ast.ClassDef):
            return any(
                isinstance(node, ast.FunctionDef) and node.name == method and _returned(node) in (leaf, "Self")
                for node in definition.body
            )
    return False


def _returned(function: ast.FunctionDef) -> str:
    match function.returns:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Constant(value=str(name)):
            return name
        case _:
            return ""


def _means(analysis: Analysis, expression: ast.expr, at: ast.expr, missing_modules: str) -> bool:
    """Whether an attribute chain, read where ``at`` stands, resolves to the dotted name ``missing_modules``."""
    return missing_modules in dotted_names(analysis, expression, at)


def dotted_names(analysis: Analysis, expression: ast.expr, at: ast.AST) -> frozenset[str]:
    """All dotted names that an attribute chain can stand for where ``at`` stands, re-exports followed.

    Empty unless every binding of its first name is an import or a definition of the file.
    """
    tail: list[str] = []
    while isinstance(expression, ast.Attribute):
        tail.append(expression.attr)
        expression = expression.value
    if not isinstance(expression, ast.Name):
        return frozenset()
    owner = analysis.scope_of(at).owner(expression.id)
    bindings = owner.bindings.get(expression.id, []) if owner else []
    found: set[str] = set()
    for binding in bindings:
        origins = _origins(analysis, binding)
        if not origins:
            return frozenset()
        for origin in origins:
            found |= set(analysis.index.resolution(".".join((origin, *reversed(tail)))).names)
    return frozenset(found)


def _origins(analysis: Analysis, binding: Binding) -> tuple[str, ...]:
    if binding.imported:
        return binding.imported.origins
    if binding.kind in (BindingKind.CLASS, BindingKind.FUNCTION) and binding.scope is analysis.root:
        return tuple(f"{module}.{binding.name}" for module in analysis.modules)
    return ()
