"""The published schema says what the parser says."""

import json

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from bot.config import preset_names, preset_text, schema_text
from bot.config.structure import schema
from bot.domain.checklist_item import IssueState, PullRequestState, UsageState
from bot.domain.finding import Kind
from bot.domain.migration import Action, Applicability, Condition, Mode, Split
from tests.config.cases import VALID, WRONG, Wrong

VALIDATOR = jsonschema_rs.Draft202012Validator(json.loads(schema_text()))


def loaded(text: str) -> object:
    """The document as an editor's YAML 1.2 reader has it."""
    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("text", VALID.values(), ids=VALID.keys())
def test_what_the_parser_takes_the_schema_takes(text: str) -> None:
    assert VALIDATOR.is_valid(loaded(text))


@pytest.mark.parametrize("wrong", [wrong for wrong in WRONG if wrong.schema], ids=lambda wrong: wrong.id)
def test_what_is_wrong_in_structure_the_schema_refuses(wrong: Wrong) -> None:
    assert isinstance(wrong.text, str)
    assert not VALIDATOR.is_valid(loaded(wrong.text))


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_valid(name: str) -> None:
    assert VALIDATOR.is_valid(loaded(preset_text(name)))


def test_the_schema_is_one() -> None:
    jsonschema_rs.meta.validate(schema())


def described(rule: object, where: str = "") -> list[str]:
    """The keys that an editor could say nothing about."""
    if not isinstance(rule, dict):
        return []
    bare = [
        f"{where}/{name}"
        for name, property_ in rule.get("properties", {}).items()
        if isinstance(property_, dict) and "title" not in property_ and "$ref" not in property_
    ]
    return bare + [place for key, value in rule.items() for place in described(value, f"{where}/{key}")]


def test_every_key_is_described() -> None:
    assert described(schema()) == []


def enum(*path: str) -> list[str]:
    rule = schema()["$defs"]
    for key in path:
        rule = rule[key]
    return list(rule["enum"])


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (enum("migration", "properties", "mode"), list(Mode)),
        (enum("migration", "properties", "pull_requests", "properties", "split"), list(Split)),
        (enum("rewrite", "properties", "when"), list(Condition)),
        (enum("rewrite", "properties", "action"), list(Action)),
        (enum("rewrite", "properties", "applicability"), list(Applicability)),
        (schema()["$defs"]["evidence"]["properties"]["usages"]["anyOf"][0]["enum"], list(UsageState)),
        (schema()["$defs"]["evidence"]["properties"]["pull-request"]["anyOf"][0]["enum"], list(PullRequestState)),
        (schema()["$defs"]["evidence"]["properties"]["issue"]["anyOf"][0]["enum"], list(IssueState)),
        (
            schema()["$defs"]["evidence"]["properties"]["usages"]["anyOf"][1]["properties"]["kinds"]["items"]["enum"],
            list(Kind),
        ),
    ],
    ids=["mode", "split", "when", "action", "applicability", "usages", "pull-request", "issue", "kind"],
)
def test_the_words_are_those_of_the_model(listed: list[str], words: list[str]) -> None:
    assert listed == words
