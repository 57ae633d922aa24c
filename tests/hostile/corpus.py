"""Source that kills parsers: each is valid Python, or nearly, and far from what a person writes.

Every one names the deprecated symbol, so that no prefilter saves the engine from looking.
"""

HEAD = "from pkg.factory import get_manager\n"

CORPUS: dict[str, str] = {
    "parentheses-2k": "(" * 2_000 + "get_manager" + ")" * 2_000,
    "parentheses-5k": "(" * 5_000 + "get_manager" + ")" * 5_000,
    "lists-1k": "[" * 1_000 + "get_manager" + "]" * 1_000,
    "lists-2k": "[" * 2_000 + "get_manager" + "]" * 2_000,
    "calls-5k": "get_manager" + "()" * 5_000,
    "attributes-20k": "get_manager()" + ".x" * 20_000,
    "lambdas-2k": "lambda: " * 2_000 + "get_manager",
    "unary-10k": "-" * 10_000 + "get_manager()",
    "not-10k": "not " * 10_000 + "get_manager()",
    "sum-5k": "get_manager() + " + "+".join(["1"] * 5_000),
    "strings-100k": "get_manager(" + "'a'\n" * 100_000 + ")",
    "string-sum-100k": "get_manager(" + "+".join(["'a'"] * 100_000) + ")",
    "one-line-5mb": "get_manager(" + "x, " * ((5 << 20) // 3) + ")",
    "dict-1m": "{" + "1:x," * 1_000_000 + "1: get_manager}",
    "elif-60k": "if get_manager():\n    pass\n" + "elif x:\n    pass\n" * 60_000,
    "indent-99": "".join("  " * n + "if get_manager():\n" for n in range(99)) + "  " * 99 + "pass",
    "indent-5k": "".join(" " * n + "if get_manager():\n" for n in range(5_000)) + " " * 5_000 + "pass",
    "f-string-nest": "f'{" * 100 + "get_manager" + "}'" * 100,
    "comprehensions-500": "[" * 500 + "get_manager" + " for x in y]" * 500,
    "arguments-100k": "get_manager(" + ",".join(f"a{n}=1" for n in range(100_000)) + ")",
    "blank-lines-100k": "x = get_manager()" + "\n" * 100_000,
    "dotted-string-100k": "x = get_manager, '" + "pkg." * 100_000 + "'",
    "dotted-string-and-name-100k": "x = get_manager, '" + "pkg . " * 100_000 + "get_manager'",
    "functions-50k": "".join(f"def f{n}():\n    return get_manager()\n" for n in range(50_000)),
}
"""Name to source.  Sizes are those at which CPython's and LibCST's parsers crash, explode or crawl."""


def source(name: str) -> bytes:
    return (HEAD + CORPUS[name] + "\n").encode()
