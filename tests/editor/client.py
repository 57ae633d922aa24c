"""An editor as far as a language server sees it: a process, JSON-RPC over its pipes, files that are open."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

PATIENCE = 60.0


class Editor(LanguageClient):
    """A client over stdio, which waits for what the server publishes."""

    def __init__(self, root: Path) -> None:
        super().__init__("test-editor", "1")
        self.root = root
        self.shown: dict[str, list[lsp.PublishDiagnosticsParams]] = {}
        self.logged: list[str] = []
        self._news = asyncio.Event()

        @self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]
        def published(params: lsp.PublishDiagnosticsParams) -> None:
            self.shown.setdefault(params.uri, []).append(params)
            self._news.set()

        @self.feature(lsp.WINDOW_LOG_MESSAGE)  # type: ignore[untyped-decorator]
        def logged(params: lsp.LogMessageParams) -> None:
            self.logged.append(params.message)
            self._news.set()

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    def open(self, path: str, text: str | None = None, version: int = 1) -> None:
        content = (self.root / path).read_bytes().decode() if text is None else text
        item = lsp.TextDocumentItem(uri=self.uri(path), language_id="python", version=version, text=content)
        self.text_document_did_open(lsp.DidOpenTextDocumentParams(text_document=item))

    def change(self, path: str, text: str, version: int) -> None:
        document = lsp.VersionedTextDocumentIdentifier(uri=self.uri(path), version=version)
        changes = [lsp.TextDocumentContentChangeWholeDocument(text=text)]
        self.text_document_did_change(lsp.DidChangeTextDocumentParams(text_document=document, content_changes=changes))

    def save(self, path: str) -> None:
        document = lsp.TextDocumentIdentifier(uri=self.uri(path))
        self.text_document_did_save(lsp.DidSaveTextDocumentParams(text_document=document))

    def shut(self, path: str) -> None:
        document = lsp.TextDocumentIdentifier(uri=self.uri(path))
        self.text_document_did_close(lsp.DidCloseTextDocumentParams(text_document=document))

    async def until(self, met: Callable[[], bool]) -> None:
        """Wait until something is true of what the server has sent."""
        async with asyncio.timeout(PATIENCE):
            while not met():
                self._news.clear()
                await self._news.wait()

    async def diagnostics(self, path: str, version: int = 1) -> list[lsp.Diagnostic]:
        """What is shown of this version of a file, in the end: the first time without fixes, then with them."""

        def of_version() -> list[lsp.PublishDiagnosticsParams]:
            return [each for each in self.shown.get(self.uri(path), []) if each.version == version]

        await self.until(lambda: len(of_version()) >= 2)
        return list(of_version()[-1].diagnostics)

    async def actions(self, path: str, line: int, only: list[str] | None = None) -> list[lsp.CodeAction]:
        place = lsp.Range(start=lsp.Position(line, 0), end=lsp.Position(line, 0))
        place.end.character = 200
        params = lsp.CodeActionParams(
            text_document=lsp.TextDocumentIdentifier(uri=self.uri(path)),
            range=place,
            context=lsp.CodeActionContext(diagnostics=[], only=only),
        )
        found = await asyncio.wait_for(self.text_document_code_action_async(params), PATIENCE)
        return [each for each in found or [] if isinstance(each, lsp.CodeAction)]

    async def hover(self, path: str, line: int, character: int) -> str | None:
        document, position = lsp.TextDocumentIdentifier(uri=self.uri(path)), lsp.Position(line, character)
        params = lsp.HoverParams(text_document=document, position=position)
        found = await asyncio.wait_for(self.text_document_hover_async(params), PATIENCE)
        return found.contents.value if found and isinstance(found.contents, lsp.MarkupContent) else None


def applied(text: str, action: lsp.CodeAction, unit: str = "utf-16") -> str:
    """The text with an action's edits made as an editor makes them: characters of a line count in ``unit``."""
    assert action.edit is not None
    documents: list[Any] = list(action.edit.document_changes or [])
    edits = documents[0].edits if documents else next(iter((action.edit.changes or {}).values()))
    for edit in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
        start, end = _offset(text, edit.range.start, unit), _offset(text, edit.range.end, unit)
        text = text[:start] + edit.new_text + text[end:]
    return text


def _offset(text: str, position: lsp.Position, unit: str) -> int:
    at = 0
    for _ in range(position.line):
        ends = [found + len(end) for end in ("\r\n", "\n", "\r") if (found := text.find(end, at)) >= 0]
        at = min(ends, default=len(text))
        at += text[at - 1 : at + 1] == "\r\n"
    width = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[unit]
    size = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[unit]
    line = text[at:].encode(width)[: position.character * size]
    return at + len(line.decode(width))


@asynccontextmanager
async def editor(
    root: Path, *options: str, encodings: list[str] | None = None, versioned: bool = True, watches: bool = False,
    env: Mapping[str, str] | None = None,
) -> AsyncIterator[Editor]:  # fmt: skip
    """A client of a server of its own, started and initialized; the server's end is waited for, and its exit code."""
    client = Editor(root)
    environment = {**os.environ, "SSOT_DATA_DIR": str(root.parent / "data"), **(env or {})}
    await client.start_io(sys.executable, "-m", "bot", "lsp", *options, env=environment)
    workspace = lsp.WorkspaceClientCapabilities(
        workspace_edit=lsp.WorkspaceEditClientCapabilities(document_changes=versioned),
        did_change_watched_files=lsp.DidChangeWatchedFilesClientCapabilities(dynamic_registration=watches),
    )
    general = lsp.GeneralClientCapabilities(position_encodings=encodings) if encodings else None
    capabilities = lsp.ClientCapabilities(workspace=workspace, general=general)
    params = lsp.InitializeParams(capabilities=capabilities, process_id=os.getpid(), root_uri=root.as_uri())
    await asyncio.wait_for(client.initialize_async(params), PATIENCE)
    client.initialized(lsp.InitializedParams())
    try:
        yield client
    finally:
        await asyncio.wait_for(client.shutdown_async(None), PATIENCE)
        client.exit(None)
        await client.stop()  # type: ignore[no-untyped-call]
