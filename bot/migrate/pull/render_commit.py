"""Commits of ``/ssot migrate``: the message, and which of GitHub's two APIs makes it.

A message holds no text of other people but the login of who asked: GitHub acts on its words (``Fixes #1``) and
notifies people (``@name``), again with every rebase.
"""

from bot.domain.effects import FileCommit, TreeCommit, TreeFile
from bot.domain.references import PullRequest, Sha
from bot.identity.commits import request
from bot.identity.markers import MarkerKeys
from bot.markdown.text import count
from bot.migrate.pull.models import PLAIN, CommitChunk, MigrateRequest


def commit(
    pull: PullRequest, ask: MigrateRequest, batch: CommitChunk, parts: int, onto: Sha, keys: MarkerKeys
) -> FileCommit | TreeCommit:
    """The commit of ``batch``, one of ``parts``.  Only one with nothing but ordinary files can be a `FileCommit`."""
    repo, head, body = pull.ref.repo, headline(batch), _body(pull, ask, batch, parts, keys)
    if not batch.modes:
        contents = {file.path: file.after for file in batch.files}
        return FileCommit(
            repo=repo, branch=pull.head_ref, expected_head=onto, headline=head, body=body, additions=contents
        )
    return TreeCommit(
        repo=repo,
        branch=pull.head_ref,
        before=onto,
        parent=onto,
        message=f"{head}\n\n{body}",
        files=tuple(
            TreeFile(path=file.path, content=file.after, mode=batch.modes.get(file.path, PLAIN)) for file in batch.files
        ),
    )


def headline(batch: CommitChunk) -> str:
    usages = sum(len(file.fixed) for file in batch.files)
    symbols = sorted({finding.symbol.rpartition(".")[2] for file in batch.files for finding in file.fixed})
    what = f" of {symbols[0]}" if len(symbols) == 1 and len(symbols[0]) <= 40 else ""
    return f"Migrate {count(usages, 'usage')}{what}" if what else f"Migrate {count(usages, 'deprecated usage')}"


def _body(pull: PullRequest, ask: MigrateRequest, batch: CommitChunk, parts: int, keys: MarkerKeys) -> str:
    kinds = "Safe fixes only: behaviour stays the same."
    if ask.unsafe:
        kinds = "Some of these fixes may change behaviour: please read them."
    part = f" Part {batch.number} of {parts}." if parts > 1 else ""
    lines = [
        f"{count(len(batch.files), 'file')}, requested by {ask.by}.{part}",
        kinds,
        request(keys, pull.ref, ask.id, batch.number, parts),
    ]
    return "\n\n".join(lines)
