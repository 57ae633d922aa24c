"""The bytes of many files, by few requests: exact whatever GitHub makes of them as text."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.references import RepoRef, Sha
from bot.github import GitHub, reads
from bot.github.reads.contents import exact, is_blob
from bot.sandbox import Repo, Sandbox
from bot.sandbox.faults import Reply
from bot.sandbox.shapes.graphql import blob
from tests.github.conftest import ref_of

TOO_LARGE = b"""{"data": {"repository": null}, "errors": [
  {"type": "RESOURCE_LIMITS_EXCEEDED", "path": ["repository"], "message": "Resource limits for this query exceeded."}
]}"""

BYTES = {
    "empty.py": b"",
    "bom.py": b"\xef\xbb\xbfx = 1\n",
    "crlf.py": b"x = 1\r\ny = 2\r\n",
    "latin.py": "# coding: latin-1\nx = 'é'\n".encode("latin-1"),
    "same.py": "# coding: latin-1\nx = 'é'\n".encode("latin-1"),
    "binary.py": b"x = 1\0\n",
    "large.py": b"x = 1\n" * 100_000,
    "cut.py": b"\xff\n",
    "ls.py": "x = '\u2028'\n".encode(),
}


async def test_files_come_as_their_bytes_are(github: Sandbox, gh: GitHub) -> None:
    ref = ref_of(github, await github.repo("acme/bytes", files=BYTES))
    head = await reads.branch_head(gh, ref, "main")
    before = len(github.requests)
    assert await reads.files_at(gh, ref, BYTES, head) == BYTES
    asked = [request.template for request in github.requests[before:] if request.identity != "app"]
    blobs = len({BYTES[path] for path in ("latin.py", "binary.py", "large.py", "cut.py")})
    assert asked == ["/graphql"] + ["/repos/{owner}/{repo}/git/blobs/{file_sha}"] * blobs, (
        "equal blobs are fetched once"
    )


@given(st.binary() | st.text().map(str.encode) | st.text().map(lambda text: text.encode("utf-16")))
def test_text_is_taken_as_it_is_or_not_at_all(content: bytes) -> None:
    shown = exact(blob(git_id(content), content))
    assert shown in (None, content)
    if is_utf8(content) and b"\0" not in content:
        assert shown == content


def is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("changed", [{"text": None}, {"text": "x = 2\n"}, {"isTruncated": True}, {"isBinary": True}])
def test_text_that_is_not_the_blob_is_not_taken(changed: dict[str, object]) -> None:
    node = {"oid": git_id(b"x = 1\n"), "isBinary": False, "isTruncated": False, "text": "x = 1\n"}
    assert exact(node) == b"x = 1\n"
    assert exact({**node, **changed}) is None


def test_a_blobs_id_may_be_either_hash() -> None:
    assert is_blob(b"x", Sha(git_id(b"x")))
    assert is_blob(b"x", Sha(hashlib.sha256(b"blob 1\0x").hexdigest()))
    assert not is_blob(b"y", Sha(git_id(b"x")))


def git_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


async def test_a_query_that_is_too_large_is_asked_in_halves(
    github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo
) -> None:
    files = {f"f{n}.py": b"%d\n" % n for n in range(10)}
    await repo.push(files)
    head = await reads.branch_head(gh, ref, "main")
    github.faults.add("graphql", Reply(status=200, body=TOO_LARGE), effect=False, path="/graphql", times=2)
    assert await reads.files_at(gh, ref, files, head) == files
    bodies = [request.body for request in github.requests if request.template == "/graphql"]
    sizes = [str(body).count(f"{head}:") for body in bodies]
    assert sizes == [10, 5, 5, 3, 2]


async def test_files_that_take_too_long_together_come_one_by_one(
    github: Sandbox, gh: GitHub, ref: RepoRef, repo: Repo
) -> None:
    files = {"a.py": b"a\n", "b.py": b"b\n"}
    await repo.push(files)
    head = await reads.branch_head(gh, ref, "main")
    github.faults.error(504, path="/graphql", times=3)
    assert await reads.files_at(gh, ref, files, head) == files
    assert sum("/git/blobs/" in request.path for request in github.requests) == 2
