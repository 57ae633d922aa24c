"""``unless``: the form of what is captured."""

import json
from importlib import resources

import pytest

from bot.engine.rewrite.exceptions import Form, forms_of
from bot.engine.source.text import parse_expression


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'a'", {Form.STRING, Form.LITERAL}),
        ("f'{a}'", {Form.STRING}),
        ("'a' + b", {Form.STRING}),
        ("a + 'b'", {Form.STRING}),
        ("'%s' % a", {Form.STRING}),
        ("a % 'b'", set()),
        ("b'a'", {Form.BYTES, Form.LITERAL}),
        ("1", {Form.NUMBER, Form.LITERAL}),
        ("-1.5", {Form.NUMBER, Form.LITERAL}),
        ("-a", set()),
        ("+1", {Form.NUMBER, Form.LITERAL}),
        ("~1", set()),
        ("not 1", set()),
        ("'a' * 2", set()),
        ("b'a' % c", {Form.BYTES}),
        ("a + b'c' + d", {Form.BYTES}),
        ("2j", {Form.NUMBER, Form.LITERAL}),
        ("{a: b for a in c}", {Form.DICT}),
        ("{a for a in c}", {Form.SET}),
        ("True", {Form.BOOLEAN, Form.LITERAL}),
        ("None", {Form.NONE, Form.LITERAL}),
        ("...", {Form.LITERAL}),
        ("a", {Form.NAME}),
        ("a.b", {Form.ATTRIBUTE}),
        ("a()", {Form.CALL}),
        ("lambda: 1", {Form.LAMBDA}),
        ("[a for a in b]", {Form.LIST}),
        ("(1, 2)", {Form.TUPLE}),
        ("{}", {Form.DICT}),
        ("{1}", {Form.SET}),
        ("a + b", set()),
    ],
)
def test_the_form_is_what_is_written(text: str, expected: set[Form]) -> None:
    assert forms_of(parse_expression(text).body) == expected


def test_the_configuration_knows_the_forms() -> None:
    schema = json.loads(resources.files("bot.config").joinpath("schema.json").read_text(encoding="utf-8"))
    words = schema["$defs"]["rewrite"]["properties"]["unless"]["additionalProperties"]["enum"]
    assert words == [form.value for form in Form]
