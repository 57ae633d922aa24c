"""What the rest of the program says against the rewrite of one usage, as the reason why it is not safe."""

import ast
from collections.abc import Iterator

from bot.domain.finding import Kind
from bot.domain.migration import TargetKind
from bot.engine.program import kinship, nature, other_class, stars, witness
from bot.engine.program.bound import names_bound
from bot.engine.program.definition import definition_of, needs_object
from bot.engine.program.doctests import shown_at
from bot.engine.program.existence import is_conditional, lacks
from bot.engine.program.gives import gives_otherwise
from bot.engine.program.probes import probe
from bot.engine.program.shadows import shadow
from bot.engine.program.state import moved_by, reader
from bot.engine.program.taken import needed_elsewhere, taker
from bot.engine.program.view import Witness
from bot.engine.resolve.bindings import ScopeKind
from bot.engine.rewrite.deriving import derived_otherwise, inherited_lost
from bot.engine.rewrite.parameters import called_with, handed_on_otherwise, taken_otherwise
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.rules import successor
from bot.engine.rewrite.telling import asks_for_warning, told_apart
from bot.engine.usages.analysis import Analysis, Use


def against(analysis: Analysis, use: Use, dotted: bool | None = None, *, as_it_is: bool = False) -> Refusal | None:
    """The first witness, wherever the usage is spelled again: ``dotted`` as a member of its module, if it is known.

    ``as_it_is``: the successor takes the usage's place, and nothing else changes.
    """
    target = successor(use)
    for reason, found in (
        (Reason.WRITTEN, None if _is_read_here_alone(analysis, use) else _written(analysis, use, target, dotted)),
        (Reason.STUBBED, witness.stub(analysis, use, target)),
        (Reason.UNREAD, witness.unread(analysis, use)),
        (Reason.WRITTEN, stars.over(analysis.index, use.symbol)),
        (Reason.RIVAL, stars.rival(analysis, use)),
        (Reason.NATURE, nature.differs(analysis.index, use.symbol, target)),
        *(_unlike_as_it_is(analysis, use, target) if as_it_is else ()),
        (Reason.STUBBED, _holder_replaced(analysis, use, target, module=True)),
        (Reason.REPLACED, _holder_replaced(analysis, use, target, module=False)),
        (Reason.SHADOWED, shadow(analysis, use, target)),
        (Reason.PROBED, probe(analysis, use, target) if target else None),
        (Reason.ON_CONDITION, target if target and is_conditional(analysis.index, target) else None),
    ):
        if found is not None:
            return Refusal(reason=reason, name=str(found))
    return None


def _unlike_as_it_is(analysis: Analysis, use: Use, target: str | None) -> Iterator[tuple[Reason, object]]:
    yield Reason.NATURE, _unlike(analysis, use, target)
    yield Reason.EXAMPLE, _shown_in_example(analysis, use, target)
    yield Reason.OWN_STATE, _state_read(analysis, use, target)
    yield Reason.RESULT, _gives_otherwise(analysis, use, target)


def is_unlike(analysis: Analysis, use: Use, target: str) -> bool:
    """Whether the code around a usage would see something else in the successor, however that comes there."""
    found = (how is not None for _, how in _unlike_as_it_is(analysis, use, target))
    return unlike_here(analysis, use, target) is not None or any(found)


def _unlike(analysis: Analysis, use: Use, target: str | None) -> str | None:
    """How the successor is another thing than the usage needs: an import needs nothing, what reads the name does."""
    called, index = use.call is not None or isinstance(use.node, ast.alias), analysis.index
    found = nature.unlike(index, use.symbol, target, called=called)
    found = found or (other_class.another_class(index, use.symbol, target) if _sorts(analysis, use) else None)
    if found is None and target is not None and use.expression is not None:
        found = other_class.another_equal(index, use.symbol, target) or _unlike_objects(analysis, use, target)
    return found


def _unlike_objects(analysis: Analysis, use: Use, target: str) -> str | None:
    """What objects are or can do: where some are made, asked for, or of a class below; or who is called on a class."""
    index, parent = analysis.index, analysis.parents.get(use.expression) if use.expression is not None else None
    below = parent if isinstance(parent, ast.ClassDef) and use.expression in parent.bases else None
    if use.call is not None or below is not None or _sorts(analysis, use):
        own = {name for node in below.body for name in names_bound(node)} if below is not None else set()
        if needed := sorted(kinship.unmade(index, use.symbol, target) - own):
            return f"{target} needs a method {needed[0]}, which is abstract"
        if (found := kinship.lost(index, use.symbol, target)) is not None:
            return found
    if use.object is not None or not isinstance(use.expression, ast.Attribute):
        return None
    before, after = (needs_object(index, name, set()) for name in (use.symbol, target))
    known = definition_of(index, use.symbol, set()) and definition_of(index, target, set())
    if not known or (before is None) is (after is None):
        return None
    one, other = (target, use.symbol) if after is not None else (use.symbol, target)
    return f"{one} takes an object of its class, and {other} does not"


