"""YAML text -> nodes with places.

Whatever could make the parser slow or the result big is refused on the way, before anything is built from it: size and
encoding on the text, nesting, anchors, tags and directives on the tokens, everything else on the events.  Two costs of
the parser, per character and per token, are bounded by two limits, so that no input takes longer than half a second.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark
from ruamel.yaml.events import (
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.scanner import Scanner

from bot.config.nodes import Mapping, Node, Scalar, Sequence, Type, YamlPlace, joined, plain_type
from bot.domain.errors import ConfigError

MAX_BYTES = 128 * 1024
MAX_DEPTH = 20
MAX_NODES = 5_000
"""Scalars, lists and mappings of one file."""

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_TAB_INDENT = re.compile(r"^ *\t", re.MULTILINE)
_NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Characters that an escape can write but no text may have: control characters and halves of surrogate pairs."""
_LINE_BREAK = re.compile("\r\n|[\r\n]")
"""What the parser counts as a line break: https://yaml.org/spec/1.2.2/#54-line-break-characters."""


class _InvalidDocument(Exception):
    """The document is refused at a mark."""

    def __init__(self, message: str, mark: StringMark) -> None:
        self.message, self.mark = message, mark
        super().__init__(message)


class _BoundedScanner(Scanner):
    """A scanner for a subset of YAML that stops when a document exceeds its limits."""

    fetched = 0

    def _refuse(self, message: str) -> NoReturn:
        raise _InvalidDocument(message, self.reader.get_mark())

    def fetch_more_tokens(self) -> object:
        self.fetched += 1
        if self.fetched > 4 * MAX_NODES:
            self._refuse(f"the file has more than {MAX_NODES} values")
        return super().fetch_more_tokens()

    def fetch_flow_collection_start(self, TokenClass: type[object], to_push: str) -> None:  # noqa: N803 (the base's)
        if len(self.flow_context) >= MAX_DEPTH:
            self._refuse(_TOO_DEEP)
        super().fetch_flow_collection_start(TokenClass, to_push)

    def fetch_alias(self) -> None:
        self._refuse("aliases (*name) are not supported: repeat the value, or quote it if it begins with '*'")

    def fetch_anchor(self) -> None:
        self._refuse("anchors (&name) are not supported: repeat the value where it is needed")

    def fetch_tag(self) -> None:
        self._refuse("tags (!name) are not supported: quote the value if it begins with '!'")

    def fetch_directive(self) -> None:
        self._refuse("directives (%NAME) are not supported: the file is YAML 1.2")


_TOO_DEEP = f"more than {MAX_DEPTH} levels of nesting"


def parse(source: str | bytes, file: str) -> Node:
    """The document's root.  Raises `ConfigError`."""
    text = decode(source, file)
    lines = _LINE_BREAK.split(text)
    events = _events(text, file)
    try:
        return _Composer(events, lines, file).document()
    except _InvalidDocument as refused:
        raise _place(refused.mark, file).error(refused.message) from None
    except MarkedYAMLError as error:
        raise _syntax_error(error, file) from None


def decode(source: str | bytes, file: str) -> str:
    """The decoded text, with only characters that YAML allows.  Raises `ConfigError`."""
    size = len(source)
    if size > MAX_BYTES:
        raise YamlPlace(file=file, line=1, column=1).error(f"the file is larger than {MAX_BYTES // 1024} KiB")
    if isinstance(source, bytes):
        try:
            source = source.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = str(error.object[: error.start], "utf-8-sig", "replace")
            raise _end_of(before, file).error("the file is not UTF-8") from None
    text = source.removeprefix("\ufeff")
    if found := _FORBIDDEN.search(text):
        message = f"the character U+{ord(found[0]):04X} is not allowed in YAML"
        raise _end_of(text[: found.start()], file).error(message)
    if found := _TAB_INDENT.search(text):
        raise _end_of(text[: found.end() - 1], file).error("YAML does not allow tabs for indentation: use spaces")
    return text


def source_lines(text: str) -> list[str]:
    """The lines by which places are counted."""
    return _LINE_BREAK.split(text)


def _end_of(before: str, file: str) -> YamlPlace:
    lines = _LINE_BREAK.split(before)
    return YamlPlace(file=file, line=len(lines), column=len(lines[-1]) + 1)


