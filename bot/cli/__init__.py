"""The command line.  Each command is a module of its own, imported only when it is called.

Start-up counts: aiohttp costs more than a whole scan, so nothing here imports more than click.
"""

import importlib
from typing import TYPE_CHECKING, ClassVar

import click

from bot import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class LazyGroup(click.Group):
    """A group that knows its commands by name and summary, and imports one when it is used."""

    summaries: ClassVar[dict[str, str]] = {
        "init": "Write a first .github/ssot.yml from what is found in the tree.",
        "scan": "List the usages of deprecated names.",
        "migrate": "Rewrite usages: show a diff, or write the files.",
        "checklist": "Update a Markdown checklist from the repository's state.",
        "config": "Check or print the configuration, or its schema.",
        "lsp": "Run the language server for editors.",
        "serve": "Run the webhook server and its workers.",
        "demo": "Show the whole bot at work against a built-in GitHub.",
        "receive": "Run a webhook payload from a file through the handlers.",
        "jobs": "List, show and retry jobs.",
        "setup": "Register the GitHub App in your browser.",
        "doctor": "Check settings, credentials, permissions and the webhook.",
        "manifest": "Check the App's manifest against the code.",
        "completion": "Print the shell's completion script.",
    }

    modules: ClassVar[dict[str, str]] = {"checklist": "tick_boxes", "migrate": "fix_files"}
    """The modules whose names differ from their commands: ``bot.tracker.checklist`` and ``bot.migrate`` are rooms."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.summaries:
            return None
        module = self.modules.get(cmd_name, cmd_name)
        command: click.Command = importlib.import_module(f"bot.cli.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:  # fmt: skip
        if args and not args[0].startswith("-") and args[0] not in self.summaries:
            from bot.config.closest import closest

            near = closest(args[0], list(self.summaries))
            hint = f"Did you mean {near!r}?" if near else "`ssot --help` lists the commands."
            ctx.fail(f"No such command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The names of the commands, none of which is loaded, and the options."""
        from click.shell_completion import CompletionItem

        named = [
            CompletionItem(name, help=text) for name, text in self.summaries.items() if name.startswith(incomplete)
        ]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ssot")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Find deprecated names in a large Python code base, rewrite them and keep them out."""
    from bot.cli.terminal import color

    ctx.color = color()
