"""What a finding says to the author: what is deprecated, and what to use instead."""

from bot.domain.finding import Kind
from bot.engine.usages.analysis import Use


def message(use: Use) -> str:
    """One or two sentences of plain text."""
    return f"{_what(use)} {_instead(use)}"


def _what(use: Use) -> str:
    name = use.symbol
    if use.target.keeps_name:
        return f"This uses {name} in a deprecated way."
    short = name.rpartition(".")[2]
    match use.kind:
        case Kind.IMPORT if use.resolves is False:
            return f"This imports the deprecated {short} from a module that does not have it."
        case Kind.CALL | Kind.REFERENCE if use.resolves is False:
            return f"This uses the deprecated {short}, from a module that does not have it."
        case Kind.IMPORT:
            return f"This imports the deprecated {name}."
        case Kind.RE_EXPORT:
            return f"This re-exports the deprecated {name}."
        case Kind.CALL:
            return f"This calls the deprecated {name}."
        case Kind.REFERENCE:
            return f"This refers to the deprecated {name}."
        case Kind.STRING_REFERENCE:
            return _string(use, short)
        case Kind.DEFINITION:
            return f"This defines {short} again, which is deprecated as {use.target.name}."


def _string(use: Use, short: str) -> str:
    text = use.dotted.text if use.dotted else use.symbol
    match use.resolves:
        case False:
            module = text.rpartition(".")[0]
            return f"This string refers to the deprecated {short}, but {module} has no such name."
        case True:
            return f"This string refers to the deprecated {text}."
        case None:
            return f"This string refers to the deprecated {text}; it may not resolve."


def _instead(use: Use) -> str:
    own = use.migration.message
    if own:
        return own
    if use.target.keeps_name:
        return "The function stays; its arguments change."
    return f"Use {use.target.canonical} instead." if use.target.canonical else "There is no direct replacement."
