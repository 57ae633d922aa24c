"""How a dotted name is spelled in a scope: by what the scope has already, or by an import that has to be added."""

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.engine.program.taken import needed_elsewhere
from bot.engine.resolve.bindings import Binding, Imported, Scope, ScopeKind
from bot.engine.resolve.resolver import written
from bot.engine.rewrite.dotted import brings_builtin, hides, plain, split
from bot.engine.rewrite.flow import dominates
from bot.engine.rewrite.import_order import place_inside
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.top import place_for_import
from bot.engine.rewrite.twice import comes_through
from bot.engine.usages.analysis import Analysis, Use
from bot.engine.usages.evaluation import in_function

_BUILTINS = "builtins"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One name that an import statement brings: ``from module import name as local``, or ``import module as local``."""

    module: str
    """As it is written: with leading dots when relative."""
    name: str | None = None
    local: str | None = None
    """After ``as``; ``None`` without."""

    @property
    def order(self) -> tuple[str, str, str]:
        """By what lines are sorted: a name without an alias first."""
        return self.module, self.name or "", self.local or ""

    @property
    def item(self) -> str:
        """The part that stands in the list of names."""
        name = self.name or self.module
        return f"{name} as {self.local}" if self.local and self.local != name else name

    @property
    def statement(self) -> str:
        """The import statement of this name alone."""
        return f"from {self.module} import {self.item}" if self.name else f"import {self.item}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """An import that is to stand beside (or in the place of) the statement ``anchor``."""

    anchor: ast.stmt
    line: Line
    above: bool = False
    """Before the anchor, which is no import but the first statement of the file."""
    pragma: str = ""
    """What a comment says to tools of the name in whose place this one comes; else the anchor's counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """What to write for a dotted name, and what that needs."""

    text: str
    addition: Addition | None = None


def spell(layout: Layout, dotted: str, use: Use, *, module_itself: bool = False) -> Spelling | Refusal:
    """How ``dotted`` (a module, with ``module_itself``) is written where ``use`` stands."""
    found = _spelled(layout, dotted, use, module_itself=module_itself)
    if isinstance(layout.analysis.parents.get(use.node), ast.MatchValue) and "." not in getattr(found, "text", "."):
        return Refusal(reason=Reason.NO_RULE)  # in a pattern a name without a dot is bound, not compared
    return found


def _spelled(layout: Layout, dotted: str, use: Use, *, module_itself: bool) -> Spelling | Refusal:
    analysis = layout.analysis
    if dotted == use.symbol and use.expression is not None:
        return Spelling(text=layout.text_of(use.expression))  # it takes its own place
    if module_itself and hides(analysis, dotted):
        return Refusal(reason=Reason.NAME_TAKEN, name=dotted)
    module, rest = split(analysis, dotted) if "." in dotted else ("", dotted)
    if module == _BUILTINS or (not module and hasattr(builtins, rest)):
        name = rest.partition(".")[0]
        taken = (owner := use.scope.owner(name)) is not None and not brings_builtin(analysis, owner, name)
        return Refusal(reason=Reason.NAME_TAKEN, name=rest) if taken else Spelling(text=rest)
    if not module:
        return _top_level(analysis, rest, use)
    if (own := _sibling(layout, dotted, use)) is not None:
        return Spelling(text=own)
    if module in analysis.modules:
        return _local(analysis, rest, use)
    if (known := _known(analysis, dotted, use, whole=module_itself)) is not None:
        return Spelling(text=known)
    if use.binding is None and use.star is None and use.load is not None:
        return _at_the_top(analysis, module, rest, use)
    if (inside := _inside(layout, module, rest, use)) is not None:
        return inside
    return _added(analysis, module, rest, use, dotted if module_itself else plain(analysis, dotted))


def _inside(layout: Layout, module: str, rest: str, use: Use) -> Spelling | None:
    """Import the name in the function around the usage, where the top of the file is no place for it."""
    through, name = use.binding or use.star, rest.partition(".")[0]
    if through is None or through.imported is None or through.written_in is not layout.analysis.root:
        return None
    found = place_inside(layout, module, name, use)
    if found is None or not is_free(found[0], name, [use]):
        return None
    line, place = Line(module=relative(module, through.imported), name=name), found[1]
    above = not isinstance(place, ast.Import | ast.ImportFrom)
    return Spelling(text=rest, addition=Addition(anchor=place, line=line, above=above))


def _top_level(analysis: Analysis, name: str, use: Use) -> Spelling | Refusal:
    """A module without a package around it."""
    for binding in _imports(use.scope):
        if _is_bare(binding, name) and in_force(analysis, binding, use):
            return Spelling(text=binding.name)
    through = use.binding or use.star
    if through is None:
        return Refusal(reason=Reason.NAME_TAKEN, name=name)
    for local in (name, f"canonical_{name}"):
        if is_free(through.written_in, local, [use]):
            line = Line(module=name, local=None if local == name else local)
            return Spelling(text=local, addition=Addition(anchor=through.statement, line=line))
    return Refusal(reason=Reason.NAME_TAKEN, name=name)


