"""The shapes that occurred in the history of the default migration, each with what is right for it."""

import pytest

from bot.config import load
from bot.domain.finding import Kind, Scanned
from bot.domain.migration import Applicability
from bot.engine.program.index import Index
from bot.engine.rewrite import apply_fixes
from bot.engine.scan import scan_file

PACKAGE = "netra_backend.app.websocket_core"
FACTORY = f"from {PACKAGE}.websocket_manager_factory import get_websocket_manager_factory\n"
CANONICAL = f"from {PACKAGE}.websocket_manager import WebSocketManager\n"
CONTEXT = "from netra_backend.app.services.user_execution_context import UserExecutionContext\n"
PATH = "netra_backend/app/some.py"
FILES = {
    "netra_backend/app/websocket_core/__init__.py": "",
    "netra_backend/app/websocket_core/websocket_manager_factory.py": "def get_websocket_manager_factory(): ...\n",
    "netra_backend/app/websocket_core/websocket_manager.py":
        "from .unified import Unified\nWebSocketManager = Unified\n",
    "netra_backend/app/websocket_core/unified.py":
        "class Unified:\n    def __init__(self, mode=1, user_context=None): ...\n",
    "netra_backend/app/services/user_execution_context.py": "class UserExecutionContext: ...\n",
}  # fmt: skip
SAFE, UNSAFE, DISPLAY_ONLY = Applicability.SAFE, Applicability.UNSAFE, Applicability.DISPLAY_ONLY

SHAPES = [
    pytest.param(
        "def f():\n    factory = get_websocket_manager_factory()\n    return 1\n",
        SAFE, "def f():\n    return 1\n", id="result never read",
    ),
    pytest.param(
        "def f():\n    factory = get_websocket_manager_factory()\n    return {'factory': factory is not None}\n",
        SAFE, f"{CANONICAL}def f():\n    factory = WebSocketManager\n    return {{'factory': factory is not None}}\n",
        id="is not None",
    ),
    pytest.param(
        "def f():\n    factory = get_websocket_manager_factory()\n    if not factory:\n        raise E\n",
        SAFE, f"{CANONICAL}def f():\n    factory = WebSocketManager\n    if not factory:\n        raise E\n",
        id="not",
    ),
    pytest.param("x = 1\n", SAFE, "x = 1\n", id="imported, never used by name"),
    pytest.param(
        f"{CONTEXT}async def f(ctx: UserExecutionContext):\n    factory = get_websocket_manager_factory()\n"
        "    return await factory(ctx)\n",
        SAFE, f"{CANONICAL}{CONTEXT}async def f(ctx: UserExecutionContext):\n"
        "    return WebSocketManager(user_context=ctx)\n",
        id="awaited with a context",
    ),
    pytest.param(
        "async def f(ctx):\n    factory = get_websocket_manager_factory()\n    return await factory(ctx)\n",
        UNSAFE, f"{CANONICAL}async def f(ctx):\n    return WebSocketManager(user_context=ctx)\n",
        id="awaited with something",
    ),
    pytest.param(
        "async def f(ctx):\n    factory = get_websocket_manager_factory()\n"
        "    return await factory.create_manager(ctx)\n",
        UNSAFE, f"{CANONICAL}async def f(ctx):\n    return WebSocketManager(user_context=ctx)\n",
        id="create_manager, awaited",
    ),
    pytest.param(
        "def f(ctx):\n    return get_websocket_manager_factory().create_manager(ctx)\n",
        UNSAFE, f"{CANONICAL}def f(ctx):\n    return WebSocketManager(user_context=ctx)\n", id="create_manager",
    ),
    pytest.param(
        "__all__ = [\n    'x',\n    'get_websocket_manager_factory',\n]\nx = 1\n",
        UNSAFE, "__all__ = [\n    'x',\n]\nx = 1\n", id="__all__",
    ),
    pytest.param(
        "def f():\n    a = get_websocket_manager_factory()\n"
        "    b = get_websocket_manager_factory()\n    assert a is b\n",
        DISPLAY_ONLY, None, id="identity",
    ),
    pytest.param(
        "def f():\n    a = get_websocket_manager_factory()\n    assert isinstance(a, T)\n",
        DISPLAY_ONLY, None, id="isinstance",
    ),
    pytest.param(
        "def f(monkeypatch):\n"
        "    monkeypatch.setattr('netra_backend.app.some.get_websocket_manager_factory', m)\n"
        "    factory = get_websocket_manager_factory()\n    factory.reset()\n",
        DISPLAY_ONLY, None, id="monkeypatched",
    ),
    pytest.param(
        "def f():\n    return get_websocket_manager_factory().get_factory_stats()\n",
        DISPLAY_ONLY, None, id="statistics",
    ),
    pytest.param(
        "def f(u):\n    return get_websocket_manager_factory().enforce_resource_limits(u)\n",
        DISPLAY_ONLY, None, id="limits",
    ),
    pytest.param(
        "async def f():\n    return await get_websocket_manager_factory().get_or_create_manager(context=None)\n",
        DISPLAY_ONLY, None, id="the registry",
    ),
    pytest.param(
        "def f():\n    return get_websocket_manager_factory()._managers\n", DISPLAY_ONLY, None, id="private state"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "least", "after"), SHAPES)
def test_shape(body: str, least: Applicability, after: str | None) -> None:
    text = FACTORY + body
    known = {**FILES, PATH: text}
    index = Index.build((name, content.encode()) for name, content in known.items())
    report = scan_file(text.encode(), PATH, load(None).migrations, index)
    assert isinstance(report, Scanned)
    safe = apply_fixes(text.encode(), report.findings).decode()
    unsafe = apply_fixes(text.encode(), report.findings, unsafe=True).decode()
    assert safe == (after if least is SAFE else text)
    assert unsafe == (text if after is None else after)
    assert max(finding.applicability for finding in report.findings) == least or least is DISPLAY_ONLY
    assert all(finding.reason for finding in report.findings if finding.applicability is not SAFE)


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (f"{PACKAGE}.websocket_manager_factory.get_websocket_manager_factory", "string-reference"),
        (f"{PACKAGE}.get_websocket_manager_factory", "string-reference-unresolved"),
    ],
)
def test_a_patch_is_explained_and_whether_it_resolves(target: str, code: str) -> None:
    text = f"from unittest.mock import patch\n\n\n@patch('{target}')\ndef test(m): ...\n"
    index = Index.build((name, content.encode()) for name, content in {**FILES, PATH: text}.items())
    report = scan_file(text.encode(), PATH, load(None).migrations, index)
    assert isinstance(report, Scanned)
    assert [(f.kind, f.applicability, f.reason_code) for f in report.findings] == [
        (Kind.STRING_REFERENCE, DISPLAY_ONLY, code)
    ]
