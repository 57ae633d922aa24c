"""The language server: open files, when they are scanned, and what the editor asks."""

from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from bot import __version__
from bot.cli.lsp.documents import OpenDocuments
from bot.cli.lsp.texts import FIX_ALL, actions, hover
from bot.config import FILE
from bot.domain.errors import UserError

_KINDS = [lsp.CodeActionKind.QuickFix, FIX_ALL]
_WATCHED = ("**/*.py", "**/*.pyi", f"**/{FILE}")


def serve(config_file: str | None) -> None:
    """Run until the client ends.  Raises ``UserError`` if the configuration that is named does not exist."""
    path = Path(config_file).resolve() if config_file else None
    if path is not None and not path.is_file():
        raise UserError(f"{config_file}: no such file")
    server = LanguageServer("ssot", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
    documents = OpenDocuments(server, path)
    _follow(server, documents)
    _answer(server, documents)
    try:
        server.start_io()
    finally:
        documents.close()


def _follow(server: LanguageServer, documents: OpenDocuments) -> None:
    """What happens to files."""

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        documents.open(params.text_document.uri, params.text_document.version, params.text_document.text)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        text = params.content_changes[-1].text  # whole, as asked for: no lines have to be counted to put it together
        documents.change(params.text_document.uri, params.text_document.version, text)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        documents.refresh(besides=params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        documents.shut(params.text_document.uri)

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed_on_disk(params: lsp.DidChangeWatchedFilesParams) -> None:
        if any(change.uri not in documents for change in params.changes):
            documents.refresh()

    @server.feature(lsp.INITIALIZED)
    async def initialized(_: lsp.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace else None
        if watching and watching.dynamic_registration:
            await server.client_register_capability_async(lsp.RegistrationParams(registrations=[_watching()]))


def _watching() -> lsp.Registration:
    return lsp.Registration(
        id="ssot-files",
        method=lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES,
        register_options=lsp.DidChangeWatchedFilesRegistrationOptions(
            watchers=[lsp.FileSystemWatcher(glob_pattern=pattern) for pattern in _WATCHED]
        ),
    )


def _answer(server: LanguageServer, documents: OpenDocuments) -> None:
    """What the editor asks."""

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=_KINDS))
    async def code_actions(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        found = await documents.planned(params.text_document.uri)
        if found is None:
            return []
        workspace = server.client_capabilities.workspace
        versioned = bool(workspace and workspace.workspace_edit and workspace.workspace_edit.document_changes)
        return actions(*found, params, versioned=versioned)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def hovered(params: lsp.HoverParams) -> lsp.Hover | None:
        found = await documents.planned(params.text_document.uri)
        return None if found is None else hover(*found, params.position)
