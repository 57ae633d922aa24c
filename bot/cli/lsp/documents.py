"""The files that are open in the editor: each is scanned when it, or another one, changes."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from lsprotocol import types as lsp
from pebble import ProcessExpired, ProcessPool
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from bot.cli.lsp.scanning import FileAnswer, FileQuestion, answer, start
from bot.cli.lsp.texts import OpenText, as_bytes, diagnostics, problems
from bot.config import FILE, load
from bot.domain.errors import ConfigError, SsotError
from bot.engine.source.names import SUFFIXES
from bot.local.files import find_root
from bot.local.parallel import WorkerDied

PAUSE = 0.25
"""Seconds without a change after which a file is scanned."""
PATIENCE = 120.0
"""Seconds for one scan, the first of a large tree included."""
_SCANS_OF_A_PROCESS = 50
"""After so many scans a process is replaced: what it has frozen for its forks is never freed."""


@dataclass(slots=True, kw_only=True)
class OpenDocument:
    """An open file."""

    text: OpenText
    root: Path
    path: str
    """Below the root, ``/``-separated."""
    answer: FileAnswer | None = None
    """What is known of this very text."""
    task: "asyncio.Task[None] | None" = None


class OpenDocuments:
    """The open files of all trees, by URI; one is scanned at a time, in a process of its own."""

    def __init__(self, server: LanguageServer, config_file: Path | None) -> None:
        self._server = server
        self._config_file = config_file
        self._open: dict[str, OpenDocument] = {}
        self._faulty: dict[str, int] = {}
        self._pool = ProcessPool(
            max_workers=1, max_tasks=_SCANS_OF_A_PROCESS, initializer=start, context=get_context("spawn")
        )

    def __contains__(self, uri: str) -> bool:
        return uri in self._open

    def open(self, uri: str, version: int, content: str) -> None:
        """A file was opened; what is no Python file on disk, and no configuration, is left alone."""
        name = to_fs_path(uri) if uri.startswith("file:") else None
        if name is None:
            return
        place = Path(name)
        root = self._root_of(place)
        path = place.relative_to(root).as_posix()
        if path.endswith(SUFFIXES) or path == FILE:
            unit = str(getattr(encoding := self._server.server_capabilities.position_encoding, "value", encoding))
            text = OpenText(uri=uri, version=version, source=as_bytes(content), unit=unit)
            self._open[uri] = OpenDocument(text=text, root=root, path=path)
            self._changed(uri, pause=0.0)

    def _root_of(self, place: Path) -> Path:
        """The repository that a file is in; where there is none, the folder that the editor has opened."""
        directory = next(each for each in place.parents if each.is_dir())
        root = find_root(directory)
        folder = self._server.workspace.root_path
        return Path(folder) if root == directory and folder and place.is_relative_to(folder) else root

    def change(self, uri: str, version: int, content: str) -> None:
        """The content of an open file is another one."""
        if document := self._open.get(uri):
            document.text = replace(document.text, version=version, source=as_bytes(content))
            self._changed(uri, pause=PAUSE)

    def shut(self, uri: str) -> None:
        """A file was closed: what is on disk counts again, and nothing is shown of it."""
        document = self._open.pop(uri, None)
        if document:
            if document.task:
                document.task.cancel()
            self._publish(uri, [])
            self.refresh()

    def refresh(self, besides: str | None = None) -> None:
        """Scan all open files again: another file may give a name, or take it away."""
        for uri, document in self._open.items():
            if uri != besides or document.answer is None:
                self._begin(document, PAUSE)

    def close(self) -> None:
        """End the scanning process."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    async def planned(self, uri: str) -> tuple[OpenText, FileAnswer] | None:
        """The file's text and what is known of it, with its fixes planned; ``None`` if it is not open or no Python."""
        document = self._open.get(uri)
        while document and document.task and not document.task.done():
            await asyncio.wait([document.task])
        return (document.text, document.answer) if document and document.answer else None

    def _changed(self, uri: str, *, pause: float) -> None:
        document = self._open[uri]
        document.answer = None
        if document.path == FILE:
            self._check(document)
            self.refresh(besides=uri)
            return
        self._begin(document, pause)

    def _check(self, document: OpenDocument) -> None:
        """Show what is wrong in the configuration itself."""
        try:
            load(document.text.source, file=FILE)
            found: tuple[ConfigError, ...] = ()
        except ConfigError as error:
            found = (error, *error.others)
        self._publish(document.text.uri, problems(found))

    def _begin(self, document: OpenDocument, pause: float) -> None:
        if document.path != FILE:
            if document.task:
                document.task.cancel()
            document.task = asyncio.get_running_loop().create_task(self._scan(document, pause))

    async def _scan(self, document: OpenDocument, pause: float) -> None:
        """Show the usages, and then what can be done about them: that asks the whole tree."""
        await asyncio.sleep(pause)
        text = document.text
        for fixes in (False, True):
            try:
                found = await self._ask(document, fixes)
            except (SsotError, OSError, ProcessExpired, TookTooLong, WorkerDied) as error:
                self._log(f"{document.path} was not scanned: {str(error) or type(error).__name__}")
                return
            if document.text is not text:
                return  # another scan has begun
            document.answer = found
            self._publish(text.uri, diagnostics(text, found), text.version)
            self._show_problems(document.root, found)

    async def _ask(self, document: OpenDocument, fixes: bool) -> FileAnswer:
        contents = {other.path: other.text.source for other in self._beside(document)}
        question = FileQuestion(
            root=document.root, path=document.path, contents=contents, config_file=self._config_file, fixes=fixes
        )
        asked = self._pool.schedule(answer, args=[question], timeout=PATIENCE)
        try:
            found: FileAnswer = await asyncio.shield(asyncio.wrap_future(asked))
        except asyncio.CancelledError:
            if not asked.running():  # to cancel one that runs would end the process
                asked.cancel()  # type: ignore[no-untyped-call]
            raise
        return found

    def _beside(self, document: OpenDocument) -> Iterator[OpenDocument]:
        return (other for other in self._open.values() if other.root == document.root)

    def _show_problems(self, root: Path, found: FileAnswer) -> None:
        """The configuration's errors, where it is not open itself; they go when it is right again."""
        uri = from_fs_path(str(self._config_file or root / FILE))
        if uri and uri not in self._open and (found.problems or self._faulty.get(uri)):
            self._faulty[uri] = len(found.problems)
            self._publish(uri, problems(found.problems))

    def _publish(self, uri: str, found: list[lsp.Diagnostic], version: int | None = None) -> None:
        params = lsp.PublishDiagnosticsParams(uri=uri, diagnostics=found, version=version)
        self._server.text_document_publish_diagnostics(params)

    def _log(self, message: str) -> None:
        self._server.window_log_message(lsp.LogMessageParams(type=lsp.MessageType.Warning, message=message))
