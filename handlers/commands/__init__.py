"""The slash commands: one module for each, registered here by its name.

A module has ``SPEC`` (what people and the parser need to know) and ``run``; see ``CommandModule``.  Permission, place,
form, 👀, the reply and its reaction are handled by ``bot.commands.dispatch``.
"""

from types import MappingProxyType

from bot.commands.dispatch import CommandModule, Commands
from handlers.commands import attest, explain, migrate, scan, skip, status
from handlers.commands import help as help_

_MODULES: tuple[CommandModule, ...] = (help_, migrate, scan, status, explain, skip, attest)

COMMANDS: Commands = MappingProxyType({module.SPEC.name: module for module in _MODULES})
