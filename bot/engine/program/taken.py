"""Whether other files know a name by the module that imports it: asked of the view of the whole program."""

import re
from collections.abc import Set

from bot.engine.program.doctests import in_example
from bot.engine.program.facts import OWN
from bot.engine.program.forward import forward_names
from bot.engine.program.view import Witness
from bot.engine.resolve.bindings import Load
from bot.engine.usages.analysis import Analysis


def needed_elsewhere(analysis: Analysis, name: str) -> bool:
    """Whether a file that is known takes ``name`` from this module, or a string of its own speaks of it."""
    return named_by_string(analysis, name) or in_string(analysis, name) or taker(analysis, name) is not None


def is_needed(analysis: Analysis, name: str, besides: Set[Load] = frozenset()) -> bool:
    """Whether this file or another one reads ``name``, where a star import may have brought it to this file.

    What this file reads ``besides`` does not count.
    """
    exported = any(export.name == name for export in analysis.exports)
    read = any(load not in besides for load in analysis.root.reads.get(name, ()))
    return read or exported or needed_elsewhere(analysis, name)


def in_string(analysis: Analysis, name: str) -> bool:
    """Whether an example in a docstring, or a type that is written in quotes, speaks of a name of this module."""
    quoted = re.compile(rf"""['"][^'"\n]*\b{re.escape(name)}\b[^'"\n]*['"]""")
    if name not in analysis.text or not quoted.search(analysis.text):
        return in_example(analysis.text, name)
    loads = (load for scope in analysis.root.walk() for each in scope.loads.values() for load in each)
    known = {load.string for load in loads if load.string is not None}
    return in_example(analysis.text, name) or name in forward_names(analysis.tree, known)


def taker(analysis: Analysis, name: str) -> Witness | None:
    """A file that takes ``name`` from this module: by an import, as a member, by a string or through a star."""
    program, modules = analysis.index.program, analysis.modules
    found = next(program.takers(modules, name, besides=analysis.path), None)
    return found or next(program.unreadable(modules, name), None)


def _is_looked_up(analysis: Analysis, name: str) -> bool:
    """Whether the file takes the name from its own module: ``getattr(sys.modules[__name__], "name")``."""
    facts = analysis.index.program.facts.get(analysis.path)
    found = (taking.name for taking in facts.takings) if facts is not None else ()
    return any(each.level == OWN and each.text.partition(".")[0] == name for each in found)


def _is_code(text: str, name: str) -> bool:
    """Whether code in a string imports the name from the file that runs it."""
    return (
        "__main__ import" in text
        and re.search(rf"\bfrom __main__ import [^\"'\n]*\b{re.escape(name)}\b", text) is not None
    )


def is_written(analysis: Analysis, name: str) -> bool:
    """Whether another file gives another value to a variable of this one."""
    program = analysis.index.program
    found = (next(program.writers(f"{module}.{name}", besides=analysis.path), None) for module in analysis.modules)
    return any(found)


def named_by_string(analysis: Analysis, name: str) -> bool:
    """Whether ``module.name`` is written out or replaced somewhere, perhaps to patch it."""
    program = analysis.index.program
    dotted = [f"{module}.{name}" for module in analysis.modules]
    if any(each in analysis.text for each in dotted) or _is_code(analysis.text, name) or _is_looked_up(analysis, name):
        return True
    return any(
        next(program.writers(each, besides=analysis.path), None)
        or next(program.strings(each, besides=analysis.path), None)
        for each in dotted
    )
