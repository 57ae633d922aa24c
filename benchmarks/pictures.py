"""Pictures of what people see, for README and the documents: made of what the sandbox GitHub really holds.

    python -m benchmarks.pictures [--to docs/images] [--only review,…] [--html DIRECTORY]

Runs the demo's steps on the real server, renders the Markdown as GitHub does (GFM, its colours and measures), and takes
each picture with a headless Chromium.  ``demo.svg`` is the output of ``ssot demo``, step by step; it needs no browser.
"""

import argparse
import asyncio
import html
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from markdown_it import MarkdownIt

from benchmarks.onboarding_scene import onboarded
from bot import log
from bot.cli import demo, demo_issue
from bot.github.manifest import manifest_document
from bot.github.registration import manifest_for
from bot.log import Redactor
from bot.sandbox import PullRequestHandle, Sandbox
from bot.sandbox.example import CHANGE, FILES
from bot.sandbox.model import CheckRun, ReviewThread
from bot.web.setup import confirm_page, form_page

ROOT = Path(__file__).parents[1]
GFM = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
DRAWN = str.maketrans({"✅": "☑", "⬜": "☐", "❔": "?"})
"""Pictures that GitHub brings along, and a machine's fonts may lack."""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WIDTH = 880
STYLE = """
body { margin: 0; padding: 16px; width: 848px; font: 14px/1.5 -apple-system, "Segoe UI", "Liberation Sans", sans-serif;
  color: #1f2328; background: #fff; }
h1, h2, h3 { line-height: 1.25; margin: 20px 0 10px; }
h1 { font-size: 24px; } h2 { font-size: 20px; } h3 { font-size: 16px; } .body h2:first-child { margin-top: 4px; }
a { color: #0969da; text-decoration: none; } p { margin: 0 0 12px; } ul { padding-left: 24px; margin: 0 0 12px; }
code { font: 85% "Liberation Mono", monospace; background: #eff1f3; padding: .2em .4em; border-radius: 6px; }
pre { background: #f6f8fa; padding: 12px; border-radius: 6px; overflow: hidden; margin: 0 0 12px; }
pre code { background: none; padding: 0; } sub { font-size: 12px; vertical-align: baseline; color: #59636e; }
table { border-collapse: collapse; margin: 0 0 12px; } td, th { border: 1px solid #d1d9e0; padding: 4px 10px; }
li.task { list-style: none; margin-left: -20px; }
.box { border: 1px solid #d1d9e0; border-radius: 6px; margin: 0 0 16px; overflow: hidden; }
.head { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px; color: #59636e; }
.head b { color: #1f2328; } .bot { border: 1px solid #d1d9e0; border-radius: 10px; padding: 0 6px; font-size: 12px; }
.body { padding: 14px 16px 4px; } .inner { margin: 12px 16px 16px; }
.diff { font: 11.5px/20px "Liberation Mono", monospace; white-space: pre; width: 100%; margin: 0; }
.diff td { border: 0; padding: 0 8px; } .diff td:first-child { color: #59636e; width: 30px; text-align: right; }
.add { background: #dafbe1; } .del { background: #ffebe9; }
.button { float: right; border: 1px solid #d1d9e0; background: #f6f8fa; border-radius: 6px;
  padding: 3px 10px; margin: 6px; }
.head .button { margin: -4px 0 0 8px; }
.title { font-size: 24px; margin: 0 0 6px; } .title span { color: #59636e; } .state { color: #fff; border-radius: 16px;
  padding: 3px 12px; background: #1a7f37; } .failed { color: #d1242f; font-weight: bold; } .soft { color: #59636e; }
"""


class Quiet(demo.Story):
    """The demo's steps without their words.  Raises where one of its checks fails."""

    def step(self, title: str, text: str) -> None:
        self.steps += 1

    def quote(self, text: str, title: str = "") -> None:
        return

    def check(self, what: str, holds: bool) -> None:
        if not holds:
            raise AssertionError(f"the demo's check failed: {what}")


