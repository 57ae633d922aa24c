import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.invocations import Invocation, command_lines, find_invocations
from bot.commands.parse import (
    MOST_COMMANDS,
    Command,
    CommandSpec,
    parse,
    parse_all,
)
from bot.domain.commands import CommandError
from bot.domain.facts import Role
from bot.migrate.paths import repository_path

MIGRATE = CommandSpec(
    name="migrate",
    summary="Commit the safe fixes.",
    needs=Role.WRITE,
    params=(
        click.Argument(["paths"], nargs=-1),
        click.Option(["--unsafe"], is_flag=True),
        click.Option(["--dry-run"], is_flag=True),
    ),
)
SKIP = CommandSpec(
    name="skip",
    summary="Leave a finding alone.",
    needs=Role.WRITE,
    params=(click.Argument(["finding"]), click.Argument(["reason"])),
    free_text=True,
)
TAKE_BACK = CommandSpec(
    name="waive",
    summary="Leave a finding alone, or not.",
    needs=Role.WRITE,
    params=(
        click.Argument(["finding"]),
        click.Argument(["reason"], required=False, metavar="REASON"),
        click.Option(["--undo"], is_flag=True),
    ),
    free_text=True,
)
HELP = CommandSpec(name="help", summary="Say what there is.", needs=Role.READ)
SPECS = {spec.name: spec for spec in (MIGRATE, SKIP, TAKE_BACK, HELP)}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("/ssot migrate", [("migrate", "")]),
        ("/ssot", [("help", "")]),
        ("  /ssot   migrate   a.py  ", [("migrate", "a.py")]),
        ("/SSOT Migrate A.py", [("migrate", "A.py")]),
        ("Thanks!\n/ssot migrate\nand more", [("migrate", "")]),
        ("/ssot migrate\r\n/ssot scan\r\n", [("migrate", ""), ("scan", "")]),
        ("/ssot migrate app/*.py tests/*.py", [("migrate", "app/*.py tests/*.py")]),
        ("/ssot migrate __init__.py a__b.py", [("migrate", "__init__.py a__b.py")]),
        ("/ssot migrate a\\_b.py &amp;", [("migrate", "a\\_b.py &amp;")]),
        ("/ssot skip f1 see `x` and [that](https://example.com)", [("skip", "f1 see `x` and that")]),
        ("<details>\n\nx\n\n</details>\n\n/ssot scan", [("scan", "")]),
    ],
)
def test_plain_lines_are_commands(body: str, expected: list[tuple[str, str]]) -> None:
    assert [(i.name, i.rest) for i in find_invocations(body)] == expected


@pytest.mark.parametrize(
    "body",
    [
        "",
        "ssot migrate",
        "/ssotmigrate",
        "please run /ssot migrate",
        "> /ssot migrate",
        "> quoted\n/ssot migrate",
        "On Monday ann wrote:\n> /ssot migrate\n",
        "```\n/ssot migrate\n```",
        "~~~\n/ssot migrate",
        "    /ssot migrate",
        "`/ssot migrate`",
        "`a\n/ssot migrate\nb`",
        "- /ssot migrate",
        "1. /ssot migrate",
        "# /ssot migrate",
        "/ssot migrate\n===",
        "| a |\n| - |\n| /ssot migrate |",
        "[/ssot migrate](https://example.com)",
        "[x\n/ssot migrate](https://example.com)",
        "<!-- /ssot migrate -->",
        "<!--\n/ssot migrate\n-->",
        "<div>\n/ssot migrate\n</div>",
        "<b>/ssot migrate</b>",
        "<details>\n/ssot migrate\n</details>",
        "<details>\n<summary>log</summary>\n\n/ssot migrate\n\n</details>",
        "<details><details>\n\nx\n\n</details>\n\n/ssot migrate\n\n</details>",
        "*/ssot migrate*",
        "\\/ssot migrate",
    ],
)
def test_shown_commands_are_not_commands(body: str) -> None:
    assert find_invocations(body) == ()


PIECES = (
    "/ssot", " /ssot", "\t/ssot", "/SSOT", " help", "\n", "\r", "\r\n", "\u2028", "\x0b", "\0", "> ", "- ", "`",
    "```\n", "<b>", "&#47;", "\\", "[", "](x)", "<!--", "-->", "    ", "a", "<details>", "</details>",
)  # fmt: skip


@given(st.text())
def test_any_text_is_either_a_command_or_a_short_complaint(body: str) -> None:
    for invocation in find_invocations(f"/ssot {body}"):
        assert isinstance(outcome(invocation), Command) or len(str(outcome(invocation))) < 1_000


def outcome(invocation: Invocation) -> Command | CommandError:
    try:
        return parse(invocation, SPECS)
    except CommandError as error:
        return error


@pytest.mark.parametrize(
    ("rest", "paths", "unsafe"),
    [
        ("", (), False),
        ("a.py b/c.py", ("a.py", "b/c.py"), False),
        ("--unsafe a.py", ("a.py",), True),
        ("a.py —unsafe", ("a.py",), True),
        ('"a b.py"', ("a b.py",), False),
        ("“a b.py” 'c d.py'", ("a b.py", "c d.py"), False),
        ("it's.py", ("it's.py",), False),
        ("-- --unsafe", ("--unsafe",), False),
        ("$(id) `id` ;rm", ("$(id)", "`id`", ";rm"), False),
    ],
)
def test_arguments(rest: str, paths: tuple[str, ...], unsafe: bool) -> None:
    command = parse(Invocation(name="migrate", rest=rest), SPECS)
    assert command == Command(name="migrate", arguments={"paths": paths, "unsafe": unsafe, "dry_run": False})


