"""The shapes of the default migration, each with its exact bytes."""

import pytest

from bot.config import load
from bot.domain.finding import Finding, Scanned
from bot.engine.program.index import Index
from bot.engine.rewrite import apply_fixes
from bot.engine.scan import scan_file
from bot.sandbox.example import FILES

MIGRATIONS = load(None).migrations
FACTORY = "netra_backend.app.websocket_core.websocket_manager_factory"
IMPORT = f"from {FACTORY} import get_websocket_manager_factory"
CANONICAL = "from netra_backend.app.websocket_core.websocket_manager import WebSocketManager"
FACADE = {"netra_backend/app/websocket_core/__init__.py": f"{CANONICAL}\n".encode()}


def scan(text: str, extra: dict[str, bytes] | None = None) -> tuple[bytes, tuple[Finding, ...]]:
    path, source = "netra_backend/app/routes/some.py", text.encode()
    files = {**FILES, **(extra or {}), path: source}
    report = scan_file(source, path, MIGRATIONS, Index.build(files.items()))
    assert isinstance(report, Scanned)
    return source, report.findings


def safe(text: str, extra: dict[str, bytes] | None = None) -> str:
    source, findings = scan(text, extra)
    return apply_fixes(source, findings).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            f"def f():\n    {IMPORT}\n\n"
            "    factory = get_websocket_manager_factory()\n    return factory is not None\n",
            f"def f():\n    {CANONICAL}\n\n    factory = WebSocketManager\n    return factory is not None\n",
            id="probed: the class itself",
        ),
        pytest.param(
            f"{IMPORT}\n\n\ndef f():\n    factory = get_websocket_manager_factory()\n    return 1\n",
            "\n\ndef f():\n    return 1\n",
            id="result never read",
        ),
        pytest.param(
            f"from {FACTORY} import (\n    WebSocketManagerFactory,  # kept\n    get_websocket_manager_factory,\n)\n"
            "x = WebSocketManagerFactory\n",
            f"from {FACTORY} import (\n    WebSocketManagerFactory,  # kept\n)\nx = WebSocketManagerFactory\n",
            id="imported and never used: that one name goes",
        ),
    ],
)
def test_safe_rewrites(before: str, after: str) -> None:
    assert safe(before).lstrip("\n") == after.lstrip("\n")
    assert safe(safe(before)) == safe(before)


def test_a_successor_that_a_facade_brings_is_used_again() -> None:
    head = "from netra_backend.app.websocket_core import WebSocketManager\n\n\ndef f():\n"
    before = f"{head}    {IMPORT}\n\n    factory = get_websocket_manager_factory()\n    return bool(factory)\n"
    assert safe(before, FACADE) == f"{head}    factory = WebSocketManager\n    return bool(factory)\n"


def test_a_facade_that_is_not_known_is_asked_for() -> None:
    path, head = "netra_backend/app/a.py", "from netra_backend.app.elsewhere import WebSocketManager\n"
    source = f"{head}{IMPORT}\nfactory = get_websocket_manager_factory()\nprint(factory is None)\n".encode()
    files = {**FILES, path: source}
    report = scan_file(source, path, MIGRATIONS, Index.build(files.items()))
    assert isinstance(report, Scanned)
    assert "netra_backend.app.elsewhere" in report.missing_modules


@pytest.mark.parametrize(
    "body",
    [
        "return get_websocket_manager_factory() is get_websocket_manager_factory()",
        "return get_websocket_manager_factory().get_factory_stats()",
        "self.factory = get_websocket_manager_factory()",
        "return isinstance(get_websocket_manager_factory(), object)",
        "return get_websocket_manager_factory",
        "return [get_websocket_manager_factory()]",
    ],
)
def test_what_cannot_be_proved_is_left_alone_and_explained(body: str) -> None:
    before = f"{IMPORT}\n\n\ndef f(self):\n    {body}\n"
    source, findings = scan(before)
    assert apply_fixes(source, findings, unsafe=True) == source
    assert all(finding.reason and finding.reason_code for finding in findings)


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("argument", ["None", "nobody", "", "context=None"])
def test_no_manager_is_ever_made_without_a_context(argument: str, unsafe: bool) -> None:
    call = f"await get_websocket_manager_factory().create_manager({argument})"
    before = f"{IMPORT}\n\n\nasync def f():\n    nobody = None\n    return {call}, nobody\n"
    source, findings = scan(before)
    after = apply_fixes(source, findings, unsafe=unsafe).decode()
    assert "WebSocketManager(" not in after
    assert "factory = None" not in after
