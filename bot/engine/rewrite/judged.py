"""The program's last word on a fix: what it would do to those that import the file, and to the order of imports."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from bot.domain.finding import Edit
from bot.domain.migration import Applicability
from bot.engine.program.collect import facts_of, imports_of
from bot.engine.program.cycles import files_run, path_of
from bot.engine.program.facts import Facts, Import
from bot.engine.program.order import above
from bot.engine.program.taken import taker
from bot.engine.program.view import Witness
from bot.engine.resolve.exports import parse
from bot.engine.rewrite.edits import EditConflict, apply_edits, combine
from bot.engine.rewrite.groups import Group
from bot.engine.rewrite.import_order import asked_for, enters_late, facts_here, guarded_lines, leads_back, relied_on
from bot.engine.rewrite.passing import is_passed_on, read_too_early
from bot.engine.rewrite.reasons import Reason, Refusal
from bot.engine.rewrite.rules import Outcome, successor
from bot.engine.rewrite.running import bound_above, passing_files, taken_too_early
from bot.engine.source.names import is_package
from bot.engine.usages.analysis import Analysis, Use
from bot.engine.usages.targets import brought


def judged(analysis: Analysis, groups: Sequence[Group]) -> list[Group]:
    """The groups, those against which the program holds a witness no longer safe, with that as the reason."""
    if not any(group.fix.applicability is Applicability.SAFE for group in groups):
        return list(groups)
    judge = Judge(analysis)
    alone = [judge.of(group) if group.fix.applicability is Applicability.SAFE else group for group in groups]
    return judge.together(alone)


def without_import(outcomes: Mapping[Use, Outcome | None]) -> dict[Use, Outcome | None]:
    """What is read of a module whose successor is not there has none either: these usages, with the import's reason."""
    lacking = {
        use.bindings[0]: outcome
        for use, outcome in outcomes.items()
        if isinstance(outcome, Refusal) and outcome.reason is Reason.MISSING and isinstance(use.node, ast.alias)
    }
    found: dict[Use, Outcome | None] = {}
    for use, outcome in outcomes.items() if lacking else ():
        if outcome is None and not lacking.keys().isdisjoint(use.bindings):
            found[use] = next(lacking[binding] for binding in use.bindings if binding in lacking)
    return found