# --- as GitHub shows it -------------------------------------------------------------------------------------------


def markdown(text: str) -> str:
    """HTML of a comment.  Charts are drawn as GitHub's Mermaid draws them, boxes as boxes."""
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    made = GFM.render(text.translate(DRAWN))
    made = re.sub(r'<pre><code class="language-mermaid">(.*?)</code></pre>', _chart, made, flags=re.DOTALL)
    made = made.replace("<details>", "<details open>")
    for mark, checked in (("[ ]", ""), ("[x]", " checked")):
        box = f'<li class="task"><input type="checkbox" disabled{checked}> '
        made = made.replace(f"<li>{mark} ", box).replace(f"<li>\n<p>{mark} ", f"{box}<p>")
    return made


def _chart(match: re.Match[str]) -> str:
    """A line chart of Mermaid's ``xychart``."""
    numbers = [float(n) for n in re.findall(r"[\d.]+", re.findall(r"line \[(.*?)\]", match[1])[0])]
    top, step = max(*numbers, 1.0), 600 / max(len(numbers) - 1, 1)
    points = " ".join(f"{60 + n * step:.0f},{120 - 100 * value / top:.0f}" for n, value in enumerate(numbers))
    return (
        f'<svg width="700" height="140"><path d="M60 10V120H680" fill="none" stroke="#1f2328"/>'
        f'<text x="20" y="24" font-size="12">{top:g}</text><text x="40" y="124" font-size="12">0</text>'
        f'<polyline points="{points}" fill="none" stroke="#1a7f37" stroke-width="2"/></svg>'
    )


def lines_of(source: bytes, first: int, last: int) -> list[str]:
    return source.decode().splitlines()[first - 1 : last]


def diff(rows: list[tuple[str, int, str]]) -> str:
    """Rows of a sign, a line number and a text."""
    kinds = {"+": "add", "-": "del", " ": ""}
    cells = "".join(
        f'<tr class="{kinds[sign]}"><td>{number}</td><td>{sign} {html.escape(text)}</td></tr>'
        for sign, number, text in rows
    )
    return f'<table class="diff">{cells}</table>'


def thread(pull: PullRequestHandle, of: ReviewThread) -> str:
    """A review thread below the lines that it is about, its suggestion as a change."""
    anchor = of.original
    end = anchor.line or 1
    begin = anchor.start_line or end
    source = pull.head[of.path]
    shown = [("+", n, text) for n, text in enumerate(lines_of(source, max(begin - 1, 1), end), max(begin - 1, 1))]
    comment = of.comments[0]
    before = [("-", n, text) for n, text in enumerate(lines_of(source, begin, end), begin)]

    def suggested(match: re.Match[str]) -> str:
        after = [("+", n, text) for n, text in enumerate(match[2].split("\n")[:-1], begin)]
        button = '<span class="button">Commit suggestion ▾</span>'
        return f'<div class="box"><div class="head">Suggested change</div>{diff(before + after)}{button}</div>\n'

    body = re.sub(r"^(`{3,})suggestion\n(.*?)^\1$", suggested, comment.body, flags=re.MULTILINE | re.DOTALL)
    return (
        f'<div class="box"><div class="head"><code>{html.escape(of.path)}</code></div>{diff(shown)}'
        f'<div class="box inner">{by(comment.author.login)}<div class="body">{markdown(body)}</div></div></div>'
    )


def by(login: str, words: str = "reviewed now") -> str:
    name = html.escape(login.removesuffix("[bot]"))
    return f'<div class="head"><b>{name}</b> <span class="bot">bot</span> {words}</div>'


