"""Git's command line, asynchronously, untouched by the machine's own configuration."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

ENVIRONMENT: Mapping[str, str] = {
    "PATH": os.environ.get("PATH", os.defpath),
    "LC_ALL": "C",
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}


class GitError(Exception):
    """Git refused; the text is its standard error."""


async def run(directory: Path, *arguments: str, stdin: bytes = b"", ok: tuple[int, ...] = (0,)) -> tuple[int, bytes]:
    """Run ``git`` on a repository: its exit code (one of ``ok``) and standard output."""
    process = await start(directory, *arguments)
    out, err = await process.communicate(stdin)
    code = process.returncode
    if code is None or code not in ok:
        raise GitError(f"git {' '.join(arguments)}: exit {code}: {err.decode(errors='replace').strip()}")
    return code, out


async def start(
    directory: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """Start ``git`` with all three streams piped."""
    return await asyncio.create_subprocess_exec(
        "git",
        "--git-dir",
        str(directory),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**ENVIRONMENT, **(environment or {})},
    )
