"""Runs a document's blocks as a reader would: files are written, commands run, and what is shown is compared.

A block with ``title="PATH"`` is a file; with ``title="PATH afterwards"`` it is what the file holds then.  A ``console``
block has commands after ``$`` and what they print; a line ``…`` stands for any lines.
``python -m tests.site.walkthrough`` writes into the documents what was printed and what the files hold.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.layering import ROOT

DOCUMENTS = ("docs/start.md", "docs/recipes.md", "docs/decides.md")
AFTERWARDS = " afterwards"
_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a document that begins in an empty directory."""

    document: str
    title: str
    text: str


def sections() -> Iterator[Section]:
    """The sections of the documents that have files."""
    for document in DOCUMENTS:
        for part in re.split(r"^(?=## )", (ROOT / document).read_text(), flags=re.MULTILINE):
            if 'title="' in part:
                yield Section(document=document, title=part.partition("\n")[0].strip("# "), text=part)


def walked(section: Section, directory: Path) -> str:
    """The section's text with what its commands print and its files hold in the end."""

    def block(match: re.Match[str]) -> str:
        language, title, body = match[1], match[2], match[3]
        if title and title.endswith(AFTERWARDS):
            body = (directory / title.removesuffix(AFTERWARDS)).read_text()
        elif title:
            place = directory / title
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(body)
        elif language == "console":
            body = "".join(_ran(line[2:], directory) for line in body.splitlines() if line.startswith("$ "))
        head = language + (f' title="{title}"' if title else "")
        return f"```{head}\n{body}```"

    return _BLOCK.sub(block, section.text)


def _ran(command: str, directory: Path) -> str:
    """The command and all that it prints."""
    program, *words = shlex.split(command)
    assert program == "ssot", command
    env = {**os.environ, "PYTHONPATH": str(ROOT), "SSOT_DATA_DIR": str(directory / ".data"), "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bot", *words],
        cwd=directory, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    shown = done.stdout.replace(f"{directory}{os.sep}", "")
    return f"$ {command}\n" + "".join(f"{line.rstrip()}\n" for line in shown.splitlines())


def fits(expected: str, found: str) -> bool:
    """Whether a text is as expected; a line ``…`` stands for any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line == "…" else re.escape(line) + r"\n" for line in expected.splitlines())
    return re.fullmatch(pattern, found if found.endswith("\n") else f"{found}\n") is not None


def main() -> None:
    for section in sections():
        with tempfile.TemporaryDirectory() as directory:
            made = walked(section, Path(directory))
        path = ROOT / section.document
        if not fits(section.text, made):
            path.write_text(path.read_text().replace(section.text, made))


if __name__ == "__main__":
    main()