def _is_bare(binding: Binding, name: str) -> bool:
    """Whether an import binds the module ``name``: itself, or by ``import name.below``."""
    imported = binding.imported
    if imported is None or imported.name is not None:
        return False
    return imported.alias.name == name or (imported.is_plain and binding.name == name)


def _sibling(layout: Layout, dotted: str, use: Use) -> str | None:
    """The successor has the same parent as the deprecated name, which is written here: no façade, which may lack it."""
    expression, (holder, _, leaf) = use.expression, dotted.rpartition(".")
    if holder != use.symbol.rpartition(".")[0] or not isinstance(expression, ast.Attribute):
        return None
    below = written(expression.value).partition(".")[2]
    reached = [".".join(filter(None, (o, below, leaf))) for b in use.bindings if b.imported for o in b.imported.origins]
    if any(dotted not in layout.analysis.index.resolution(name).names for name in reached):
        return None
    return f"{layout.text_of(expression.value)}.{leaf}"


def _local(analysis: Analysis, rest: str, use: Use) -> Spelling | Refusal:
    """The file defines the successor itself; in the definition it would use itself."""
    name = rest.partition(".")[0]
    node: ast.AST = use.statement
    while not isinstance(parent := analysis.parents[node], ast.Module):
        node = parent
    if getattr(node, "name", None) == name:
        return Refusal(reason=Reason.DEFINES_SUCCESSOR)
    if use.scope.owner(name) is not analysis.root:
        return Refusal(reason=Reason.NAME_TAKEN, name=name)
    return Spelling(text=rest)


def _known(analysis: Analysis, dotted: str, use: Use, *, whole: bool) -> str | None:
    """A spelling by an import that is in force where the use stands; the shortest one.

    The ``whole`` of a module is there only where it is imported itself: its package may not have loaded it.
    """
    found = []
    holders = {dotted} if whole else {dotted, dotted.rpartition(".")[0], split(analysis, dotted)[0]}
    for binding in _imports(use.scope):
        imported = binding.imported
        if imported is None or not in_force(analysis, binding, use):
            continue
        if (imported.name or imported.alias.asname) and _leads_to(analysis, imported, dotted):
            found.append(binding.name)
        elif (path := _path(imported)) and path in holders and not hides(analysis, path):
            found.append(f"{binding.name if imported.name or imported.alias.asname else path}{dotted[len(path) :]}")
    return min(found, key=lambda text: (text.count("."), len(text)), default=None)


def _leads_to(analysis: Analysis, imported: Imported, dotted: str) -> bool:
    """Whether an import brings ``dotted`` itself, or a façade's re-export of it."""
    leaf = dotted.rpartition(".")[2]
    if imported.name != leaf:
        return dotted in imported.origins
    return any(dotted in analysis.index.resolution(origin).names for origin in imported.origins)


def _path(imported: Imported) -> str | None:
    """The dotted name that the binding gives access to, whole."""
    if imported.name is not None:
        return imported.origins[0] if imported.origins else None
    return imported.modules[0] if imported.modules else None


def _imports(scope: Scope | None) -> Iterator[Binding]:
    while scope is not None:
        yield from scope.imports
        scope = scope.parent


def in_force(analysis: Analysis, binding: Binding, use: Use) -> bool:
    """Whether an import certainly has happened, and is not hidden, where ``use`` stands."""
    scope, imported = binding.scope, binding.imported
    if imported is None or use.scope.owner(binding.name) is not scope:
        return False
    if any(not _same_root(binding, other) for other in scope.bindings[binding.name]):
        return False
    if imported.type_checking and not (use.string or _type_checking(use)):
        return False
    if star_below(analysis, scope, binding.name, binding.statement):
        return False
    if scope.kind is ScopeKind.MODULE and in_function(use.scope):
        above = binding.statement.lineno <= use.statement.lineno  # the function may be called before what stands below
        return (above and isinstance(analysis.parents[binding.statement], ast.Module)) or _type_checking(use)
    return dominates(analysis, binding.statement, use.statement)


def _same_root(binding: Binding, other: Binding) -> bool:
    """Two plain ``import a.x`` and ``import a.y`` bind the same thing."""
    if other is binding:
        return True
    one, two = binding.imported, other.imported
    plain = one and two and one.name is None and two.name is None
    return bool(plain and not (one and one.alias.asname) and not (two and two.alias.asname))


def _type_checking(use: Use) -> bool:
    return any(b.imported is not None and b.imported.type_checking for b in use.bindings)


# --- a new import ---------------------------------------------------------------------------------------------------


