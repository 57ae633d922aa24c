"""The examples in docstrings, which are code that ``doctest`` runs among the module's names."""

import ast
import re
import textwrap
from collections.abc import Iterator

from bot.engine.resolve.exports import PARSE_ERRORS

_BLOCK = re.compile(rb"^([ \t]*)>>>[^\r\n]*(?:\r?\n\1\.\.\.[^\r\n]*)*", re.MULTILINE)
_PROMPT = re.compile(r"^[ \t]*(?:>>>|\.\.\.) ?", re.MULTILINE)


def examples(source: bytes) -> Iterator[ast.Module]:
    """Each example of a file, parsed; what does not parse is passed over.  Lines count from the file's first."""
    if b">>>" not in source:
        return
    line, last = 1, 0
    for block in _BLOCK.finditer(source):
        line, last = line + source.count(b"\n", last, block.start()), block.start()
        text = textwrap.dedent(_PROMPT.sub("", block[0].decode("utf-8", "replace").replace("\r\n", "\n")))
        try:
            tree = ast.parse(text)
        except PARSE_ERRORS:
            continue
        ast.increment_lineno(tree, line - 1)
        yield tree


def in_example(text: str, name: str) -> bool:
    """Whether an example speaks of ``name``: not of a member that some value has under that name."""
    if ">>>" not in text or name not in text:
        return False
    word = rf"^[ \t]*(?:>>>|\.\.\.)[^\r\n]*?(?<!\.)\b{re.escape(name)}\b"
    if re.search(word, text, re.MULTILINE) is not None:
        return True
    holders = re.findall(rf"\b(\w+)\.{re.escape(name)}\b", text)
    return any(re.search(rf"\bimport\b[^\r\n]*\b{re.escape(holder)}\b", text) for holder in holders)


def shown_at(text: str, name: str) -> int | None:
    """The line where ``name`` stands in what an example is expected to print."""
    if ">>>" not in text or name not in text:
        return None
    word, prints = re.compile(rf"(?<![\w.]){re.escape(name)}\b" if "." in name else rf"\b{re.escape(name)}\b"), False
    for number, line in enumerate(text.splitlines(), 1):
        if _PROMPT.match(line) is not None:
            prints = True
        elif not line.strip() or '"""' in line or "'''" in line:
            prints = False
        elif prints and word.search(line) is not None:
            return number
    return None