def test_a_reason_is_taken_as_it_is() -> None:
    command = parse(Invocation(name="skip", rest='f1 we can\'t yet: "legacy" clients'), SPECS)
    assert command.arguments == {"finding": "f1", "reason": 'we can\'t yet: "legacy" clients'}


@pytest.mark.parametrize(
    ("name", "rest", "message"),
    [
        ("migrat", "", "Did you mean `/ssot migrate`?"),
        ("xyzzy", "", "Unknown command."),
        ("migrate", '"a b', "A quotation mark is not closed."),
        ("migrate", "--rul", "No such option"),
        ("migrate", "--help", "No such option"),
        ("migrate", "a\0b", "contains a NUL character"),
        ("migrate", "x" * 65_536, "too long"),
        ("skip", "", "Missing argument"),
        ("skip", "f1", "Missing argument"),
        ("help", "me", "unexpected extra argument"),
    ],
)
def test_wrong_commands_are_answered_with_the_usage(name: str, rest: str, message: str) -> None:
    with pytest.raises(CommandError, match=r".") as caught:
        parse(Invocation(name=name, rest=rest), SPECS)
    assert message in str(caught.value)
    assert caught.value.usage is not None
    assert len(str(caught.value)) + len(caught.value.usage) < 1_000


def test_usage_names_arguments_and_options() -> None:
    assert MIGRATE.usage == "/ssot migrate [PATHS]... [--unsafe] [--dry-run]"
    assert SKIP.usage == "/ssot skip FINDING REASON"


@pytest.mark.parametrize(
    ("value", "path"), [("a.py", "a.py"), ("./a//b.py", "a/b.py"), ("a/", "a"), ("", ""), (".", ""), ("-x", "-x")]
)
def test_paths_are_normalised(value: str, path: str) -> None:
    assert repository_path(value) == path


@pytest.mark.parametrize("value", ["/etc/passwd", "../x", "a/../../x", "~/x", "@/etc/passwd", "a\\b", "a\nb", "a\0b"])
def test_no_path_leads_out_of_the_repository(value: str) -> None:
    with pytest.raises(CommandError, match="relative to the repository"):
        repository_path(value)


@pytest.mark.parametrize(
    ("rest", "reason", "undo"),
    [
        ("f1 the page goes", "the page goes", False),
        ('f1   - because "it" goes  ', '- because "it" goes', False),
        ("f1 --undo", None, True),
        ("f1 —undo", None, True),
        ("f1 --undo it was wrong", "--undo it was wrong", False),
        ("f1 --rul", "--rul", False),
        ("f1", None, False),
    ],
)
def test_a_free_text_is_a_text_whatever_it_looks_like(rest: str, reason: str | None, undo: bool) -> None:
    command = parse(Invocation(name="waive", rest=rest), SPECS)
    assert command.arguments == {"finding": "f1", "reason": reason, "undo": undo}
    assert TAKE_BACK.usage == "/ssot waive FINDING REASON [--undo]"


def test_a_comment_asks_for_each_different_command_once() -> None:
    body = "/ssot migrate a.py\n/ssot help\n/ssot migrate 'a.py'\n/ssot MIGRATE   a.py\n"
    assert [each.name for each in parse_all(find_invocations(body), SPECS) if isinstance(each, Command)] == [
        "migrate",
        "help",
    ]


def test_of_many_mistakes_the_first_is_told() -> None:
    first, command = parse_all(
        find_invocations("/ssot nonsense\n/ssot help\n/ssot rubbish\n/ssot migrate --bad"), SPECS
    )
    assert isinstance(first, CommandError)
    assert isinstance(command, Command)


@pytest.mark.parametrize("line", ["/ssot migrate {n}.py", "/ssot skip f{n} x"])
def test_a_comment_with_too_many_commands_asks_for_none(line: str) -> None:
    body = "\n".join(line.format(n=n) for n in range(MOST_COMMANDS))
    assert len(parse_all(find_invocations(body), SPECS)) == MOST_COMMANDS
    (only,) = parse_all(find_invocations(f"{body}\n/ssot help"), SPECS)
    assert isinstance(only, CommandError)


@pytest.mark.parametrize("filler", ["[", "![", "`a", "<a ", "[a](", "<details"])
def test_what_would_take_long_to_read_is_not_read(filler: str) -> None:
    """A paragraph that nobody types is passed over; the commands outside it count."""
    body = filler * (60_000 // len(filler)) + "\n/ssot migrate"
    assert find_invocations(body) == ()


def test_a_command_beside_a_long_paragraph_is_found() -> None:
    assert len(find_invocations("x" * 60_000 + "\n\n/ssot help")) == 1


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_a_comment_with_a_command_has_a_line_that_may_be_one(body: str) -> None:
    if find_invocations(body):
        assert list(command_lines(body))


@pytest.mark.parametrize("size", [10_000, 100_000, 1_000_000])
def test_the_lines_of_a_table_are_none(size: int) -> None:
    row = "|a" * 300 + "\n"
    assert list(command_lines("/ssot help\n" + "|-" * 300 + "\n" + row * (size // len(row)))) == ["/ssot help"]


@pytest.mark.parametrize("line", ["/ssot unknown{n}", "/ssot migrate --no-such-{n}", '/ssot migrate "{n}'])
def test_thousands_of_mistakes_are_not_looked_at_one_by_one(line: str) -> None:
    class Counting(dict[str, CommandSpec]):
        asked = 0

        def get(self, name: str, default: object = None) -> CommandSpec | None:  # type: ignore[override]
            self.asked += 1
            return super().get(name)

    specs = Counting(SPECS)
    body = "\n\n".join(line.format(n=n) for n in range(2_000))
    (error,) = parse_all(find_invocations(body), specs)
    assert isinstance(error, CommandError)
    assert "at most 5 commands" in error.message
    assert specs.asked <= 50
