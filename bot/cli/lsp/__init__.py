"""``ssot lsp``: the language server.  Its parts are imported when it starts: pygls takes longer than a scan."""

import sys

import click

from bot.domain.errors import UserError


@click.command("lsp")
@click.option("--config", "config_file", type=click.Path(), metavar="FILE", help="Configuration file.")
@click.option(
    "--stdio",
    is_flag=True,
    expose_value=False,
    help="Speak over standard input and output; the default, and the only way.",
)
def command(config_file: str | None) -> None:
    """Run the language server for editors, over standard input and output.

    Shows usages of deprecated names as you write, with their safe and unsafe fixes and an explanation on hover.  The
    contents of open files count as they are in the editor.  Without a configuration nothing is shown.
    """
    from bot.cli.lsp.server import serve

    try:
        serve(config_file)
    except (UserError, OSError) as error:
        click.echo(f"ssot lsp: {error}", err=True)
        sys.exit(2)
