"""No secret leaves through the log, however it is spelt."""

import base64
import io
import json
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import structlog
from markdown_it import MarkdownIt

from bot.log import HIDDEN, Redactor, configure

SECRET = "cänary/+secret=&\"value'"
PEM_LINE = "MIIEowIBAAKCAQEAcanary0123456789"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{PEM_LINE}\nabcdefghijklmnop\n-----END RSA PRIVATE KEY-----\n"


@pytest.fixture(params=["json", "text"])
def stream(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure(form=request.param, level="debug", redact=Redactor([SECRET, PEM]), stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


SPELLINGS = {
    "plain": SECRET,
    "quoted": quote(SECRET, safe=""),
    "json": json.dumps(SECRET),
    "repr": repr({"token": SECRET}),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "basic": base64.b64encode(f"user:{SECRET}".encode()).decode(),
    "basic, other offset": base64.b64encode(f"user1:{SECRET}!".encode()).decode(),
    "urlsafe": base64.urlsafe_b64encode(f"us:{SECRET}".encode()).decode(),
    "pem": PEM,
    "pem in one line": PEM.replace("\n", "\\n"),
    "line of the pem": PEM_LINE,
    "installation token": "ghs_16C7e42F292c6912E7710c838347Ae178B4a",
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_every_spelling_is_hidden(stream: io.StringIO, text: str) -> None:
    log = structlog.get_logger("test")
    log.warning("said", value=text, nested={"deep": [text]})
    logging.getLogger("library").error("library said %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("raised")
    written = stream.getvalue()
    assert written.count(HIDDEN) >= 4
    for part in ("cänary", "canary", quote("cänary"), text):
        assert part not in written


@pytest.mark.parametrize("text", ["an innocent line", "sha256=0123456789abcdef", "2026-01-01T00:00:00Z"])
def test_innocent_text_stays(text: str) -> None:
    assert Redactor([SECRET, PEM, "short"])(f"{text} short") == f"{text} short"


def test_at_debug_a_parser_of_markdown_does_not_drown_the_rest(stream: io.StringIO) -> None:
    MarkdownIt("commonmark").render("# Words\n\n- one\n- two\n\n```\ncode\n```\n")
    logging.getLogger("ours").debug("said")
    logging.getLogger("markdown_it.rules_block").warning("warned")
    lines = stream.getvalue().splitlines()
    assert ["said" in lines[0], "warned" in lines[1], len(lines)] == [True, True, 2]


def test_the_delivery_is_on_every_line_of_its_task(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(delivery="guid-1"):
        structlog.get_logger("ours").info("one")
        logging.getLogger("theirs").info("two")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert all("guid-1" in line for line in lines)


ODD = {
    "escape": "\x1b[31mred\x1b]0;title\x07",
    "return": "sound\rforged",
    "c1": "a\x9b31m",
    "bidi": "a\u202eb\u2066c\u200f",
    "lines": "a\u2028b\u2029c\x85d",
    "nul": "a\0b",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_what_strangers_write_commands_no_terminal(stream: io.StringIO, text: str) -> None:
    log = structlog.get_logger("test")
    log.warning("said", value=text, nested={text: [text]})
    log.warning(text)
    logging.getLogger("library").error("library said %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("raised")
    written = stream.getvalue()
    assert [character for character in written if not character.isprintable() and character not in "\n\t"] == []
    assert len(written.encode()) > 100


def test_a_line_is_short_however_long_its_values_are(stream: io.StringIO) -> None:
    log = structlog.get_logger("test")
    log.warning("said", author="@" * 1_000_000, labels=["|" * 1_000_000])
    logging.getLogger("library").error("library said %s", "x" * 1_000_000)
    try:
        raise ValueError("y" * 1_000_000)
    except ValueError:
        log.exception("raised")
    written = stream.getvalue()
    assert len(written) < 40_000
    assert "1,000,000 characters" in written
