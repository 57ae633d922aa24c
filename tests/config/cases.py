"""Files, valid and not, that the parser and the published schema are both held against."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


def migration(body: str) -> str:
    """A file with the one migration ``m``; ``body`` is indented below it from line 3, column 5."""
    lines = "\n".join(f"    {line}" if line else "" for line in body.strip("\n").split("\n"))
    return f"migrations:\n  m:\n{lines}\n"


def rule(line: str) -> str:
    """A file with one rewrite, in flow style on line 6 from column 9."""
    return migration(f"deprecated: {{a.b: c.d, e.f: null}}\nmode: warn\nrewrites:\n  - {line}")


def evidence(line: str) -> str:
    """A file with one item of a checklist; the evidence begins on line 6, column 34."""
    return migration(f"deprecated: a.b\ntracking:\n  checklist:\n    - {{item: Done, evidence: {line}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A file, its first error, and whether JSON Schema can say so too."""

    id: str
    text: str | bytes
    at: tuple[int, int]
    says: str
    schema: bool = True


def written(text: str) -> Iterator[Wrong]:
    """The files of a text that puts a caret and a message below the place of the error."""
    for block in text.split("\n--- ")[1:]:
        head, *lines = block.split("\n")
        caret = next(n for n, line in enumerate(lines) if line.lstrip(" ").startswith("^ "))
        column = lines[caret].index("^") + 1
        says = lines.pop(caret)[column + 1 :]
        name, _, note = head.partition(" | ")
        yield Wrong(id=name, text="\n".join(lines), at=(caret, column), says=says, schema=note != "parser only")


VALID = {
    "a-plain-rename": migration("deprecated: a.b\ncanonical: c.d\ndrop_in: true"),
    "no-migration-at-all": "migrations: {}",
    "a-preset": "extends: numpy-removed-names",
    "presets": "extends: [numpy-removed-names, datetime-utcnow]\nmax_comments: 0",
    "a-version": "version: 1\nmigrations: {}",
    "explicit-document": "---\nmigrations: {}\n...\n",
    "json": '{"version": 1, "migrations": {"m": {"deprecated": ["a.b"], "drop_in": false}}}',
    "crlf": "version: 1\r\nmigrations: {}\r\n",
    "a-name-that-takes-its-own-place": migration(
        "deprecated: {a.b: a.b, a.c: a.d}\nrewrites: [{for: a.b, match: $deprecated(x=$x), replace: $canonical($x)}]"
    ),
    "a-list": migration("deprecated: [a.b, a.c]\ncanonical: d.e"),
    "a-mapping": migration("deprecated:\n  a.b: c.d\n  a.c: null\n  a.d: {message: Do not.}\n  a.e: {canonical: null}"),
    "modules": migration("modules: {old: new, old.sub: other.place}"),
    "one-module": migration("modules: old\ncanonical: new"),
    "names-that-are-words": migration("deprecated: [no.yes, on.off, y.n]"),
    "a-name-in-quotes": migration("deprecated: 'a.b'\nmessage: \"1.10\""),
    "a-literal-block": migration("deprecated: a.b\nmessage: |\n  One.\n  Two."),
    "unicode-names": migration("deprecated: größe.maß"),
    "source-roots": "migrations: {}\nsource_roots: [., src, a/b]",
    "all-modes": "migrations:\n" + "".join(
        f"  m{n}: {{deprecated: a.b{n}, mode: {mode}}}\n"
        for n, mode in enumerate(("warn", "block-new", "migrate", "removed"))
    ),
    "when-delete": rule("{when: result-unused, action: delete-statement, applicability: safe}"),
    "when-replace": rule("{when: only-probed, replace: $canonical}"),
    "match": rule('{match: "await $deprecated().f($x, k=$y, $*r, $**k)", replace: "$canonical($y, $x, $*r, $**k)"}'),
    "match-for": rule("{for: a.b, match: $deprecated, replace: $canonical}"),
    "display-only": rule("{match: $deprecated($*args), message: Think.}"),
    "unless": rule('{match: "$deprecated($x)", replace: "$canonical($x)", unless: {$x: string}}'),
    "safe-if": rule('{match: "$deprecated($x)", replace: "$canonical($x)", safe_if: {$x: a.T}}'),
    "imports": rule('{match: "$deprecated()", replace: "now(utc)", imports: [datetime.timezone, os]}'),
    "a-dollar-in-a-string": rule("""{match: '$deprecated("$x")', replace: '$canonical("$y")'}"""),
    "require": migration("deprecated: a.b\ncanonical: c.d\nrequire: [$canonical accepts user, e.f accepts g]"),
    "paths": migration(
        "deprecated: a.b\npaths: {include: [src/, '*.py'], exclude: ['**/gen/**', '\\!x']}\ncritical: [/a]"
    ),
    "tracking": migration("deprecated: a.b\ntracking: {issue: 7}"),
    "pull-requests": migration("deprecated: a.b\npull_requests: {files: 7, open: 2, split: codeowners, draft: true}"),
    "usages": evidence("{usages: none}"),
    "usages-of-kinds": evidence("{usages: {state: listed, kinds: [call, re-export], paths: [a/], exclude: [b/]}}"),
    "definition": evidence("{definition-removed: true}"),
    "definition-of": evidence("{definition-removed: [a.b]}"),
    "file": evidence("{file-exists: a/*.md}"),
    "files": evidence("{file-exists: [a, b]}"),
    "check": evidence("{check: CI / tests}"),
    "deployment": evidence("{deployment: staging}"),
    "pull-request": evidence("{pull-request: merged}"),
    "pull-request-number": evidence("{pull-request: {number: 3, state: opened}}"),
    "issue": evidence("{issue: exists}"),
    "issue-number": evidence("{issue: {number: 3}}"),
    "sub-issues": evidence("{sub-issues: closed}"),
    "sub-issues-number": evidence("{sub-issues: {number: 3}}"),
    "attested": evidence("{attested: true}"),
    "all-of-any": evidence("{all: [{attested: true}, {any: [{check: a}, {usages: none}]}]}"),
    "an-override": "migrations:\n  websocket-manager-factory:\n    extends: websocket-manager-factory\n    mode: warn",
    "a-copy": "migrations:\n  mine:\n    extends: datetime-utcnow\n    critical: [src/]",
    "a-chain": "migrations:\n  m:\n    deprecated: {a.b: c.d}\n  n:\n    deprecated: {c.d: e.f}",
}  # fmt: skip