def _added(analysis: Analysis, module: str, rest: str, use: Use, whole: str) -> Spelling | Refusal:
    """Import the name beside the import through which the deprecated one came, in its style.

    ``whole`` is what an ``import …`` names.
    """
    binding = comes_through(analysis, use)
    through = binding or use.star
    if through is None or through.imported is None:
        return Refusal(reason=Reason.NO_RULE)
    name, scope = rest.partition(".")[0], through.written_in
    imported = through.imported
    hidden = hides(analysis, module)
    if imported.is_plain and binding is not None and not hidden:
        root = module.partition(".")[0]
        if imported.alias.name == whole:
            return Spelling(text=f"{module}.{rest}")  # the usage comes through an import of that module as it is
        if binding.name == root or can_bind_root(scope, root, [use]):
            addition = Addition(anchor=through.statement, line=Line(module=whole))
            return Spelling(text=f"{module}.{rest}", addition=addition)
    module_written = relative(module, imported)
    brought = star_brings(analysis, scope, name, through.statement)
    for local in (name, f"canonical_{name}" if name.islower() else f"Canonical{name}"):
        if is_free(scope, local, [use]) and not (brought and local == name):
            line = Line(module=module_written, name=name, local=None if local == name else local)
            return Spelling(text=local + rest[len(name) :], addition=Addition(anchor=through.statement, line=line))
    return Refusal(reason=Reason.NAME_TAKEN, name=name)


def _at_the_top(analysis: Analysis, module: str, rest: str, use: Use) -> Spelling | Refusal:
    """Import the name among the file's first imports: the deprecated one is built in."""
    name = rest.partition(".")[0]
    again = use.load is not None and use.load.node.id == name and name not in analysis.root.bindings
    if not again and not is_free(analysis.root, name, [use]):
        return Refusal(reason=Reason.NAME_TAKEN, name=name)
    anchor, above = place_for_import(analysis.tree)
    return Spelling(text=rest, addition=Addition(anchor=anchor, line=Line(module=module, name=name), above=above))


def is_free(scope: Scope, name: str, uses: Iterable[Use], besides: Binding | None = None) -> bool:
    """Whether ``scope`` can bind ``name`` again: nothing there binds or reads it, nothing hides it from ``uses``.

    What ``besides`` binds, and is read through it, does not count: it gets another name.
    """
    bound = [binding for binding in scope.bindings.get(name, ()) if binding is not besides]
    if bound or name in scope.globals or name in scope.nonlocals:
        return False
    for inner in scope.walk() if besides is None else ():
        if name in inner.loads and _reaches(inner, name, scope):
            return False
    return not any(_is_hidden(scope, name, use.scope) for use in uses)


def can_bind_root(scope: Scope, root: str, uses: Sequence[Use]) -> bool:
    """Whether ``import root.module`` can stand in ``scope``: the name is free, or is that package already."""
    if is_free(scope, root, uses):
        return True
    plain = [binding for binding in scope.bindings.get(root, ()) if binding.imported and binding.imported.is_plain]
    hidden = any(_is_hidden(scope, root, use.scope) for use in uses)
    return bool(plain) and len(plain) == len(scope.bindings[root]) and not hidden


def star_below(analysis: Analysis, scope: Scope, name: str, above: ast.stmt) -> bool:
    """Whether a star import below ``above`` may bring ``name`` too, and so take it from what ``above`` imports."""
    place = above.lineno, above.col_offset
    return scope is analysis.root and any(
        (star.statement.lineno, star.statement.col_offset) > place and _may_bring(analysis, star, name)
        for star in analysis.root.stars
    )


def star_brings(analysis: Analysis, scope: Scope, name: str, above: ast.stmt) -> bool:
    """As `star_below`; or a star import brings it anywhere, and another file takes it from here."""
    if star_below(analysis, scope, name, above):
        return True
    stars = analysis.root.stars if scope is analysis.root else ()
    return any(_may_bring(analysis, star, name) for star in stars) and needed_elsewhere(analysis, name)


def _may_bring(analysis: Analysis, star: Binding, name: str) -> bool:
    index, modules = analysis.index, star.imported.modules if star.imported else ()
    return any(index.offers(each, name) and index.resolution(f"{each}.{name}").exists is not False for each in modules)


def _is_hidden(scope: Scope, name: str, place: Scope | None) -> bool:
    """Whether a scope between ``place`` and ``scope`` binds ``name`` itself."""
    while place is not None and place is not scope:
        if name in place.bindings or name in place.globals:
            return True
        place = place.parent
    return False


def _reaches(inner: Scope, name: str, scope: Scope) -> bool:
    """Whether a read of ``name`` in ``inner`` looks for it in ``scope`` or around it."""
    owner = inner.owner(name)
    while owner is not None and owner is not scope:
        owner = owner.parent
    return owner is None or owner is scope


def relative(module: str, like: Imported) -> str:
    """``module`` as an import statement beside ``like`` writes it: relative if that one is and it still can be."""
    if not like.level:
        return module
    tail = getattr(like.statement, "module", None)
    for base in like.modules:
        package = base.removesuffix(f".{tail}") if tail else base
        if module == package and like.level:
            return "." * like.level
        if module.startswith(f"{package}."):
            return "." * like.level + module[len(package) + 1 :]
    return module
