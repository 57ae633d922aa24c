"""The schema as a Markdown reference."""

from collections.abc import Iterator

from bot.config.structure import Schema, schema

_SECTIONS = ("migration", "successor", "rewrite", "checklistItem", "evidence")


def reference() -> str:
    """A table of keys for the file and for each kind of mapping in it."""
    rules = schema()
    parts = [_section("The file", rules)]
    parts += [_section(rules["$defs"][name]["title"], rules["$defs"][name]) for name in _SECTIONS]
    return "\n".join(parts)


def _section(title: str, rule: Schema) -> str:
    rows = [row for key, value in rule["properties"].items() for row in _rows(key, value)]
    lines = [
        f"### {title}",
        "",
        rule.get("description", ""),
        "",
        "| key | value | meaning |",
        "|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def _rows(key: str, rule: Schema) -> Iterator[str]:
    """A row for the key, and one for each key of the mapping below it."""
    own_table = rule.get("$ref", "").rpartition("/")[2] in _SECTIONS
    rule = _resolved(rule)
    default = f" Default: `{_yaml(rule['default'])}`." if "default" in rule else ""
    said = ". ".join(filter(None, (rule.get("title", ""), rule.get("description", "")))).rstrip(".")
    yield f"| `{key}` | {_value(rule)} | {_cell(said)}.{default} |"
    if own_table:
        return
    branches = [rule, *(branch for branch in rule.get("anyOf", ()) if "type" in branch)]
    for branch in branches:
        for name, below in branch.get("properties", {}).items():
            yield from _rows(f"{key}.{name}", below)


def _resolved(rule: Schema) -> Schema:
    if "$ref" not in rule:
        return rule
    target = schema()["$defs"][rule["$ref"].removeprefix("#/$defs/")]
    return _resolved({**target, **{key: value for key, value in rule.items() if key != "$ref"}})


def _value(rule: Schema) -> str:
    branches: list[Schema] = [branch for branch in rule.get("anyOf", ()) if "type" in branch] or [rule]
    return " or ".join(_type(branch) for branch in branches)


def _type(rule: Schema) -> str:
    if "enum" in rule:
        return ", ".join(f"`{_yaml(word)}`" for word in rule["enum"])
    if "const" in rule:
        return f"`{_yaml(rule['const'])}`"
    types = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
    names = {"array": "list", "object": "mapping", "integer": "whole number", "boolean": "`true`, `false`"}
    bounds = f" {rule['minimum']}–{rule['maximum']}" if rule.get("maximum", 10**6) < 10**6 else ""
    return " or ".join(str(names.get(type_, type_)) for type_ in types) + bounds


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
