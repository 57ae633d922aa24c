"""The server of the web tests, for the front door's."""

from tests.web.conftest import serve, server, server_process

__all__ = ["serve", "server", "server_process"]