def check_run(run: CheckRun) -> str:
    """The page of a check run."""
    buttons = "".join(f'<span class="button">{html.escape(each["label"])}</span>' for each in run.actions)
    notes = "".join(
        f'<div class="box"><div class="head"><b>{html.escape(note.get("title") or "")}</b>'
        f" · {html.escape(note['path'])}#L{note['start_line']}</div>"
        f'<div class="body"><p>{html.escape(note["message"])}</p></div></div>'
        for note in run.annotations
    )
    return (
        f'<div class="box"><div class="head">{buttons}<b>{html.escape(run.name)}</b> ·'
        f' <span class="failed">{html.escape(run.conclusion or "")}</span></div>'
        f'<div class="body"><h2>{html.escape(run.title or "")}</h2>{markdown(run.summary or "")}'
        f"{markdown(run.text or '')}</div></div>{notes}"
    )


def conversation(title: str, number: int, body: str, login: str, words: str = "opened this now") -> str:
    """An issue or a pull request."""
    return (
        f'<div class="title">{html.escape(title)} <span>#{number}</span></div><p><span class="state">Open</span></p>'
        f'<div class="box">{by(login, words)}<div class="body">{markdown(body)}</div></div>'
    )


# --- what is shown ------------------------------------------------------------------------------------------------


async def pages() -> Mapping[str, str]:
    """HTML by the picture's name."""
    with tempfile.TemporaryDirectory(prefix="ssot-pictures-") as directory:
        async with Sandbox() as github:
            repo = await github.repo("acme/service", files=dict(FILES))
            async with demo.serving(github, demo.settings_for(github, Path(directory))) as app:
                stage = demo.Stage(github=github, app=app, repo=repo)
                found = await _review(stage)
                there = len(repo.pull_requests)
                await demo_issue.migrate_from_the_issue(Quiet(), stage)
                opened = repo.pull_requests[there]
                author = github.app.slug
                found["migration"] = conversation(opened.title, opened.number, opened.body, author)
                await demo_issue.keep_the_checklist(Quiet(), stage)
                issue = repo.issues[-1]
                found["tracking-issue"] = conversation(issue.title, issue.number, issue.body, author, "edited this now")
    found["onboarding"] = conversation(*await onboarded(), author)
    return {**found, "setup": _setup()}


async def _review(stage: demo.Stage) -> dict[str, str]:
    pull = await stage.repo.open_pull_request(
        dict(CHANGE), by=stage.github.user("ann", role="write"), title="Notify users"
    )
    await stage.settled()
    (review,) = pull.reviews
    threads = sorted(pull.threads, key=lambda each: "suggestion" not in each.comments[0].body)
    shown = f'<div class="box">{by(stage.github.app.slug)}<div class="body">{markdown(review.body)}</div></div>'
    return {
        "review": thread(pull, threads[0]),
        "review-summary": shown,
        "check-run": check_run(stage.repo.check_runs[-1]),
    }


def _setup() -> str:
    """Both pages of ``ssot setup`` in a frame each."""
    manifest = manifest_for(
        manifest_document(), name="ssot-bot", webhook_url="https://bot.example.com/webhook",
        redirect_url="http://127.0.0.1:8000/setup/registered",
    )  # fmt: skip
    style = f"<style>{(ROOT / 'bot' / 'web' / 'html' / 'style.css').read_text()}</style>"
    made = [
        form_page("", "ssot-bot"),
        confirm_page(manifest, "https://github.com/settings/apps/new?state="),
    ]
    return "".join(
        f'<iframe style="width:100%;height:{height}px;border:1px solid #d1d9e0;margin:0 0 12px"'
        f' srcdoc="{html.escape(re.sub("<link[^>]*>", style, page.text or ""))}"></iframe>'
        for page, height in zip(made, (580, 760), strict=True)
    )


