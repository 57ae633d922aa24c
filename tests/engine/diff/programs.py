"""Random programs that use the deprecated name, and everything about their text that is not their meaning."""

from dataclasses import dataclass

from hypothesis import strategies as st

BODIES = st.lists(
    st.sampled_from(
        [
            "factory = dep()",
            "value = dep('a', [1, 2])",
            "return dep().make(ctx)",
            "use(dep)",
            "patch('pkg.old.dep')",
            "ctx = other(ctx)",
            "log('dep()')",
            "for each in dep():\n    use(each)",
            "with dep() as d, lock:\n    factory = dep()",
            "if ctx:\n    pass\nelif dep():\n    pass",
        ]
    ),
    min_size=1,
    max_size=5,
)
PROGRAMS = st.lists(BODIES, min_size=1, max_size=5)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Everything about a program's text that is not its meaning."""

    order: tuple[int, ...] = ()
    indent: str = "    "
    alias: str = "dep"
    newline: str = "\n"
    quote: str = "'"
    comments: bool = False
    wrapped: bool = False
    spread: bool = False


LAYOUTS = st.builds(
    Layout,
    order=st.permutations(range(5)).map(tuple),
    indent=st.sampled_from(["    ", "  ", "\t"]),
    alias=st.sampled_from(["dep", "old", "dep_"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    quote=st.sampled_from(["'", '"']),
    comments=st.booleans(),
    wrapped=st.booleans(),
    spread=st.booleans(),
)


def program(bodies: list[list[str]], layout: Layout, extra: tuple[int, str] | None = None) -> bytes:
    """Source whose function ``f<n>`` has the n-th body; ``extra`` is one more statement for one of them."""
    order = sorted(range(len(bodies)), key=lambda n: layout.order.index(n) if n in layout.order else n)
    texts = [function(n, [*([extra[1]] if extra and extra[0] == n else []), *bodies[n]], layout) for n in order]
    head = "from pkg.old import dep" + (f" as {layout.alias}" if layout.alias != "dep" else "")
    source = "\n\n".join([head, *texts, ""]).replace("\n", layout.newline).encode()
    compile(source, "program.py", "exec")
    return source


def function(n: int, body: list[str], layout: Layout) -> str:
    lines = [line for statement in body for line in statement.split("\n")]
    if layout.comments:
        lines = [f"{line}  # dep, they say" for line in lines]
    if layout.wrapped:
        lines = ["try:", *(f"    {line}" for line in lines), "finally:", "    pass"]
    text = "\n".join([f"def f{n}(ctx):", *(f"    {line}" for line in lines)])
    text = text.replace("    ", layout.indent).replace("'", layout.quote)
    if layout.spread:
        text = (
            text.replace("dep(", "dep(\n")
            .replace("[1, 2]", "[\n1,\n2,\n]")
            .replace(f"{layout.quote}dep(\n", f"{layout.quote}dep(")
        )
    return text.replace("dep", layout.alias).replace(f"pkg.old.{layout.alias}", "pkg.old.dep")
