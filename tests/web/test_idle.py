"""A server that does nothing has not loaded what only work needs."""

import asyncio
import os
import sys
from pathlib import Path

from bot.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
SERVER = """
import asyncio, os, sys
from bot.app import build, registered
from bot.settings import Settings
from bot.web import create_runner

async def main():
    settings = Settings.from_env(os.environ)
    runner = create_runner(build(settings, registered(settings)).web)
    await runner.setup()
    print("started", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(*sorted(sys.modules))
    await runner.cleanup()

asyncio.run(main())
"""
NOT_LOADED = (
    "bot.engine.diff.compare",
    "bot.engine.fix_file",
    "bot.engine.removal",
    "bot.engine.rewrite",
    "bot.jobs.postgres",
    "bot.local",
    "bot.sandbox",
    "dbos",
    "jinja2",
    "jsonschema",
    "libcst",
    "procrastinate",
    "psycopg",
    "pyflakes",
    "sqlalchemy",
    "yaml",
)
"""Modules, each with what lies in it."""


async def test_an_idle_server_has_loaded_no_more_than_it_needs(tmp_path: Path) -> None:
    async with Sandbox() as github:
        environment = {
            "PATH": os.environ["PATH"],
            "GITHUB_APP_ID": str(github.app.id),
            "GITHUB_PRIVATE_KEY": github.app.private_key,
            "GITHUB_WEBHOOK_SECRET": github.app.webhook_secret,
            "GITHUB_API_URL": github.url,
            "SSOT_DATA_DIR": str(tmp_path),
        }
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SERVER, cwd=ROOT, env=environment, stdin=-1, stdout=-1
        )
        assert server.stdout is not None
        assert server.stdin is not None
        assert await server.stdout.readline() == b"started\n"
        async with asyncio.timeout(60):
            while True:
                if any(request.path == "/app/hook/deliveries" for request in github.requests):
                    break  # the first timer has run: GitHub was asked, with a token
                await asyncio.sleep(0.05)
        found, _ = await server.communicate(b"\n")
    loaded = found.decode().split()
    assert "bot.review.update" in loaded
    assert [
        name for name in loaded if name.startswith(tuple(f"{name}." for name in NOT_LOADED)) or name in NOT_LOADED
    ] == []
