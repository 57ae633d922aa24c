"""Drop-in successors: the import changes, and with it what the file calls the thing, where it must."""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.finding import Edit
from bot.domain.migration import TargetKind
from bot.engine.resolve.bindings import Binding, Load
from bot.engine.resolve.flow import bound_above, reaching, runs_with
from bot.engine.rewrite.astray import with_astray
from bot.engine.rewrite.brought import with_brought
from bot.engine.rewrite.dotted import hides, is_class, is_module, plain, split
from bot.engine.rewrite.freed import Freed, gives_up, reusing
from bot.engine.rewrite.imports import Line, can_bind_root, is_free, relative, spell, star_brings
from bot.engine.rewrite.layout import Layout
from bot.engine.rewrite.paths import (
    as_written,
    goes_inside,
    imports_already,
    is_left,
    names_module,
    serves,
    successor_of_node,
)
from bot.engine.rewrite.reasons import Refusal
from bot.engine.rewrite.renamable import is_exported, is_renamable, is_renamable_module
from bot.engine.rewrite.replacements import ImportReplacement
from bot.engine.rewrite.rules import successor
from bot.engine.rewrite.shown import shown, within
from bot.engine.rewrite.twice import doubles, home, imported_name, siblings
from bot.engine.usages.analysis import Analysis, Use


