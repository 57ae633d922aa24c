"""Facts as plain lists and back, to be kept as JSON."""

from collections.abc import Mapping
from typing import Any

from bot.engine.program.facts import Applied, Facts, Handed, Import, Name, Stub, Taking, Write


def pack(facts: Facts) -> dict[str, Any]:
    """Lists of texts and numbers; what is empty is left out."""
    found = {
        "imports": [[*_name(i.module), i.name, i.local, i.line, i.early] for i in facts.imports],
        "takings": [[*_name(t.name), t.line, t.string] for t in facts.takings],
        "writes": [[*_name(w.holder), w.attribute, w.line, w.lasting, w.early] for w in facts.writes],
        "rebound": [[*each] for each in facts.rebound],
        "stubs": [[stub.module, stub.line, stub.read, stub.out] for stub in facts.stubs],
        "calls": [[*_name(t.name), t.line] for t in facts.calls],
        "handed": [
            [*_name(h.to), *(_name(h.given) if h.given else ("", None)), h.line, [*h.texts]] for h in facts.handed
        ],
        "patterns": [[*each] for each in facts.patterns],
        "acts": facts.acts,
        "applied": [[each.to, *_name(each.name), each.line] for each in facts.applied],
        "keeps": sorted(facts.keeps),
        "python": list(facts.python or ()),
        "words": sorted(facts.words),
    }
    return {key: value for key, value in found.items() if value} | ({} if facts.readable else {"unreadable": True})


def unpack(packed: Mapping[str, Any]) -> Facts:
    """The facts that `pack` was given.  Raises what reading anything else raises: KeyError, TypeError, ValueError."""
    return Facts(
        imports=tuple(Import(Name(t, n), *rest) for t, n, *rest in packed.get("imports", ())),
        takings=tuple(Taking(Name(t, n), *rest) for t, n, *rest in packed.get("takings", ())),
        writes=tuple(Write(Name(t, n), *rest) for t, n, *rest in packed.get("writes", ())),
        rebound=tuple((name, line) for name, line in packed.get("rebound", ())),
        stubs=tuple(Stub(*each) for each in packed.get("stubs", ())),
        calls=tuple(Taking(Name(t, n), line) for t, n, line in packed.get("calls", ())),
        handed=tuple(
            Handed(Name(t, n), None if m is None else Name(g, m), line, tuple(texts))
            for t, n, g, m, line, texts in packed.get("handed", ())
        ),
        patterns=tuple((text, line) for text, line in packed.get("patterns", ())),
        acts=packed.get("acts", 0),
        applied=tuple(Applied(to, Name(t, n), line) for to, t, n, line in packed.get("applied", ())),
        keeps=frozenset(packed.get("keeps", ())),
        words=frozenset(packed.get("words", ())),
        python=(packed["python"][0], packed["python"][1]) if "python" in packed else None,
        readable=not packed.get("unreadable", False),
    )  # fmt: skip


def _name(name: Name) -> tuple[str, int]:
    return name.text, name.level
