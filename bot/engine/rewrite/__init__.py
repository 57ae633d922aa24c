"""Rewriting: from the usages of a file to fixes that are proved, and from fixes to bytes."""

from bot.engine.rewrite.compiling import compile_pattern, compile_template
from bot.engine.rewrite.edits import EditConflict, apply_edits, apply_fixes
from bot.engine.rewrite.patterns import Pattern, PatternError, Template
from bot.engine.rewrite.plan import plan_fixes
from bot.engine.rewrite.reasons import Reason, Refusal

__all__ = [
    "EditConflict",
    "Pattern",
    "PatternError",
    "Reason",
    "Refusal",
    "Template",
    "apply_edits",
    "apply_fixes",
    "compile_pattern",
    "compile_template",
    "plan_fixes",
]
