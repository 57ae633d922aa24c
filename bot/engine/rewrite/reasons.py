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
    AT_HOME = "at-home"
    IN_VARIABLE = "in-variable"
    THROUGH_VALUE = "through-value"
    DEFINED_BELOW = "defined-below"
    IS_MODULE = "is-a-module"
    GIVEN_NONE = "given-none"
    EXPECTED_EFFECT = "expected-effect"
    MONKEYPATCHED = "monkeypatched"
    LOOKED_UP = "looked-up"
    WRITTEN = "written-elsewhere"
    PATCHED = "patched-elsewhere"
    STUBBED = "stubbed"
    REPLACED = "holder-replaced"
    UNREAD = "unread"
    RIVAL = "rival-star-import"
    NATURE = "another-nature"
    ON_CONDITION = "successor-on-condition"
    PROBED = "successor-probed"
    SHADOWED = "module-shadowed"
    ARGUMENTS = "other-arguments"
    HANDED_ON = "other-parameters"
    RESULT = "other-result"
    OWN_STATE = "state-of-its-own"
    EXAMPLE = "shown-in-example"
    TOLD_APART = "told-apart"
    TAKEN = "taken-otherwise"
    TORN = "told-apart-later"
    NO_OBJECT = "no-object"
    CYCLE = "import-cycle"
    ENTERED = "import-cycle-entered"
    SHADOWS = "shadows-elsewhere"
    SUBMODULE = "submodule-needed"
    NOT_RUN = "import-runs-code"
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
    NEWER = "newer-python"
    NOT_PROVED = "not-proved"
    DECEPTIVE = "deceptive"