class Judge:
    """The judge of one file's fixes."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.program = analysis.index.program
        self.before = facts_here(analysis)
        self.stars = list(self.program.star_importers(analysis.modules))
        self.relied_on = {module: found for module in self._loaded(self.before) if (found := self._relying(module))}
        loaded = self._loaded(self.before, late=True)
        self.looked_up = {name: seen[0] for name in loaded if (seen := self.program.looked_up(name))}
        self.asked_for = {name: witness for name in loaded if (witness := asked_for(analysis, name))}
        modules = self._loaded(self.before)
        self.aside = {m: names for m in modules if (names := [*self.program.aside(m, analysis.path)])}
        self.writers = {each.path: each for each in self._writers_of_taken()}
        self.set_here = dict(self.program.set_in(analysis.modules, besides=analysis.path))
        self.cyclic: dict[frozenset[str], bool] = {}

    def _writers_of_taken(self) -> Iterator[Witness]:
        """Who gives another value, for good, to a name that the file takes from a module while it is imported."""
        for imported, modules in self._early(self.before.imports):
            for module in modules if imported.name not in (None, "*") else ():
                found = self.program.writers(f"{module}.{imported.name}", besides=self.analysis.path)
                yield from (witness for witness in found if witness.lasting)

    def _relying(self, module: str) -> Witness | None:
        """Who needs the file's import of a module: by the package's name, or in ``sys.modules``."""
        below = relied_on(self.analysis, module) if "." in module else None
        return below or next(iter(self.program.looked_up(module)), None)

    def of(self, group: Group) -> Group:
        """The group, perhaps no longer safe."""
        refusal = self._against(group, group.fix.edits)
        return group if refusal is None else _no_longer_safe(group, refusal)

    def together(self, groups: Sequence[Group]) -> list[Group]:
        """The groups, those no longer safe that may not come after the safe ones before them.

        Each of two leaves an import that the other one takes away.
        """
        safe = [group for group in groups if group.fix.applicability is Applicability.SAFE]
        if len(safe) < 2 or self._of_all(safe) is None:
            return list(groups)
        kept, refused = list[Group](), dict[Group, Refusal]()
        for group in safe:
            refusal = self._of_all([*kept, group])
            if refusal is None:
                kept.append(group)
            else:
                refused[group] = refusal
        return [_no_longer_safe(each, refused[each]) if each in refused else each for each in groups]

    def _of_all(self, groups: Sequence[Group]) -> Refusal | None:
        try:
            edits, others = (combine([group.fix for group in each]) for each in (groups, groups[:-1]))
        except EditConflict:
            return None  # the proof gives one of them up
        return self._against(groups[-1], edits, apply_edits(self.analysis.source, others))

    def _against(self, group: Group, edits: Sequence[Edit], base: bytes | None = None) -> Refusal | None:
        """What speaks against the file's edits, made for a group: ``base`` is the file with those of the others."""
        passed = passing_files(self.analysis, group.uses)
        asks = self.stars or self.relied_on or self.looked_up or self.aside or self.writers or self.set_here or passed
        if not (asks or self.asked_for or self._may_close(group.uses)):
            return None
        source = apply_edits(self.analysis.source, edits)
        after = imports_of(source)
        refusal = self._cycle(group, after, source, self.analysis.source if base is None else base)
        refusal = refusal or self._shadow(after) or self._unloaded(after)
        refusal = refusal or self._left_aside(after, source) or self._unrun(group, passed, after)
        return refusal or self._written_sooner(after) or self._set_by_others(after)

    def _may_close(self, uses: Iterable[Use]) -> bool:
        """Whether the import of some successor leads back here, or into a cycle at its wrong end."""
        names = {use.target.canonical for use in uses if use.target.canonical}
        names |= {name for use in uses for rule in use.migration.rewrites for name in brought(rule)}
        asked = frozenset(names)
        if asked not in self.cyclic:
            modules = {name for dotted in asked for name in above(dotted)}
            self.cyclic[asked] = any(
                leads_back(self.analysis, module) or enters_late(self.analysis, module) for module in modules
            )
        return self.cyclic[asked]

    def _cycle(self, group: Group, after: Facts, source: bytes, base: bytes) -> Refusal | None:
        facts = self.before if base == self.analysis.source else imports_of(base)
        guarded, begun = guarded_lines(parse(base)) if facts.readable else frozenset(), [*self._begun(facts)]
        known = {(name, each.name is None): each for each, name in reversed(begun) if each.line not in guarded}
        passed_on = is_passed_on(self.analysis, group.uses)
        for imported, name in self._begun(after):
            before = known.get((name, imported.name is None))
            if before is None or self._is_late(before, imported, base, source):
                found = None if passed_on else leads_back(self.analysis, name)
                if found := found or taken_too_early(self.analysis.index, self.analysis.path, name):
                    return Refusal(reason=Reason.CYCLE, name=str(found))
                if found := enters_late(self.analysis, name):
                    return Refusal(reason=Reason.ENTERED, name=str(found))
        found = None if passed_on else read_too_early(self.analysis, group.uses)
        return Refusal(reason=Reason.CYCLE, name=str(found)) if found else None

    def _is_late(self, before: Import, after: Import, base: bytes, source: bytes) -> bool:
        """Whether the file has a name later than before it imports a module, which others take from here."""
        lost = bound_above(base, before) - bound_above(source, after)
        return any(taker(self.analysis, name) is not None for name in lost)

    def _begun(self, facts: Facts) -> Iterator[tuple[Import, str]]:
        """What the imports at the top of the file may begin: a module, and what is taken of it if that is one."""
        for imported, modules in self._early(facts.imports):
            for module in modules:
                yield imported, module
                below = f"{module}.{imported.name}"
                if imported.name and path_of(self.analysis.index, below):
                    yield imported, below

    def _early(self, imports: Iterable[Import], *, late: bool = False) -> list[tuple[Import, tuple[str, ...]]]:
        path = self.analysis.path
        return [(each, self.program.absolute(path, each.module)) for each in imports if each.early or late]

    def _loaded(self, facts: Facts, *, late: bool = False) -> set[str]:
        """The modules that the file's imports load (with ``late`` in functions too), with the packages around them."""
        found: set[str] = set()
        for imported, modules in self._early(facts.imports, late=late):
            for module in modules:
                below = f"{module}.{imported.name}"
                found |= {*above(below if path_of(self.analysis.index, below) else module)}
        return found

    @cached_property
    def _around(self) -> frozenset[str]:
        """The file's own modules and the packages around them, which are loaded when the file is."""
        return frozenset(name for module in self.analysis.modules for name in above(module))

    def _unloaded(self, after: Facts) -> Refusal | None:
        """Whether a module is no longer loaded that another file uses without importing it."""
        for needed, late in ((self.relied_on, False), (self.looked_up, True)):
            if lost := sorted(needed.keys() - self._loaded(after, late=late) - self._around) if needed else ():
                return Refusal(reason=Reason.SUBMODULE, name=str(needed[lost[0]]))
        for module, witness in self.asked_for.items():  # which import it is that the question comes after, is not known
            if self._times(after, module) < self._times(self.before, module):
                return Refusal(reason=Reason.SUBMODULE, name=str(witness))
        return None

    def _times(self, facts: Facts, module: str) -> int:
        """How many of the file's imports load a module."""
        alone = (replace(facts, imports=(each,)) for each in facts.imports)
        return sum(module in self._loaded(each, late=True) for each in alone)

    def _left_aside(self, after: Facts, source: bytes) -> Refusal | None:
        """Whether the file goes on to take a module through another file, and no longer loads it itself."""
        lost = self.aside.keys() - self._loaded(after) if self.aside else ()
        if not lost:
            return None
        taken = [
            (t.line, name)
            for t in facts_of(source).takings
            for name in self.program.absolute(self.analysis.path, t.name)
        ]
        for line, name in taken:
            if any(f"{name}.".startswith(f"{each}.") for module in lost for each in self.aside[module]):
                return Refusal(reason=Reason.SUBMODULE, name=f"{self.analysis.path}:{line}")
        return None

    def _unrun(self, group: Group, passed: Mapping[str, Mapping[str, int]], after: Facts) -> Refusal | None:
        """Whether the file no longer runs one that does something, and was run for a name that it only passes on.

        What was run for it in a function is run there as before if the successor runs it.
        """
        early = self._loaded(self.before) if passed else set[str]()
        loaded = self._loaded(after) | self._around if passed else set[str]()
        late = loaded | {name for use in group.uses for name in above(successor(use) or "")} if passed else loaded
        for there, modules in ((loaded, passed.keys() & early), (late, passed.keys() - early)):
            lost = sorted(modules - there)
            runs = self._run(there) if lost else frozenset[str]()
            for path, line in (place for module in lost for place in passed[module].items()):
                if path not in runs and path != self.analysis.path:
                    return Refusal(reason=Reason.NOT_RUN, name=f"{path}:{line}")
        return None

    def _written_sooner(self, after: Facts) -> Refusal | None:
        """Whether an import newly runs a file that writes what this file takes: it may take the new value then."""
        new = self._loaded(after) - self._loaded(self.before) if self.writers else set[str]()
        run = self._run(new) - self._run(self._loaded(self.before)) if new else frozenset[str]()
        found = min((witness for path, witness in self.writers.items() if path in run), default=None)
        return Refusal(reason=Reason.WRITTEN, name=str(found)) if found else None

    def _set_by_others(self, after: Facts) -> Refusal | None:
        """Whether the file newly has a variable that another file writes, which nothing has read so far."""
        new = [each.local for each in after.imports if each.early] if self.set_here else []
        had = {each.local for each in self.before.imports}
        found = min((self.set_here[name] for name in new if name in self.set_here and name not in had), default=None)
        return Refusal(reason=Reason.WRITTEN, name=str(found)) if found else None

    def _run(self, modules: Iterable[str]) -> frozenset[str]:
        return files_run(self.analysis.index, modules, beside=self.analysis.path)

    def _shadow(self, after: Facts) -> Refusal | None:
        """Whether a file that imports this one with a star has a use for a name that is new here."""
        if not self.stars:
            return None
        new = _public(after) - _public(self.before)
        for path, line in self.stars:
            if not new.isdisjoint(self.program.facts[path].words) or any(self._has(path, line, name) for name in new):
                return Refusal(reason=Reason.SHADOWS, name=f"{path}:{line}")
        return None

    def _has(self, path: str, line: int, name: str) -> bool:
        """Whether a file with a star import has a name that it need not write.

        A package has the modules below it, an earlier star brings the name, or another file takes it from there.
        """
        index, modules = self.analysis.index, self.program.modules_of(path)
        below = is_package(path) and any(path_of(index, f"{module}.{name}") for module in modules)
        return below or self._brought_above(path, line, name) or any(self.program.takers(modules, name, besides=path))

    def _brought_above(self, path: str, line: int, name: str) -> bool:
        index, stars = self.analysis.index, [s for s in self.program.imports_of(path) if s[0].name == "*"]
        above = {module for each, modules in stars if each.line < line for module in modules}
        return any(index.brings(module, name) is not False for module in above.difference(self.analysis.modules))


def _no_longer_safe(group: Group, refusal: Refusal) -> Group:
    fix = replace(group.fix, applicability=Applicability.UNSAFE)
    return replace(group, fix=fix, refusals={**dict.fromkeys(group.uses, refusal), **group.refusals})


def _public(facts: Facts) -> frozenset[str]:
    return frozenset(each.local for each in facts.imports if each.early and each.local[:1] not in ("", "_"))