def _shown_in_example(analysis: Analysis, use: Use, target: str | None) -> str | None:
    """The example of the file whose output has the name of a class, which will have another one."""
    if target is None or use.expression is None or not kinship.is_class(analysis.index, use.symbol):
        return None
    leaf, renamed = use.symbol.rpartition(".")[2], use.symbol.rpartition(".")[2] != target.rpartition(".")[2]
    line = shown_at(analysis.text, leaf if renamed else use.symbol)
    return f"{analysis.path}:{line}" if line is not None else None


def _state_read(analysis: Analysis, use: Use, target: str | None) -> Witness | None:
    if target is None or use.target.keeps_name:
        return None
    return reader(analysis.index, use.symbol, target, moved_by(use.migration.targets))


def _gives_otherwise(analysis: Analysis, use: Use, target: str | None) -> str | None:
    """How what a call comes to is something else, where that is used."""
    call = analysis.parents.get(use.call) if use.call is not None and target is not None else None
    if call is None or target is None or isinstance(call, ast.Expr):
        return None
    return gives_otherwise(analysis.index, use.symbol, target)


def unlike_here(analysis: Analysis, use: Use, target: str) -> Refusal | None:
    """Why the successor is not what the code around one usage needs, though it may be elsewhere."""
    called = called_with(analysis, use) if use.object is None else None
    otherwise = taken_otherwise(analysis.index, use.symbol, target, called) if called is not None else None
    if otherwise is not None:
        return Refusal(reason=Reason.ARGUMENTS, name=otherwise)
    if called is None and (otherwise := handed_on_otherwise(analysis, use, target)) is not None:
        return Refusal(reason=Reason.HANDED_ON, name=otherwise)
    if (otherwise := derived_otherwise(analysis, use, target)) is not None:
        return Refusal(reason=Reason.ARGUMENTS, name=otherwise)
    if (lost := inherited_lost(analysis, use, target)) is not None:
        return Refusal(reason=Reason.MISSING, name=lost)
    if told_apart(analysis, use, target):
        return Refusal(reason=Reason.TOLD_APART, name=target)
    if (lost := _member_lost(analysis, use, target)) is not None:
        return Refusal(reason=Reason.MISSING, name=lost)
    if (differs := _member_unlike(analysis, use, target)) is not None:
        return Refusal(reason=Reason.NATURE, name=differs)
    if (found := other_class.asked_for(analysis.index, use.symbol, target)) is not None and use.expression is not None:
        return Refusal(reason=Reason.NATURE, name=found)
    return Refusal(reason=Reason.EXPECTED_EFFECT) if _is_to_warn(analysis, use, target) else None


def _member_unlike(analysis: Analysis, use: Use, target: str) -> str | None:
    """A member that is read here and is another thing, or another value, in the successor."""
    parent = analysis.parents.get(use.expression) if use.expression is not None else None
    if not isinstance(parent, ast.Attribute) or not isinstance(parent.ctx, ast.Load):
        return None
    return nature.unlike(analysis.index, f"{use.symbol}.{parent.attr}", f"{target}.{parent.attr}", called=True)


def _member_lost(analysis: Analysis, use: Use, target: str) -> str | None:
    """A member of the deprecated thing that is read here, or overridden, and that the successor certainly lacks."""
    parent = analysis.parents.get(use.expression) if use.expression is not None else None
    match parent:
        case ast.Attribute(attr=name):
            names = [name]
        case ast.ClassDef(bases=bases, body=body) if use.expression in bases:
            names = [each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        case ast.Call(func=made) if made is use.expression:
            names = [name for name in _read_of(analysis, parent) if not _sets(analysis, target, name)]
        case _:
            return None
    index = analysis.index
    if isinstance(parent, ast.Attribute) and kinship.lacks_attribute(index, use.symbol, target, parent.attr):
        return f"{target}.{parent.attr}"
    for name in names:
        has = nature.has_member(index, use.symbol, name)
        if has and not name.startswith("__") and lacks(index, f"{target}.{name}"):
            return f"{target}.{name}"
    return None


def _read_of(analysis: Analysis, made: ast.Call) -> list[str]:
    """The members that are read of an object where it is made, or of the one variable that it is given to alone."""
    match analysis.parents.get(made):
        case ast.Attribute(attr=name, ctx=ast.Load()):
            return [name]
        case ast.Assign(targets=[ast.Name(id=variable)]) | ast.NamedExpr(target=ast.Name(id=variable)):
            owner = analysis.scope_of(made).owner(variable)
        case _:
            return []
    if owner is None or len(owner.bindings.get(variable, ())) != 1:
        return []
    read = (analysis.parents.get(load.node) for load in owner.reads.get(variable, ()))
    return [each.attr for each in read if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Load)]