def moves(
    layout: Layout, candidates: Sequence[Use], doubt: Callable[[Use, bool], Refusal | None]
) -> list[ImportReplacement]:
    """All imports that can change as a whole; ``candidates`` are the usages for which ``drop_in`` decides.

    ``doubt`` also asks whether the successor is read as a member of its module.
    """
    found, replacer = [], ImportReplacer.of(layout, candidates)
    for replacement in replacer.moves():
        dotted = replacement.line is None or any("." in edit.text for edit in replacement.edits)
        refusals = {use: refusal for use in replacement.uses if (refusal := doubt(use, dotted)) is not None}
        keeping = replacement.keeping and replace(replacement.keeping, refusals=refusals)
        found.append(with_brought(layout, replace(replacement, refusals=refusals, keeping=keeping), candidates, doubt))
    unsafe = {replacement.binding: replacement.refusals for replacement in found if replacement.refusals}
    found = [replace(m, refusals=unsafe.get(m.doubles, {})) if m.doubles else m for m in found]
    freed = {(m.binding.scope, m.binding.name): m.binding for m in found if gives_up(m)}
    return reusing(found, freed, replace(replacer, freed=freed).moves) if freed else found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImportReplacer:
    """Finds the moves of one file; ``candidates`` are the usages for which ``drop_in`` decides."""

    layout: Layout
    candidates: Sequence[Use]
    through: dict[Binding, list[Use]] = field(default_factory=dict)
    imports: dict[Binding, Use] = field(default_factory=dict)
    astray: dict[Binding, list[Use]] = field(default_factory=dict)
    """The usages that come through an import, and go elsewhere than it goes."""
    freed: Freed = field(default_factory=dict)

    @classmethod
    def of(cls, layout: Layout, candidates: Sequence[Use]) -> "ImportReplacer":
        mover = cls(layout=layout, candidates=candidates)
        for use in candidates:
            if isinstance(use.node, ast.alias):
                mover.imports[use.bindings[0]] = use
            elif use.load is not None:
                for binding in use.bindings:
                    mover.through.setdefault(home(use, binding), []).append(use)
        for binding, use in mover.imports.items():
            uses = mover.through.get(binding, [])
            mover.astray[binding] = [each for each in uses if not _follows(each, use)]
            mover.through[binding] = [each for each in uses if _follows(each, use)]
        return mover

    @property
    def analysis(self) -> Analysis:
        return self.layout.analysis

    def moves(self) -> Iterator[ImportReplacement]:
        """All imports that can change as a whole."""
        for binding in dict.fromkeys((*self.imports, *self.through)):
            found = self._move(binding)
            found = found and with_astray(self.layout, found, self.astray.get(binding, ()))
            if found is not None:
                yield found
                yield from self._doubled(found)

    def _doubled(self, replacement: ImportReplacement) -> Iterator[ImportReplacement]:
        """What stands twice goes once, where nothing is read through the other one."""
        for other in doubles(replacement.binding):
            if not (other in self.imports or self.through.get(other)):
                yield ImportReplacement(binding=other, line=None, uses=(), doubles=replacement.binding)

    def _move(self, binding: Binding) -> ImportReplacement | None:
        imported = binding.imported
        use = self.imports.get(binding)
        if (
            imported is None
            or not self._wholly(binding)
            or goes_inside(self.layout, binding, self.through.get(binding, ()))
        ):
            return None
        if imported.name == "*":
            return self._of_star(binding, use) if use else None
        if use is not None:
            target = successor(use)
            return self._of_import(binding, use, target) if target and not self._is_hidden(use, target) else None
        module = self._common_module(binding)
        if module and imported.name and (is_class(self.analysis, binding) or self._is_of_class(binding)):
            return self._of_class(binding)
        return self._of_module(binding, module) if module else None

    def _is_hidden(self, use: Use, target: str) -> bool:
        """Whether an import would bring a module, but brings what its package has under the module's name."""
        is_whole = use.target.kind is TargetKind.MODULE and is_module(self.analysis, target)
        return is_whole and hides(self.analysis, target)

    def _wholly(self, binding: Binding) -> bool:
        """Whether each read that this binding may reach is a usage for which ``drop_in`` decides.

        What another ``import`` below the same package serves does not count.
        """
        mine = self._reads_of([binding])
        left = [load for load in binding.scope.reads.get(binding.name, ()) if load not in mine]
        if beside := [other for other in siblings(binding) if other is not binding]:
            theirs = self._reads_of(beside)
            stays = any(other not in self.imports for other in beside)
            needed = [load for load in left if load not in theirs and serves(binding, load, self.analysis.parents)]
            return not needed and (stays or all(load in theirs for load in left))
        return not any(self._may_reach(binding, load) for load in left)

    def _reads_of(self, bindings: Sequence[Binding]) -> set[Load | None]:
        """The reads that come through imports, wherever they go."""
        return {use.load for b in bindings for use in (*self.through.get(b, ()), *self.astray.get(b, ()))}

    def _may_reach(self, binding: Binding, load: Load) -> bool:
        here = runs_with(load.scope, binding.scope)  # what is read above all that binds it comes from elsewhere
        return binding in (bound_above if here else reaching)(load, self.analysis.parents)

    def _common_module(self, binding: Binding) -> str | None:
        """The module of all successors, when the binding is the module that holds what is deprecated."""
        uses = self.through.get(binding, ())
        imported = binding.imported
        if imported is None or not uses or any(len(use.bindings) > 1 for use in uses):
            return None
        path = {f"{module}.{imported.name}" if imported.name else module for module in imported.modules}
        targets = [successor(use) for use in uses]
        modules = {split(self.analysis, target)[0] for target in targets if target}
        held = all(use.symbol.rpartition(".")[0] in path and isinstance(use.node, ast.Attribute) for use in uses)
        held = held and all(use.expression is use.node for use in uses)
        certain = held and len(modules) == 1 and None not in targets and self._as_written(uses)
        return modules.pop() if certain and "builtins" not in modules else None

    # --- an import of the thing itself ------------------------------------------------------------------------

    def _of_import(self, binding: Binding, use: Use, target: str) -> ImportReplacement | None:
        imported = binding.imported
        if imported is None:
            return None
        if imported.is_plain:
            return self._of_plain(binding, use, target)
        uses = self.through.get(binding, [])
        if (builtin := target.removeprefix("builtins.")) != target:
            if self._renamable(binding) and all(is_left(binding, builtin, use) for use in uses):
                return self._result(binding, None, self._renamed(uses, builtin))
            return self._keeping(binding, "builtins", builtin) if imported.name and "." not in builtin else None
        module, leaf = split(self.analysis, target)
        if module and "." in leaf:
            return self._of_member(binding, module, leaf)
        if not module or imported.name is None:
            local = imported.alias.asname or binding.name
            if module and use.target.kind is TargetKind.SYMBOL and not is_module(self.analysis, target):
                return self._result(binding, self._from(binding, module, leaf, None if local == leaf else local), [])
            return self._result(binding, Line(module=target, local=None if target == local else local), [])
        if imported.alias.asname is None and leaf != binding.name and self._renamable(binding):
            known = self._known(binding, uses) if uses else None
            if known is not None:
                return self._result(binding, None, known)
            hidden = star_brings(self.analysis, binding.scope, leaf, binding.statement)
            if self._is_free(binding, leaf, uses) and not hidden and not self._shown(uses, leaf):
                renamed = self._result(binding, self._from(binding, module, leaf, None), self._renamed(uses, leaf))
                return replace(renamed, keeping=self._keeping(binding, module, leaf))
        return self._keeping(binding, module, leaf)

    def _keeping(self, binding: Binding, module: str, leaf: str) -> ImportReplacement:
        """The file goes on to call the thing as it does."""
        aliased = binding.imported is not None and binding.imported.alias.asname is not None
        keeps_label = leaf == binding.name and not aliased
        return self._result(binding, self._from(binding, module, leaf, None if keeps_label else binding.name), [])

    def _of_star(self, binding: Binding, use: Use) -> ImportReplacement | None:
        """All that a deprecated module offers comes from its successor."""
        target, imported = successor(use), binding.imported
        if target is None or imported is None:
            return None
        return self._result(binding, Line(module=relative(target, imported), name="*"), [])

    def _of_member(self, binding: Binding, module: str, path: str) -> ImportReplacement | None:
        """The successor is a member of a class: the class is imported, the usages name the member."""
        head, uses = path.partition(".")[0], self.through.get(binding, [])
        if not self._renamable(binding) or not (head == binding.name or is_free(binding.scope, head, uses)):
            return None
        return self._result(binding, self._from(binding, module, head, None), self._renamed(uses, path))

    def _from(self, binding: Binding, module: str, leaf: str, local: str | None) -> Line:
        imported = binding.imported
        written = relative(module, imported) if imported else module
        return Line(module=written, name=leaf, local=local)

    def _is_free(self, binding: Binding, name: str, uses: Sequence[Use]) -> bool:
        """Whether an import can bind a name; also one that another import of its scope gives up."""
        return is_free(binding.scope, name, uses, besides=self.freed.get((binding.scope, name)))

    def _renamable(self, binding: Binding) -> bool:
        return is_renamable(self.layout, binding, self.through, self.imports)

    def _shown(self, uses: Sequence[Use], text: str) -> bool:
        """Whether a string shows how one of them is written."""
        return within(shown(self.layout), self._renamed(uses, text))

    def _known(self, binding: Binding, uses: Sequence[Use]) -> list[Edit] | None:
        """The usages spelled by what the file has besides this import, if each can be."""
        found = []
        for use in uses:
            spelling = spell(self.layout, successor_of_node(use), use, module_itself=names_module(use))
            if isinstance(spelling, Refusal) or spelling.addition is not None:
                return None
            if spelling.text.partition(".")[0] == binding.name and len(binding.scope.bindings[binding.name]) == 1:
                return None  # by this very import
            found += self._renamed([use], spelling.text)
        return found

    def _renamed(self, uses: Sequence[Use], text: str) -> list[Edit]:
        return [self._edit(use.node, text) for use in uses]

    def _edit(self, node: ast.AST, text: str) -> Edit:
        start, end = self.layout.span(node)
        return Edit(start=start, end=end, text=text)

    def _of_plain(self, binding: Binding, use: Use, target: str) -> ImportReplacement | None:
        """``import old.sub``: the usages name the whole path, the import as well."""
        uses = self.through.get(binding, [])
        if len(binding.scope.bindings[binding.name]) > len(siblings(binding)):  # a fallback binds the same name
            return self._of_kept_name(binding, target, []) if imported_name(binding) == binding.name else None
        if not self._as_written(uses):
            return None
        edits = [(each, successor_of_node(each)) for each in uses]
        if self._keeps_name(binding, target) and all(f"{text}.".startswith(f"{target}.") for _, text in edits):
            kept = [self._edit(each.node, binding.name + text[len(target) :]) for each, text in edits]
            return self._of_kept_name(binding, target, kept)
        root = target.partition(".")[0]
        if root != binding.name and not can_bind_root(binding.scope, root, uses):
            return None
        line = None if imports_already(self.analysis, binding, target, uses) else Line(module=target)
        return self._result(binding, line, [self._edit(each.node, text) for each, text in edits])

    def _keeps_name(self, binding: Binding, target: str) -> bool:
        """Whether ``import old`` best goes on to bind ``old``: its successor's name, or needed by other files."""
        if imported_name(binding) != binding.name or siblings(binding) != [binding]:
            return False
        public = binding.scope is self.analysis.root and (
            self.analysis.is_package or is_exported(self.analysis, binding.name)
        )
        return public or target.endswith(f".{binding.name}")

    def _of_kept_name(self, binding: Binding, target: str, edits: Sequence[Edit]) -> ImportReplacement:
        above, _, leaf = target.rpartition(".")
        line = Line(module=target, local=None if target == binding.name else binding.name)
        if above and leaf == binding.name:
            line = Line(module=above, name=leaf)
        return self._result(binding, line, edits)

    def _as_written(self, uses: Sequence[Use]) -> bool:
        return all(as_written(self.layout, use) for use in uses if use.string is not None)

    # --- an import of the module that holds it ----------------------------------------------------------------

    def _of_module(self, binding: Binding, module: str) -> ImportReplacement | None:
        imported, uses = binding.imported, self.through[binding]
        if imported is None or not is_renamable_module(self.analysis, binding) or hides(self.analysis, module):
            return None
        if (known := self._known(binding, uses)) is not None and not siblings(binding)[1:]:
            return self._result(binding, None, known)
        leaves = [(use, (successor(use) or "").removeprefix(f"{module}.")) for use in uses]
        if imported.is_plain:
            root = module.partition(".")[0]
            if root != binding.name and not can_bind_root(binding.scope, root, uses):
                return None
            named = {plain(self.analysis, f"{module}.{name}") for _, name in leaves}
            if len(named) > 1 or any(imported_name(other) in named for other in siblings(binding)):
                return None  # imported already: the usages change, the import stays
            edits = [self._edit(each.node, f"{module}.{name}") for each, name in leaves]
            return self._result(binding, Line(module=named.pop()), edits)
        above, _, leaf = module.rpartition(".")
        local = imported.alias.asname or (leaf if self._is_free(binding, leaf, uses) else binding.name)
        if leaf == binding.name:
            local = leaf
        edits = [self._edit(use.node, f"{local}.{name}") for use, name in leaves]
        if imported.name is None or not above:
            return self._result(binding, Line(module=module, local=None if local == module else local), edits)
        return self._result(binding, self._from(binding, above, leaf, None if local == leaf else local), edits)

    def _is_of_class(self, binding: Binding) -> bool:
        """Whether all successors are members of classes."""
        return all("." in split(self.analysis, successor(use) or "")[1] for use in self.through[binding])

    def _of_class(self, binding: Binding) -> ImportReplacement | None:
        """The class that holds the members is imported: in its place what the successors' paths begin with."""
        uses = self.through[binding]
        paths = [split(self.analysis, successor(use) or "") for use in uses]
        module, head = paths[0][0], paths[0][1].partition(".")[0]
        if any(path.partition(".")[0] != head for _, path in paths) or not is_renamable_module(self.analysis, binding):
            return None
        imported = binding.imported
        stays = imported is not None and f"{module}.{head}" in imported.origins
        local = binding.name if stays else head
        if local != binding.name and not is_free(binding.scope, head, uses):
            return None
        edits = [self._edit(each.node, local + path[len(head) :]) for each, (_, path) in zip(uses, paths, strict=True)]
        return self._result(binding, self._from(binding, module, head, None if local == head else local), edits)

    def _result(self, binding: Binding, line: Line | None, edits: Sequence[Edit]) -> ImportReplacement:
        uses = list(self.through.get(binding, ()))
        uses += [self.imports[binding]] if binding in self.imports else []
        uses += [u for u in self.candidates if isinstance(u.node, ast.Constant) and binding in u.bindings]
        kept = [edit for edit in dict.fromkeys(edits) if edit.text != self.layout.text(edit.start, edit.end)]
        return ImportReplacement(binding=binding, line=line, uses=tuple(uses), edits=tuple(sorted(kept)))


def _follows(use: Use, imported: Use) -> bool:
    """Whether a usage's successor is what the import's successor makes of it."""
    if use.target == imported.target:
        return True
    target = successor(imported)
    return target is not None and successor(use) == target + use.symbol[len(imported.symbol) :]
