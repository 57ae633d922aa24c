"""Usages that no name leads to: a module is kept in a variable, an attribute or a table, and its member is taken there.

The values are followed within the file (`bot.engine.resolve.values`).  They may be one of several, so a person has to
look at each such usage.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.domain.finding import Kind
from bot.domain.migration import TargetKind
from bot.engine.resolve.scope import Scopes, build_scopes
from bot.engine.resolve.values import Values
from bot.engine.usages.analysis import DottedString, Use, scope_of, statement_of
from bot.engine.usages.file import File
from bot.engine.usages.members import MemberString, member_strings
from bot.engine.usages.targets import Match

LONGEST = 60
"""Characters of an expression that a reason shows."""


def values(file: File, found: Sequence[Use]) -> Iterator[Use]:
    """What is reached through a value, without what was ``found`` already."""
    known = {node for use in found for node in (use.node, use.expression) if node is not None}
    scopes = _whole(file)
    resolver = replace(file.resolver, root=scopes.root, parents=scopes.parents, loads=scopes.loads)
    followed = Values(scopes=scopes, resolver=resolver)
    for node in list(scopes.parents):
        if isinstance(node, ast.Attribute) and node.attr in file.interest and node not in known:
            yield from _attribute(file, scopes, followed, node)
        for string in member_strings(node, followed):
            for text in string.texts:
                if text not in known and not file.interest.isdisjoint(str(text.value).split(".")):
                    uses = list(_string(file, scopes, followed, string, text))
                    known |= {text} if uses else set()
                    yield from uses


def _whole(file: File) -> Scopes:
    """All scopes of the file: a value may come from any line."""
    if not file.sparse:
        return file.scopes
    modules, package = file.resolver.modules, file.resolver.package
    return build_scopes(file.tree, modules=modules, package=package, source=file.source)


def _matches(file: File, dotted: Sequence[str]) -> Iterator[Match]:
    """The names that are targets: not what others only may have meant."""
    for match in file.matches(dotted):
        if match.target.kind is TargetKind.SYMBOL and (match.resolves is not False or match.symbol in dotted):
            yield match


def _attribute(file: File, scopes: Scopes, followed: Values, node: ast.Attribute) -> Iterator[Use]:
    if followed.resolver.expression(node.value):
        return  # a name leads to it, or a string does
    holders = followed.names(node.value)
    if node.attr in file.members:
        holders += followed.classes_with(node.value, node.attr)
    names = [f"{name}.{node.attr}" for name in holders]
    parent = scopes.parents.get(node)
    call = parent if isinstance(parent, ast.Call) and parent.func is node else None
    for match in _matches(file, names):
        yield Use(
            node=node, kind=Kind.CALL if call else Kind.REFERENCE, migration=match.migration, target=match.target,
            symbol=match.symbol, statement=statement_of(node, scopes.parents),
            scope=scope_of(node, scopes.root, scopes.scopes, scopes.parents), range=file.place(node), expression=node,
            call=call, awaited=isinstance(scopes.parents.get(call or node), ast.Await), resolves=match.resolves,
            through=_written(file, node.value),
        )  # fmt: skip


def _written(file: File, node: ast.expr) -> str:
    """The text of an expression on one line, its end alone where it is long."""
    start, end = file.source.span(node)
    text = " ".join(file.source.source[start:end].decode(file.source.encoding, "replace").split())
    return text if len(text) <= LONGEST else f"…{text[-LONGEST:]}"


def _string(
    file: File, scopes: Scopes, followed: Values, string: MemberString, text: ast.Constant
) -> Iterator[Use]:  # fmt: skip
    names = [f"{name}.{text.value!s}" for holder in string.holders for name in followed.names(holder)]
    for match in _matches(file, names):
        yield Use(
            node=text, kind=Kind.STRING_REFERENCE, migration=match.migration, target=match.target,
            symbol=match.symbol, statement=statement_of(text, scopes.parents),
            scope=scope_of(text, scopes.root, scopes.scopes, scopes.parents), range=file.place(text),
            dotted=DottedString(text=match.symbol, function=string.function, resolves=match.resolves),
            resolves=match.resolves, through=string.function,
        )  # fmt: skip
