"""How long does it take from hearing of it to the first finding, and to the first review?

    python -m benchmarks.door [--wheel FILE]

Two ways, each in an empty environment (a new venv and nothing else) with a project of its own: from a built wheel to
the first finding of a migration of one's own, and from ``ssot setup`` against the sandbox GitHub to the first review.
Each command is one of README's code blocks, and what people do by hand is a sentence of README: a step that is not
there cannot be here.
"""

import argparse
import asyncio
import html
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
WITHIN = 120.0
"""Seconds for anything."""
PROJECT = {
    "app/__init__.py": "",
    "app/net.py": """import warnings


class Client:
    def __init__(self, timeout=10):
        self.timeout = timeout


def get_client(timeout=10):
    warnings.warn("use app.net.Client", DeprecationWarning, stacklevel=2)
    return Client(timeout)
""",
    "app/jobs.py": "from app.net import get_client\n\n\ndef fetch():\n    return get_client(5).timeout\n",
}
"""A project that deprecates something of its own."""
CHANGE = {"app/news.py": b"from app.net import get_client\n\n\ndef news():\n    return get_client(20).timeout\n"}


class NotInReadme(Exception):
    """A step that a reader could not know of."""


@dataclass(frozen=True)
class Readme:
    """README as its readers have it."""

    text: str

    def command(self, begin: str, **values: str) -> str:
        """The line of a code block that begins so, without its comment; ``FROM`` and its like are replaced."""
        for block in BLOCK.findall(self.text):
            for line in block.splitlines():
                words = re.split(r"\s{2,}#|\s#\s", line)[0].strip()
                if words == begin or words.startswith(f"{begin} "):
                    chosen = begin if "[" in words else words
                    return re.sub(r"\b[A-Z]{3,}\b", lambda match: values.get(match[0], match[0]), chosen)
        raise NotInReadme(f"no code block of README has a line that begins with: {begin}")

    def says(self, sentence: str) -> None:
        """Raises :class:`NotInReadme` where the sentence is not there, however its lines are broken."""
        if " ".join(sentence.split()) not in " ".join(self.text.split()):
            raise NotInReadme(f"README does not say: {sentence}")


@dataclass
class Stopwatch:
    """What was done, and how many seconds each took."""

    steps: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.steps.append((what, time.monotonic() - began))
        print(f"{self.steps[-1][1]:7.1f} s  {what}", flush=True)

    @property
    def seconds(self) -> float:
        return sum(seconds for _, seconds in self.steps)