SENTENCES: dict[Reason, str] = {
    Reason.STORED_ON_SELF: "The value is stored on an object, where other code may use it.",
    Reason.STORED: "The value is stored in a container or at module level, where other code may use it.",
    Reason.REBOUND: "The variable {name} is assigned more than once (or deleted), so its value is not certain.",
    Reason.CONDITIONAL: "The variable {name} is assigned on some paths only, so its value is not certain.",
    Reason.CLOSED_OVER: "The variable {name} is used in a nested function, which may run at another time.",
    Reason.SCOPE_ESCAPES: "Other code can reach these variables by name (global, nonlocal, locals(), exec or eval).",
    Reason.PASSED: "The value is passed on to other code.",
    Reason.RETURNED: "The value is returned to the caller.",
    Reason.YIELDED: "The value is yielded to the caller.",
    Reason.FORMATTED: "The value is formatted into text.",
    Reason.SHOWN: "An f-string with `=` prints the expression itself.",
    Reason.IDENTITY: "The value is compared by identity with another object.",
    Reason.COMPARED: "The value is compared with another one.",
    Reason.TYPE_CHECKED: "The value's type is examined.",
    Reason.ALIASED: "The value is assigned to a second name.",
    Reason.MEMBER: "The migration names no successor for {name}.",
    Reason.OBJECT: "The method is called on an object, so only another method of the same class can replace it.",
    Reason.MOVED_ARGUMENT: "An argument would be evaluated in another place, where its value may differ.",
    Reason.NO_RULE: "No rewrite matches this; please change it by hand.",
    Reason.NO_SUCCESSOR: "The migration names no successor.",
    Reason.MISSING: "The successor {name} does not exist at this revision.",
    Reason.ASSIGNED: "The name is assigned or deleted here, and other code may use the old name.",
    Reason.DEFINES_SUCCESSOR: "The successor is defined here: the rewrite might make it use itself.",
    Reason.AT_HOME: "The module that defines the name uses it: change that when the definition goes.",
    Reason.IN_VARIABLE: "It is reached through the variable {name}, not through an import.",
    Reason.THROUGH_VALUE: "It is reached through `{name}`, which may hold what has the name: change it by hand.",
    Reason.DEFINED_BELOW: "{name} is defined further below, and this may run before it is.",
    Reason.IS_MODULE: "{name} is a module: list it under `modules`, not under `deprecated`.",
    Reason.NOT_ASYNC: "The successor has to be awaited, and this is no coroutine.",
    Reason.GIVEN_NONE: "It would get None as {name}: find the right value first.",
    Reason.EXPECTED_EFFECT: "The block around it expects this call's effect (an exception, a warning).",
    Reason.MONKEYPATCHED: "The name is patched here, so the usage depends on the patch: rewrite the test by hand.",
    Reason.LOOKED_UP: "{name} looks the name up by a string: change the string and this together.",
    Reason.WRITTEN: "{name} assigns the name or its successor, so a rewritten usage may read another value.",
    Reason.PATCHED: "{name} patches the name in this module, and a rewritten usage would not see that.",
    Reason.STUBBED: "{name} replaces the module with something else.",
    Reason.REPLACED: "{name} replaces what the name is a member of with something else.",
    Reason.UNREAD: "{name} does not parse and contains the name: it may assign it.",
    Reason.RIVAL: "The name may come from {name}, which is star-imported too.",
    Reason.NATURE: "{name}: the successor is another kind of object.",
    Reason.ARGUMENTS: "{name}, so that this call would not be the same.",
    Reason.HANDED_ON: "{name}, which may matter to the code that it is passed to.",
    Reason.EXAMPLE: "{name} expects the name in the output of an example.",
    Reason.RESULT: "{name}, and the result is used here.",
    Reason.OWN_STATE: "{name} reads what the name keeps while the program runs, which the successor does not share.",
    Reason.TOLD_APART: "The code here tells the name and its successor {name} apart.",
    Reason.TORN: "{name} stays as it is, and the code tells whether this is the same thing.",
    Reason.TAKEN: "{name} takes the name from here, and the successor would not do the same there.",
    Reason.ON_CONDITION: "The successor {name} is there only under some condition.",
    Reason.PROBED: "{name} shows that the successor may be missing.",
    Reason.SHADOWED: "{name} may be what is imported here: its directory may come first on Python's path.",
    Reason.NO_OBJECT: "{name} is a method: here it would be called on the class, without an object.",
    Reason.CYCLE: "Importing the successor would make an import cycle: {name} imports this module.",
    Reason.ENTERED: "Importing the successor here may begin an import cycle at its wrong end: {name} needs what"
    " would not be complete yet.",
    Reason.SHADOWS: "{name} star-imports this module and would get the new name too.",
    Reason.SUBMODULE: "{name} uses the module without importing it: the import here loads it.",
    Reason.NOT_RUN: "The import would go, and {name} runs code when it is imported.",
    Reason.SIDE_EFFECTS: "An argument that may have side effects would be dropped or evaluated again.",
    Reason.EVALUATION_ORDER: "Arguments that may have side effects would be evaluated in another order.",
    Reason.UNPACKED: "The ** arguments may repeat one that is given here.",
    Reason.COMMENT_LOST: "A comment inside the replaced expression would be lost.",
    Reason.IN_STRING: "It is inside a string.",
    Reason.IN_FSTRING: "It is in an f-string, and the result needs quotes, a backslash or a comment"
    " that Python before 3.12 does not allow there.",
    Reason.OTHER_TREE: "The result would not be the expression that the rewrite describes.",
    Reason.PRIVATE: "Inside a class {name} becomes another name: Python adds the class's name to it.",
    Reason.STRING_OPERAND: "A quoted type is no operand of `|`: quote the whole expression by hand.",
    Reason.STRING: "The name is in a string passed to {name}; change it by hand together with that code.",
    Reason.STRING_UNRESOLVED: "The string refers to something that does not exist: this {name} has no effect or fails.",
    Reason.DEFINED_AGAIN: "This is another definition of the deprecated name.",
    Reason.OVERRIDDEN: "It overrides the deprecated method; after the rename it would not be called.",
    Reason.STILL_USED: "The import is still needed by a usage that has no fix.",
    Reason.RE_EXPORTED: "Other modules may import the name from here; remove it last.",
    Reason.FALLBACK: "The name has more than one source (a fallback for a failing import, a condition).",
    Reason.IMPORT_PROBED: "The `try` around it checks whether this import works.",
    Reason.KEPT_ON_PURPOSE: "A comment says to keep the import although nothing here uses it.",
    Reason.STAR_IMPORT: "The name comes through a star import.",
    Reason.NAME_TAKEN: "The name {name} is taken in this scope.",
    Reason.TYPE_CHECKING: "The name is imported for type checking only, but is needed at run time.",
    Reason.RULE: "This rewrite needs a review.",
    Reason.REQUIREMENT: "Not confirmed: {name}.",
    Reason.UNPROVED_TYPE: "Not confirmed: {name}.",
    Reason.IMPORT_SYNTAX: "The import statement cannot be edited: {name}.",
    Reason.ENCODING: "The file is not UTF-8, so it is not edited.",
    Reason.NEWER: "The file is for a newer Python than {name}, which reads it: run ssot with that one to rewrite it.",
    Reason.NOT_PROVED: "The rewritten file did not pass its checks: {name}.",
    Reason.DECEPTIVE: "A changed line contains characters that can mislead a reader: {name}.",
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