# --- pictures -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A headless Chromium."""

    program: str

    @classmethod
    def found(cls) -> "Camera":
        program = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
        if program is None:
            raise SystemExit(f"none of these browsers is installed: {', '.join(CHROMIUM)}")
        return cls(program=program)

    def take(self, page: str, target: Path) -> None:
        """The whole page, as high as it is."""
        with tempfile.TemporaryDirectory(prefix="ssot-camera-") as name:
            place = Path(name) / "page.html"
            place.write_text(f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><main>{page}</main>{MEASURE}")
            told = self._run(name, "--virtual-time-budget=2000", "--dump-dom", place.as_uri())
            height = int(re.findall(r'data-height="(\d+)"', told)[0])
            self._run(name, f"--window-size={WIDTH},{height}", f"--screenshot={target}", place.as_uri())

    def _run(self, home: str, *arguments: str) -> str:
        always = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={home}/data")
        done = subprocess.run(
            [self.program, *always, *arguments], capture_output=True, text=True, timeout=90, check=True
        )
        return done.stdout


MEASURE = "<script>document.body.dataset.height = document.querySelector('main').offsetHeight + 32</script>"


# --- the demo, step by step ---------------------------------------------------------------------------------------

SHOWN, LINES, LINE, COLUMN = 7.0, 30, 17, 7.25
"""Seconds and lines of a step; pixels of a line and of a character."""


def animated(output: str) -> str:
    """An SVG that shows the steps of the demo one after the other: no script, and no more than styles that pass."""
    steps = [step.strip("\n").split("\n") for step in re.split(r"\n(?=\d+\. )", output.strip()) if step[:1].isdigit()]
    total = SHOWN * len(steps)
    share = 100 / len(steps)
    scenes = "".join(f'<g style="animation-delay:{SHOWN * n:g}s">{_lines(lines)}</g>' for n, lines in enumerate(steps))
    height, width = LINES * LINE + 24, int(108 * COLUMN)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label="The steps of ssot demo"><style>'
        "text{font:12px 'SFMono-Regular',Consolas,'Liberation Mono',monospace;fill:#c9d1d9;white-space:pre}"
        ".t{font-weight:bold;fill:#fff}.a{fill:#56d364}.d{fill:#ff7b72}.q{fill:#8b949e}"
        f"g{{opacity:0;animation:s {total:g}s infinite}}"
        f"@keyframes s{{0%,{share - 0.5:.2f}%{{opacity:1}}{share:.2f}%,100%{{opacity:0}}}}"
        "@media (prefers-reduced-motion:reduce){g{animation:none}g:first-of-type{opacity:1}}"
        f'</style><rect width="100%" height="100%" rx="8" fill="#0d1117"/>{scenes}</svg>\n'
    )


def _lines(lines: list[str]) -> str:
    if len(lines) > LINES:
        checks = [line for line in lines[LINES:] if line.lstrip().startswith("✓")]
        lines = [*lines[: LINES - len(checks) - 1], "   …", *checks]
    return "".join(
        f'<text x="12" y="{24 + n * LINE}"{_kind(n, line)}>{html.escape(line[:104])}</text>'
        for n, line in enumerate(lines)
        if line.strip()
    )


def _kind(number: int, line: str) -> str:
    inside = line.lstrip().removeprefix("│ ")
    kinds: tuple[tuple[bool, str], ...] = (
        (number == 0, "t"),
        (inside.startswith("✓") or (inside.startswith("+") and "│" in line), "a"),
        (inside.startswith("-") and "│" in line and not inside.startswith("- "), "d"),
        (line.lstrip()[:1] in "┌└", "q"),
    )
    found = next((name for holds, name in kinds if holds), "")
    return f' class="{found}"' if found else ""


def told() -> str:
    """The output of ``ssot demo``."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "demo"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8001", done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--only", default="", help="names of pictures, with commas between them")
    options = parser.parse_args()
    log.configure(form="text", level="error", redact=Redactor())
    only = set(filter(None, options.only.split(",")))
    makers: dict[str, Callable[[Path], object]] = {}
    if not only or only != {"demo"}:
        camera, made = Camera.found(), asyncio.run(pages())
        makers |= {f"{name}.png": partial(camera.take, page) for name, page in made.items()}
    makers["demo.svg"] = lambda target: target.write_text(animated(told()))
    options.to.mkdir(parents=True, exist_ok=True)
    for name, make in makers.items():
        if not only or name.partition(".")[0] in only:
            make(options.to / name)
            print(f"{options.to / name}: {(options.to / name).stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
