"""``ssot completion``: the script with which a shell completes commands and options."""

import click

NAMES = ("ssot", "ssot-bot")
"""The console scripts."""


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash: ssot completion bash > ~/.local/share/bash-completion/completions/ssot
    zsh:  ssot completion zsh > ~/.zfunc/_ssot      (with fpath+=~/.zfunc before compinit)
    fish: ssot completion fish > ~/.config/fish/completions/ssot.fish
    """
    from click.shell_completion import get_completion_class

    from bot.cli import main

    made = get_completion_class(shell)
    if made is None:
        raise click.ClickException(f"no completion for {shell}")
    for name in NAMES:
        variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
        template = made(main, {}, name, variable)
        click.echo(template.source_template % template.source_vars())
