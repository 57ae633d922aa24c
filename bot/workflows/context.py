"""What every workflow works with."""

from dataclasses import dataclass

from bot.github.client import GitHub
from bot.markers import MarkerKeys
from bot.scanner.scanner import Scanner


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The adapters, opened and ready; lives as long as the process."""

    github: GitHub
    scanner: Scanner
    keys: MarkerKeys
