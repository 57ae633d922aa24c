"""Why a usage has no (safe) fix: a stable identifier, and a sentence for the author."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """What the engine cannot prove, or will not do."""

    STORED_ON_SELF = "stored-on-self"
    STORED = "stored"
    REBOUND = "rebound"
    CONDITIONAL = "conditional-binding"
    CLOSED_OVER = "closed-over"
    SCOPE_ESCAPES = "scope-escapes"
    PASSED = "passed-as-value"
    RETURNED = "returned"
    YIELDED = "yielded"
    FORMATTED = "formatted"
    SHOWN = "shown"
    IDENTITY = "compared-by-identity"
    COMPARED = "compared"
    TYPE_CHECKED = "type-checked"
    ALIASED = "aliased"
    MEMBER = "member-without-successor"
    OBJECT = "method-of-an-object"
    MOVED_ARGUMENT = "moved-argument"
    NO_RULE = "no-rule"
    NO_SUCCESSOR = "no-successor"
    NOT_ASYNC = "not-async"
    MISSING = "successor-missing"
    ASSIGNED = "assigned"
    DEFINES_SUCCESSOR = "defines-successor"
    IS_MODULE = "is-a-module"
    GIVEN_NONE = "given-none"
    EXPECTED_EFFECT = "expected-effect"
    MONKEYPATCHED = "monkeypatched"
    WRITTEN = "written-elsewhere"
    PATCHED = "patched-elsewhere"
    STUBBED = "stubbed"
    UNREAD = "unread"
    RIVAL = "rival-star-import"
    NATURE = "another-nature"
    CYCLE = "import-cycle"
    SHADOWS = "shadows-elsewhere"
    SUBMODULE = "submodule-needed"
    SIDE_EFFECTS = "side-effects"
    EVALUATION_ORDER = "evaluation-order"
    UNPACKED = "unpacked-arguments"
    COMMENT_LOST = "comment-lost"
    IN_STRING = "in-string"
    IN_FSTRING = "in-f-string"
    OTHER_TREE = "other-expression"
    PRIVATE = "private-name"
    STRING_OPERAND = "string-operand"
    STRING = "string-reference"
    STRING_UNRESOLVED = "string-reference-unresolved"
    DEFINED_AGAIN = "defined-again"
    OVERRIDDEN = "overridden"
    STILL_USED = "still-used"
    RE_EXPORTED = "re-exported"
    FALLBACK = "fallback-import"
    IMPORT_PROBED = "import-probed"
    KEPT_ON_PURPOSE = "kept-on-purpose"
    STAR_IMPORT = "star-import"
    NAME_TAKEN = "name-taken"
    TYPE_CHECKING = "type-checking-import"
    RULE = "rule"
    REQUIREMENT = "requirement-not-met"
    UNPROVED_TYPE = "type-not-proved"
    IMPORT_SYNTAX = "import-syntax"
    ENCODING = "encoding"
    NOT_PROVED = "not-proved"
    DECEPTIVE = "deceptive"


SENTENCES: dict[Reason, str] = {
    Reason.STORED_ON_SELF: "The value is stored on an object, where other code may use it.",
    Reason.STORED: "The value is stored in a container or at module level, where other code may use it.",
    Reason.REBOUND: "The variable {name} is bound more than once (or deleted), so it is not certain what it holds.",
    Reason.CONDITIONAL: "The variable {name} is bound on some paths only, so it is not certain what it holds.",
    Reason.CLOSED_OVER: "The variable {name} is used in a nested function, which may run at another time.",
    Reason.SCOPE_ESCAPES: "The scope's variables are reachable by name (global, nonlocal, locals(), exec or eval).",
    Reason.PASSED: "The value is passed on to other code.",
    Reason.RETURNED: "The value is returned to the caller.",
    Reason.YIELDED: "The value is yielded to the caller.",
    Reason.FORMATTED: "The value is formatted into text.",
    Reason.SHOWN: "A formatted string with `=` shows the expression as it is written.",
    Reason.IDENTITY: "The value is compared by identity with another object.",
    Reason.COMPARED: "The value is compared with another one.",
    Reason.TYPE_CHECKED: "The value's type is examined.",
    Reason.ALIASED: "The value gets a second name, which is not followed.",
    Reason.MEMBER: "{name} is used, for which the migration names no successor.",
    Reason.OBJECT: "It is taken of an object, where only another method of the same class can take its place.",
    Reason.MOVED_ARGUMENT: "An argument would be evaluated at another place, where it may have another value.",
    Reason.NO_RULE: "No rule of the migration fits this usage.",
    Reason.NO_SUCCESSOR: "The migration names nothing that takes its place.",
    Reason.MISSING: "{name}, which takes its place, does not exist at this revision.",
    Reason.ASSIGNED: "The name is assigned or deleted here, for all who still know it by its old name.",
    Reason.DEFINES_SUCCESSOR: "What takes its place is defined here, perhaps by this very usage: it would use itself.",
    Reason.IS_MODULE: "{name} is a module: the migration must name it below 'modules', not below 'deprecated'.",
    Reason.NOT_ASYNC: "What takes its place is awaited, which only a coroutine can do.",
    Reason.GIVEN_NONE: "It would be given None as {name}: find out first whose it is.",
    Reason.EXPECTED_EFFECT: "The block around it expects an effect of this call (an exception, a warning).",
    Reason.MONKEYPATCHED: "The name is patched in the same place, so the usage is about the patch: redesign it.",
    Reason.WRITTEN: "{name} gives the name another value, which a rewritten usage would not see.",
    Reason.PATCHED: "{name} replaces the name in this module: that would no longer reach a rewritten usage.",
    Reason.STUBBED: "{name} puts something else in the place of the module.",
    Reason.UNREAD: "{name} does not parse and holds the name: it may replace it.",
    Reason.RIVAL: "The name may come from {name}, which is imported with a star as well.",
    Reason.NATURE: "{name}: what takes its place is another kind of thing.",
    Reason.CYCLE: "The import of its successor would close a cycle: {name} imports this module again.",
    Reason.SHADOWS: "{name} imports this module with a star, and would get the new name too.",
    Reason.SUBMODULE: "{name} uses the module without importing it: it is loaded by the import here.",
    Reason.SIDE_EFFECTS: "An argument that may have side effects would be dropped or evaluated again.",
    Reason.EVALUATION_ORDER: "Arguments that may have side effects would be evaluated in another order.",
    Reason.UNPACKED: "The arguments that ** brings may hold one that is given here.",
    Reason.COMMENT_LOST: "A comment inside the replaced expression would be lost.",
    Reason.IN_STRING: "It stands inside a string.",
    Reason.IN_FSTRING: "It stands in an f-string, where the result needs quotes, a backslash or a comment"
    " that Pythons before 3.12 do not allow.",
    Reason.OTHER_TREE: "What would be written there is not the expression that the rule describes.",
    Reason.PRIVATE: "Inside a class {name} is another name: Python puts the name of the class before it.",
    Reason.STRING_OPERAND: "A string that stands for a type is no operand of `|`: quote the whole by hand.",
    Reason.STRING: "The name stands in a string given to {name}; change it by hand with the code it is about.",
    Reason.STRING_UNRESOLVED: "The string names something that does not exist: this {name} has no effect or fails.",
    Reason.DEFINED_AGAIN: "This is another definition of the deprecated name.",
    Reason.OVERRIDDEN: "It overrides the deprecated method; when that one has another name, this one is not called.",
    Reason.STILL_USED: "The import is still needed by a usage that has no fix.",
    Reason.RE_EXPORTED: "Other modules may import the name from here; it goes last, when nothing imports it.",
    Reason.FALLBACK: "The name has more than one source (a fallback for a failing import, a condition).",
    Reason.IMPORT_PROBED: "The `try` around it observes whether this import works.",
    Reason.KEPT_ON_PURPOSE: "A comment says that the import is kept although nothing here uses it.",
    Reason.STAR_IMPORT: "The name comes through a star import.",
    Reason.NAME_TAKEN: "The name {name} is taken in this scope.",
    Reason.TYPE_CHECKING: "The name is imported for type checking only, but is needed at run time.",
    Reason.RULE: "The migration's rule asks for a review.",
    Reason.REQUIREMENT: "It is not shown that {name}.",
    Reason.UNPROVED_TYPE: "It is not proved that {name}.",
    Reason.IMPORT_SYNTAX: "The import statement is written in a way that is not edited: {name}.",
    Reason.ENCODING: "The file is not UTF-8, so it is not edited.",
    Reason.NOT_PROVED: "The rewritten file did not pass its checks: {name}.",
    Reason.DECEPTIVE: "A line that would change holds characters that can deceive a reader: {name}.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A reason, with what its sentence speaks of."""

    reason: Reason
    name: str = ""

    @property
    def sentence(self) -> str:
        """The sentence for the author."""
        return SENTENCES[self.reason].format(name=self.name)