WRONG = [
    *written(Path(__file__).with_name("wrong.txt").read_text(encoding="utf-8")),
    Wrong(id="tab", text="migrations:\n\tm: 1\n", at=(2, 1), says="YAML does not allow tabs", schema=False),
    Wrong(id="nul", text="migrations: {}\n# \0", at=(2, 3), says="U+0000", schema=False),
    Wrong(id="nul-after-separators", text="# \x85\u2028\u2029\n# \0", at=(2, 3), says="U+0000", schema=False),
    Wrong(id="not-utf-8-after-a-separator", text=b"# \xc2\x85\n# \xff", at=(2, 3), says="not UTF-8", schema=False),
    Wrong(
        id="glob-after-a-separator",
        text=migration("deprecated: a.b\nmessage: '\u2028'\ncritical: [x, a//b]"),
        at=(5, 19),
        says="two slashes in a row",
        schema=False,
    ),
    Wrong(id="not-utf-8", text=b"migrations: {}\n# \xff", at=(2, 3), says="the file is not UTF-8", schema=False),
    Wrong(id="utf-16", text="a: 1".encode("utf-16"), at=(1, 1), says="the file is not UTF-8", schema=False),
    Wrong(id="large", text="#" * 140_000, at=(1, 1), says="larger than 128 KiB", schema=False),
    Wrong(id="many", text="[" + "1," * 20_000 + "]", at=(1, 10_000), says="more than 5000 values", schema=False),
    Wrong(
        id="comments-huge",
        text="migrations: {}\nmax_comments: " + "9" * 5000,
        at=(2, 15),
        says="is not between 0 and 30",
        schema=False,
    ),
]
