"""A small service in the middle of a migration: what the demo and the end-to-end tests work on.

Its names are those of the default migration, so that it works without any configuration.
"""

from types import MappingProxyType

CORE = "netra_backend/app/websocket_core"

_MANAGER = b'''\
"""The canonical manager: one for each user context."""


class WebSocketManager:
    """Sends to one user's connections, and to nobody else's."""

    def __init__(self, user_context=None):
        if user_context is None:
            raise ValueError("a manager belongs to a user context")
        self.user_context = user_context

    async def send(self, message):
        return (self.user_context, message)
'''

_FACTORY = b'''\
"""Deprecated: one factory for all users."""

import warnings

from netra_backend.app.websocket_core.websocket_manager import WebSocketManager


class WebSocketManagerFactory:
    def __init__(self):
        self.managers = {}

    async def create_manager(self, context):
        return self.managers.setdefault(context, WebSocketManager(user_context=context))


_factory = None


def get_websocket_manager_factory():
    global _factory
    warnings.warn("use WebSocketManager", DeprecationWarning, stacklevel=2)
    if _factory is None:
        _factory = WebSocketManagerFactory()
    return _factory
'''

_CONTEXT = b"""\
class UserExecutionContext:
    def __init__(self, user_id):
        self.user_id = user_id
"""

_HEALTH = b'''\
"""Health of the service."""


async def ready():
    return {"status": "ok"}
'''

_CHAT = b'''\
"""Chat over WebSockets."""

from netra_backend.app.websocket_core.websocket_manager_factory import get_websocket_manager_factory


async def greet(context):
    factory = get_websocket_manager_factory()
    manager = await factory.create_manager(context)
    await manager.send("hello")
'''

FILES = MappingProxyType(
    {
        "README.md": b"# A chat service\n",
        "netra_backend/__init__.py": b"",
        "netra_backend/app/__init__.py": b"",
        "netra_backend/app/routes/__init__.py": b"",
        "netra_backend/app/routes/chat.py": _CHAT,
        "netra_backend/app/routes/health.py": _HEALTH,
        "netra_backend/app/services/__init__.py": b"",
        "netra_backend/app/services/user_execution_context.py": _CONTEXT,
        f"{CORE}/__init__.py": b"",
        f"{CORE}/websocket_manager.py": _MANAGER,
        f"{CORE}/websocket_manager_factory.py": _FACTORY,
    }
)
"""The default branch."""

HEALTH_WITH_A_PROBE = b'''\
"""Health of the service."""


async def ready():
    return {"status": "ok"}


async def websockets():
    from netra_backend.app.websocket_core.websocket_manager_factory import get_websocket_manager_factory

    factory = get_websocket_manager_factory()
    return {"factory": factory is not None}
'''

HEALTH_MIGRATED = b'''\
"""Health of the service."""


async def ready():
    return {"status": "ok"}


async def websockets():
    from netra_backend.app.websocket_core.websocket_manager import WebSocketManager

    factory = WebSocketManager
    return {"factory": factory is not None}
'''

NOTIFY = b'''\
"""Notifications."""

from netra_backend.app.websocket_core.websocket_manager_factory import get_websocket_manager_factory


async def notify(context, text):
    factory = get_websocket_manager_factory()
    manager = await factory.create_manager(context)
    await manager.send(text)


def same_factory():
    return get_websocket_manager_factory() is get_websocket_manager_factory()
'''

NOTIFY_MIGRATED = b'''\
"""Notifications."""

from netra_backend.app.websocket_core.websocket_manager_factory import get_websocket_manager_factory
from netra_backend.app.websocket_core.websocket_manager import WebSocketManager


async def notify(context, text):
    manager = WebSocketManager(user_context=context)
    await manager.send(text)


def same_factory():
    return get_websocket_manager_factory() is get_websocket_manager_factory()
'''
"""With the rewrites that a person has to ask for; what only a person can do is as it was."""

CHANGE = MappingProxyType(
    {
        "netra_backend/app/routes/health.py": HEALTH_WITH_A_PROBE,
        "netra_backend/app/routes/notify.py": NOTIFY,
    }
)
"""A pull request that adds usages: one that is safe to rewrite, one to read first, and two that only a person can."""
