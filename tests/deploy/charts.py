"""Renders the Helm chart without Helm, as far as its templates go.

``python -m tests.deploy.charts`` writes the plain manifests.  What this knows of the template language: actions with
``-`` trims, ``define``, ``include``, ``if``, ``else``, ``range`` over a map, paths below ``.Values``, ``.Release`` and
``.Chart``, and the functions ``toYaml``, ``nindent``, ``quote`` and ``default``.  Anything else is an error here, also
what Helm would take.  Where Helm is installed, the tests compare.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from tests.layering import ROOT

CHART = ROOT / "deploy" / "helm" / "ssot-bot"
PLAIN = ROOT / "deploy" / "kubernetes" / "ssot-bot.yaml"
HEADER = """\
# The server on Kubernetes, two of them with one PostgreSQL: kubectl apply -f deploy/kubernetes/ssot-bot.yaml
# Made from the chart by `python -m tests.deploy.charts`.  It needs a Secret: see secret.example.yaml.
"""


@dataclass
class Block:
    """A part of a template: text, actions and blocks in it."""

    head: str
    body: list["str | Block"] = field(default_factory=list)
    other: list["str | Block"] | None = None


def _tokens(text: str) -> Iterator[tuple[bool, str]]:
    """Text and actions; a ``-`` takes the white space at its side away."""
    at, trim = 0, False
    for match in re.finditer(r"\{\{(-?)\s*(.*?)\s*(-?)\}\}", text, re.DOTALL):
        before = text[at : match.start()]
        before = before.lstrip() if trim else before
        yield False, before.rstrip() if match[1] else before
        yield True, match[2]
        at, trim = match.end(), bool(match[3])
    yield False, text[at:].lstrip() if trim else text[at:]


def parsed(text: str) -> Block:
    """A template as blocks."""
    stack = [Block("")]
    for is_action, token in _tokens(text):
        top = stack[-1]
        into = top.body if top.other is None else top.other
        if not is_action:
            into.append(token)
        elif token == "end":
            stack.pop()
        elif token == "else":
            top.other = []
        else:
            block = Block(token)
            into.append(block)
            if token.partition(" ")[0] in ("if", "range", "define"):
                stack.append(block)
    assert len(stack) == 1, "an end is missing"
    return stack[0]


class Chart:
    """The chart of a release."""

    def __init__(self, values: Mapping[str, Any] | None = None, release: str = "ssot-bot") -> None:
        read = YAML(typ="safe")
        own = read.load((CHART / "values.yaml").read_text())
        about = read.load((CHART / "Chart.yaml").read_text())
        self.context = {
            "Values": _merged(own, values or {}),
            "Release": {"Name": release},
            "Chart": {"AppVersion": about["appVersion"]},
        }
        self.defined: dict[str, Block] = {}
        for block in parsed((CHART / "templates" / "_helpers.tpl").read_text()).body:
            if isinstance(block, Block):
                self.defined[block.head.split()[1].strip('"')] = block

    def documents(self) -> Iterator[str]:
        """The rendered templates that are not empty, sorted by name."""
        for path in sorted((CHART / "templates").glob("*.yaml")):
            text = self.rendered(parsed(path.read_text()).body, {}).strip()
            if text:
                yield text

    def rendered(self, parts: list[str | Block], names: Mapping[str, Any]) -> str:
        return "".join(part if isinstance(part, str) else self._block(part, names) for part in parts)

    def _block(self, block: Block, names: Mapping[str, Any]) -> str:
        word, _, rest = block.head.partition(" ")
        if word == "if":
            chosen = block.body if self._value(rest, names) else block.other or []
            return self.rendered(chosen, names)
        if word == "range":
            key, value, source = re.fullmatch(r"(\$\w+), (\$\w+) := (\S+)", rest).groups()  # type: ignore[union-attr]
            items = sorted(self._value(source, names).items())
            return "".join(self.rendered(block.body, {**names, key: k, value: v}) for k, v in items)
        return str(self._value(block.head, names))

    def _value(self, pipeline: str, names: Mapping[str, Any]) -> Any:  # noqa: ANN401  what YAML holds
        first, *functions = (part.strip() for part in pipeline.split("|"))
        value = self._term(first, names)
        for function in functions:
            name, *arguments = function.split()
            match name, arguments:
                case "quote", []:
                    value = json.dumps(str(value), ensure_ascii=False)
                case "nindent", [width]:
                    value = "\n" + "\n".join(" " * int(width) + line for line in str(value).split("\n"))
                case "default", [term]:
                    value = value or self._term(term, names)
                case _:
                    raise ValueError(f"not known here: {function}")
        return value

    def _term(self, term: str, names: Mapping[str, Any]) -> Any:  # noqa: ANN401  what YAML holds
        word, _, rest = term.partition(" ")
        if word == "toYaml":
            return _yaml(self._term(rest, names))
        if word == "include":
            return self.rendered(self.defined[rest.split()[0].strip('"')].body, names).strip("\n")
        if word.startswith("$"):
            return names[word]
        if not word.startswith(".") or rest:
            raise ValueError(f"not known here: {term}")
        value: Any = self.context
        for part in word[1:].split("."):
            value = value[part]
        return value


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        merged[key] = _merged(base[key], value) if both else value
    return merged


def _yaml(value: object) -> str:
    writer, text = YAML(), StringIO()
    writer.dump(value, text)
    return text.getvalue().strip()


def plain() -> str:
    """The manifests with the chart's own values."""
    return HEADER + "".join(f"---\n{document}\n" for document in Chart().documents())


if __name__ == "__main__":
    PLAIN.write_text(plain())
