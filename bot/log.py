"""Structured logs without secrets.

Every line of ours and of the libraries passes through one renderer, and the rendered text through the
``Redactor``: a secret is removed from whatever contains it (an exception, a header, a URL).  Names that are bound with
``structlog.contextvars`` (the delivery's id) are on every line of the task that bound them.
"""

import base64
import json
import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

import structlog
from structlog.typing import Processor

HIDDEN = "[redacted]"
# Credentials that are created while the process runs, recognised by their form.
# https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
_FORMS = (
    r"gh[a-z]_[A-Za-z0-9_]{16,}",
    r"github_pat_[A-Za-z0-9_]{20,}",
    r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
)
_SHORTEST = 8
"""The shortest part of a secret, in characters, that is redacted: shorter ones would hide harmless text."""


LONGEST = 2_000
"""Characters of a value that are logged, and ten times as many of a traceback: names and texts are strangers'."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal obeys, or shows in another order: all but line feeds and tabs; and half characters."""


class Redactor:
    """Replaces secrets in a text: as they are, URL-encoded, escaped as in JSON or ``repr``, and within base64."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._spellings: set[str] = set()
        self._pattern = re.compile("|".join(_FORMS), re.DOTALL)
        for secret in secrets:
            self.register(secret)

    def register(self, secret: str) -> None:
        """Hide ``secret`` from now on; of a secret of several lines (a PEM), each line too."""
        for part in {secret, *secret.splitlines()}:
            if len(part) >= _SHORTEST and not part.startswith("-----"):
                self._spellings |= spellings(part)
        alternatives = sorted(map(re.escape, self._spellings), key=len, reverse=True)
        self._pattern = re.compile("|".join((*_FORMS, *alternatives)), re.DOTALL)

    def __call__(self, text: str) -> str:
        return self._pattern.sub(HIDDEN, text)


def spellings(secret: str) -> set[str]:
    """The spellings under which a secret may appear in a text."""
    found = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    found |= {repr(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    raw = secret.encode("utf-8", "surrogateescape")
    for offset in range(3):
        # Where it begins within three bytes decides how base64 spells it; characters that depend on neighbours go.
        text = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        whole = text[(0, 2, 3)[offset] : len(text) if (offset + len(raw)) % 3 == 0 else -1]
        found |= {whole, whole.replace("+", "-").replace("/", "_"), quote(whole, safe="")}
    return {text for text in found if len(text) >= _SHORTEST}


def configure(*, form: str = "text", level: str = "info", redact: Redactor, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging; ``form`` is ``json`` or ``text``."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.UnicodeDecoder(),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_rendering(form, redact))
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("markdown_it").setLevel(logging.INFO)  # at debug, a line for each rule that it tries
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _rendering(form: str, redact: Redactor) -> list[Processor]:
    """Secrets are hidden twice: before rendering, which would escape them once more, and after it, for the rest."""

    def hide_values(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {name: _shown(_hidden(value, redact), _most(name)) for name, value in event.items()}

    def hide_rest(_logger: object, _method: str, rendered: MutableMapping[str, Any]) -> str:
        return redact(str(rendered))

    render: Processor
    if form == "json":
        render = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        render = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return [meta, structlog.processors.format_exc_info, hide_values, render, hide_rest]


def _most(name: str) -> int:
    return LONGEST * 10 if name == "exception" else LONGEST


def _shown(value: object, most: int) -> object:
    """Its texts cut, and without what is no text."""
    match value:
        case str():
            text = value if len(value) <= most else f"{value[:most]}… ({len(value):,} characters)"
            return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)
        case dict():
            return {_shown(name, most): _shown(inner, most) for name, inner in value.items()}
        case list():
            return [_shown(inner, most) for inner in value]
        case _:
            return value


def _hidden(value: object, redact: Redactor) -> object:
    match value:
        case str():
            return redact(value)
        case dict():
            return {_hidden(name, redact): _hidden(inner, redact) for name, inner in value.items()}
        case list() | tuple():
            return [_hidden(inner, redact) for inner in value]
        case _:
            return value