def _place(mark: StringMark, file: str) -> YamlPlace:
    return YamlPlace(file=file, line=mark.line + 1, column=mark.column + 1)


def _syntax_error(error: MarkedYAMLError, file: str) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    place = _place(mark, file) if mark else YamlPlace(file=file, line=1, column=1)
    what = error.problem or error.context or "not YAML"
    if error.problem and error.context and error.context_mark and error.context_mark.line != place.line - 1:
        what = f"{what} ({error.context} that begins on line {error.context_mark.line + 1})"
    return place.error(f"not YAML: {what}")


def _events(text: str, file: str) -> Iterator[Event]:
    """The parser's events.  Its exceptions on broken escapes (a code point past U+10FFFF) become a `ConfigError`."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _BoundedScanner
    place = YamlPlace(file=file, line=1, column=1)
    try:
        for event in yaml.parse(text):
            place = _place(event.end_mark, file)
            yield event
    except (ValueError, OverflowError):
        raise place.error("not YAML: an escape after this place is not a valid character") from None


class _Composer:
    """Events -> nodes."""

    def __init__(self, events: Iterator[Event], lines: list[str], file: str) -> None:
        self.events, self.lines, self.file = events, lines, file
        self.nodes = 0
        self.errors: list[ConfigError] = []

    def document(self) -> Node:
        root: Node | None = None
        for event in self.events:
            match event:
                case DocumentStartEvent() if root is not None:
                    raise _place(event.start_mark, self.file).error("a second document: the file must have exactly one")
                case StreamStartEvent() | DocumentStartEvent():
                    pass
                case ScalarEvent() | SequenceStartEvent() | MappingStartEvent():
                    root = self.node(event, 0)
                case StreamEndEvent():
                    break
        if root is None:
            message = "the file is empty: delete it to use the built-in migration, or name a preset (extends: [...])"
            raise YamlPlace(file=self.file, line=1, column=1).error(message)
        if error := joined(self.errors):
            raise error
        return root

    def node(self, event: Event, depth: int) -> Node:
        place = _place(event.start_mark, self.file)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise place.error(f"the file has more than {MAX_NODES} values")
        if depth >= MAX_DEPTH and not isinstance(event, ScalarEvent):
            raise place.error(_TOO_DEEP)
        match event:
            case ScalarEvent():
                return self.scalar(event, place)
            case SequenceStartEvent():
                items = []
                while not isinstance(event := next(self.events), SequenceEndEvent):
                    items.append(self.node(event, depth + 1))
                return Sequence(place=place, items=tuple(items))
            case _:
                return self.mapping(place, depth)

    def mapping(self, place: YamlPlace, depth: int) -> Mapping:
        keys: dict[str, Scalar] = {}
        values: dict[str, Node] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self.node(event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                self.errors.append(key.place.error("a key must be a string"))
                continue
            if isinstance(value, Scalar) and value.plain and not value.text:
                value = replace(value, place=key.place)  # the parser has it where the next token begins
            if message := _bad_key(key, keys.get(key.text)):
                self.errors.append(key.place.error(message))
                continue
            keys[key.text], values[key.text] = key, value
        return Mapping(place=place, keys=tuple(keys.values()), values=values)

    def scalar(self, event: ScalarEvent, place: YamlPlace) -> Scalar:
        text: str = event.value
        plain = not event.style
        if found := _NO_TEXT.search(text):
            self.errors.append(place.error(f"the character U+{ord(found[0]):04X} is not allowed in a string"))
        width = 0 if plain else 1
        line = self.lines[place.line - 1]
        start = place.column - 1 + width
        verbatim = event.style in (None, "", "'", '"') and line[start : start + len(text)] == text
        return Scalar(
            place=place,
            text=text,
            type=plain_type(text) if plain else Type.STRING,
            plain=plain,
            offset=width if verbatim else None,
        )


def _bad_key(key: Scalar, earlier: Scalar | None) -> str | None:
    if key.plain and key.text == "<<":
        return "merge keys (<<) are not supported: repeat the entries"
    if key.type is not Type.STRING:
        return f'a key must be a string: write "{key.text}" in quotes'
    if earlier is not None:
        return f"duplicate key {key.text!r}: the first is on line {earlier.place.line}"
    return None