class Place:
    """An empty environment beside a project."""

    def __init__(
        self, directory: Path, readme: Readme, watch: Stopwatch, wheel: Path, packages: Sequence[str] = ()
    ) -> None:
        """``packages``: where the wheel's dependencies are already, so that no index is asked for them."""
        self.project, self._venv, self.readme, self.watch = directory / "project", directory / "venv", readme, watch
        self._wheel, self._packages = wheel, packages
        for name, text in PROJECT.items():
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        subprocess.run([sys.executable, "-m", "venv", self._venv], check=True)
        if packages:
            (site,) = self._venv.glob("lib/python*/site-packages")
            (site / "packages.pth").write_text("".join(f"{path}\n" for path in packages))

    def environment(self, **more: str) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SSOT_", "GITHUB_"))
        }
        if self._packages:
            more = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", **more}
        return {**kept, "PATH": f"{self._venv / 'bin'}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1", **more}

    def run(self, begin: str, *, exits: int = 0, shows: str = "") -> str:
        """A command of README, in the project.  Raises :class:`SystemExit` where it does not do what is expected."""
        command = self.readme.command(begin, FROM=str(self._wheel))
        with self.watch.step(command.replace(str(self._wheel), self._wheel.name)):
            done = subprocess.run(
                ["/bin/sh", "-c", command], cwd=self.project, env=self.environment(), capture_output=True, text=True,
                timeout=WITHIN * 3, check=False,
            )  # fmt: skip
        if done.returncode != exits or shows not in done.stdout:
            raise SystemExit(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout


def to_the_first_finding(place: Place) -> None:
    """From the wheel to a finding of the project's own migration, and its fix."""
    place.run("pip install")
    place.run("ssot init", shows="get-client")
    place.run("ssot scan", exits=1, shows="app/jobs.py:1:21: import: This imports the deprecated app.net.get_client")


async def to_the_first_review(place: Place) -> None:
    """From ``ssot setup`` to the review of a pull request that adds a usage."""
    place.run("pip install")
    place.run("ssot init", shows="get-client")
    files = {str(p.relative_to(place.project)): p.read_bytes() for p in place.project.rglob("*") if p.is_file()}
    async with Sandbox() as github:
        github.user("octocat", "admin")
        variables = place.environment(
            GITHUB_API_URL=github.url, PORT=_free_port(), SSOT_DATA_DIR=str(place.project / ".ssot")
        )
        await _set_up(place, github, variables)
        place.readme.says("install the App on a repository whose default branch has a `.github/ssot.yml`")
        place.readme.says("open a pull request that adds a usage")
        async with _Server(place, variables) as address:
            github.webhook_url = f"{address}/webhook"
            with place.watch.step("install the App on a repository"):
                repo = await github.repo("acme/app", files=files, installed=False)
                github.install("acme")
                await github.settled()
            with place.watch.step("open a pull request that adds a usage, until its review is there"):
                pull = await repo.open_pull_request(CHANGE, by=github.user("ann", role="write"))
                await _until(lambda: bool(pull.reviews))
        if not any("app.net.get_client" in comment.body for comment in pull.review_comments):
            raise SystemExit("the review does not name the usage")


async def _set_up(place: Place, github: Sandbox, variables: Mapping[str, str]) -> None:
    """The command, and the browser of the person who runs it."""
    command = place.readme.command("ssot setup")
    place.readme.says("register the App in your browser")
    with place.watch.step(command):
        # On a port that is free: there may be something else on the usual one.
        process = await _start(place, f"exec {command} --port 0", variables)
        try:
            await _register(await _line(process, "/setup"))
            await asyncio.wait_for(process.wait(), WITHIN)
        finally:
            await _end(process)
    if github.app.name != "our bot":
        raise SystemExit("no App was registered")


async def _register(line: str) -> None:
    """What a person does in the browser: the form, the page of GitHub, and back."""
    page = re.findall(r"http://\S+/setup", line)[0]
    async with aiohttp.ClientSession() as browser:
        first = await _text(browser, "GET", page)
        values = {"name": "our bot", "url": "https://bot.example.com/webhook", "owner": ""}
        second = await _text(browser, "POST", page, {**values, "state": _field(first, "state")})
        action = html.unescape(re.findall(r'<form method="post" action="([^"]+)"', second)[0])
        async with browser.post(action, data={"manifest": _field(second, "manifest")}) as answer:
            if answer.status != 200:
                raise SystemExit(f"setup: {answer.status}\n{await answer.text()}")


class _Server:
    """``ssot serve`` while it is entered; gives its address."""

    def __init__(self, place: Place, variables: Mapping[str, str]) -> None:
        self._place, self._variables = place, variables

    async def __aenter__(self) -> str:
        command = self._place.readme.command("ssot serve")
        with self._place.watch.step(command):
            self._process = await _start(self._place, f"exec {command}", self._variables)
            try:
                return (await _line(self._process, "listening on")).split()[-1]
            except BaseException:
                await _end(self._process)
                raise

    async def __aexit__(self, *_: object) -> None:
        await _end(self._process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.communicate()


def _free_port() -> str:
    """One that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


async def _start(place: Place, command: str, variables: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", command, cwd=place.project, env=dict(variables), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip


async def _line(process: asyncio.subprocess.Process, words: str) -> str:
    """The first line of its output with these words."""
    if process.stdout is None:
        raise SystemExit("no output")
    seen = []
    async with asyncio.timeout(WITHIN):
        while line := (await process.stdout.readline()).decode():
            seen.append(line)
            if words in line:
                return line
    raise SystemExit(f"never said {words!r}:\n{''.join(seen)}")


async def _text(browser: aiohttp.ClientSession, method: str, url: str, data: Mapping[str, str] | None = None) -> str:
    async with browser.request(method, url, data=data) as answer:
        return await answer.text()


def _field(page: str, name: str) -> str:
    return html.unescape(re.findall(rf'name="{name}" value="([^"]*)"', page)[0])


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not holds():  # noqa: ASYNC110  # the sandbox tells nobody
            await asyncio.sleep(0.05)


def built(directory: Path) -> Path:
    """A wheel of this source tree."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(directory)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = directory.glob("*.whl")
    return wheel


def walk(wheel: Path, readme: Readme, packages: Sequence[str] = ()) -> tuple[Stopwatch, Stopwatch]:
    """Both ways, with their times; ``packages`` as for :class:`Place`."""
    first, second = Stopwatch(), Stopwatch()
    with tempfile.TemporaryDirectory(prefix="ssot-door-") as name:
        for part in ("finding", "review"):
            (Path(name) / part).mkdir()
        print("From the wheel to the first finding of a migration of one's own")
        to_the_first_finding(Place(Path(name) / "finding", readme, first, wheel, packages))
        print(f"{first.seconds:7.1f} s  in all\n\nFrom there, with `ssot setup`, to the first review")
        asyncio.run(to_the_first_review(Place(Path(name) / "review", readme, second, wheel, packages)))
        print(f"{second.seconds:7.1f} s  in all")
    return first, second


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=Path, help="by default it is built")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ssot-wheel-") as name:
        wheel = options.wheel.resolve() if options.wheel else built(Path(name))
        try:
            walk(wheel, Readme((ROOT / "README.md").read_text()))
        except NotInReadme as missing:
            print(missing, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
