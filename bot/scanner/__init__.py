"""Runs the engine on untrusted source, in processes that can be killed."""

from bot.scanner.scanner import ReviewRequest, Scanner
from bot.scanner.unscannable import Unscannable

__all__ = ["ReviewRequest", "Scanner", "Unscannable"]
