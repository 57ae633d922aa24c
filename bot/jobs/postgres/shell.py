"""For procrastinate's own tools: ``procrastinate --app bot.jobs.postgres.shell.app shell``.

They work on the tables of ``SSOT_DATABASE_URL``.  Do not start ``procrastinate worker`` on them: it knows none of the
jobs and would end them as failed; ``ssot serve`` runs them.
"""

import os

from procrastinate import App, PsycopgConnector

from bot.postgres_session import CONNECTING
from bot.settings import database_url

app = App(connector=PsycopgConnector(conninfo=database_url(os.environ).reveal(), kwargs=dict(CONNECTING)))
