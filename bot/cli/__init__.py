"""The command line.  Each command is a module of its own, imported only when it is called.

Start-up counts: aiohttp costs more than a whole scan, so nothing here imports more than click.
"""

import importlib
from typing import ClassVar

import click

from bot import __version__


class LazyGroup(click.Group):
    """A group that knows its commands by name and summary, and imports one when it is used."""

    summaries: ClassVar[dict[str, str]] = {
        "scan": "List the usages of deprecated names.",
        "migrate": "Show or write the rewrites.",
        "checklist": "Hold a tracker in a file to the evidence of a repository.",
        "config": "Check, print or describe the configuration.",
        "serve": "Run the webhook server and its workers.",
        "demo": "The whole bot against a built-in GitHub, step by step.",
        "receive": "Send a payload file through the real handlers.",
        "jobs": "List, show and retry the durable jobs.",
        "setup": "Register the GitHub App, in a browser on this machine.",
        "doctor": "Check settings, credentials and permissions.",
        "manifest": "Check the App's manifest.",
    }

    modules: ClassVar[dict[str, str]] = {"checklist": "tick_boxes", "migrate": "fix_files"}
    """The modules that are not named as their command: ``bot.tracker.checklist`` and ``bot.migrate`` are rooms."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.summaries:
            return None
        module = self.modules.get(cmd_name, cmd_name)
        command: click.Command = importlib.import_module(f"bot.cli.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ssot")
def main() -> None:
    """Carry a deprecation migration of a large Python code base to its end."""