def _sets(analysis: Analysis, target: str, name: str) -> bool:
    """Whether the module of a class may give its objects a member, or answers for those that they lack."""
    known = analysis.index.source_of(target.rpartition(".")[0])
    return not isinstance(known, tuple) or f".{name}".encode() in known[1] or b"__getattr" in known[1]


def _is_to_warn(analysis: Analysis, use: Use, target: str) -> bool:
    """Whether the code around wants a warning, which the deprecated name gives and the successor does not."""
    if use.expression is None or not asks_for_warning(analysis, use):
        return False
    return nature.warns(analysis.index, use.symbol) is not False and not nature.warns(analysis.index, target)


def _holder_replaced(analysis: Analysis, use: Use, target: str | None, *, module: bool) -> Witness | None:
    """Who binds something else to the name of the module, or of the class, that a name is in.

    What is put there for a while is seen where that is looked up when the usage runs.
    """
    index, holders = analysis.index, {use.symbol.rpartition(".")[0], (target or "").rpartition(".")[0]}
    asked = (holder for holder in sorted(holders) if "." in holder and index.has(holder) is module)
    found = (witness for holder in asked for witness in index.program.writers(holder))
    return next((witness for witness in found if witness.lasting or _looks_up_holder(use)), None)


def _looks_up_holder(use: Use) -> bool:
    """Whether what has the name is itself read as a member, or imported in a function, when the usage runs."""
    through = use.binding or use.star
    return (isinstance(use.expression, ast.Attribute) and isinstance(use.expression.value, ast.Attribute)) or (
        through is not None and through.scope.kind is ScopeKind.FUNCTION
    )


def _sorts(analysis: Analysis, use: Use) -> bool:
    """Whether it is asked of objects if they are of that class: by ``except``, ``isinstance``, a ``case`` …"""
    child, parent = use.node, analysis.parents.get(use.node)
    if isinstance(parent, ast.Tuple):
        child, parent = parent, analysis.parents.get(parent)
    match parent:
        case ast.ExceptHandler(type=tested) | ast.MatchClass(cls=tested):
            return tested is child
        case ast.Compare(left=tested) if tested is child:
            return True  # what is asked is ``type(x)``
        case ast.Compare(comparators=others) | ast.Dict(keys=others) if child in others:
            return True
        case ast.Call(func=ast.Attribute(attr="register"), args=[tested, *_]):
            return tested is child  # of `functools.singledispatch`, or of an abstract class
        case ast.arg(annotation=annotation):
            function = analysis.parents.get(analysis.parents[parent])
            return annotation is child and any(map(_registers, getattr(function, "decorator_list", ())))
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, tested]):
            return tested is child
        case _:
            return False


def _registers(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Attribute) and decorator.attr == "register"


def _written(analysis: Analysis, use: Use, target: str | None, dotted: bool | None) -> Witness | None:
    """Who gives the name, a member of it, or what it looks up another value."""
    return (
        witness.writer(analysis, use, target, dotted)
        or _of_a_member(analysis, use, target)
        or witness.beneath(analysis, use, target)
    )


def _is_read_here_alone(analysis: Analysis, use: Use) -> bool:
    """Whether only this file reads what an import brings: then each place that reads it is asked about by itself."""
    binding = use.binding
    imported = binding.imported if binding and isinstance(use.node, ast.alias) and use.kind is Kind.IMPORT else None
    if binding is None or imported is None:
        return False
    if imported.name == "*" or binding.scope.kind is ScopeKind.CLASS:
        return False
    return binding.scope is not analysis.root or not needed_elsewhere(analysis, binding.name)


def _of_a_member(analysis: Analysis, use: Use, target: str | None) -> Witness | None:
    """Who writes a member: of a module each member is asked about by itself, but where the module is given on."""
    itself = use.symbol == use.target.name and use.target.kind is TargetKind.MODULE
    if not itself and not any(analysis.index.names_module(name) for name in (use.symbol, target) if name):
        return witness.member_writer(analysis, use.symbol, target)
    binding = use.binding
    if target is not None and itself and _is_given_on(analysis, use):
        return witness.any_writer_below(analysis, use.symbol, target)
    if target is None or binding is None or binding.imported is None or binding.imported.name != "*":
        return None
    return witness.writer_below(analysis, use.symbol, target)


def _is_given_on(analysis: Analysis, use: Use) -> bool:
    """Whether others get a module from here: as a value, or as a variable of this file that another file takes."""
    if use.load is not None:
        return use.expression is use.node
    binding = use.binding
    if binding is None or binding.imported is None or binding.imported.is_plain or binding.scope is not analysis.root:
        return False
    return binding.imported.name != "*" and taker(analysis, binding.name) is not None


def replaced(analysis: Analysis, use: Use) -> Refusal | None:
    """Who replaces the variable that a rewritten usage no longer reads."""
    found = witness.patcher(analysis, use)
    return Refusal(reason=Reason.PATCHED, name=str(found)) if found else None
