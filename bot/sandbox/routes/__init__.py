"""The REST routes, one module per area, in the order in which they are tried."""

from bot.sandbox.routes import (
    apps,
    archive,
    checks,
    ci,
    comments,
    contents,
    gitdata,
    issues,
    meta,
    pulls,
    repos,
    reviews,
    search,
    suites,
)

AREAS = (
    apps, archive, comments, checks, suites, ci, reviews, pulls, issues, gitdata, contents, meta, repos, search,
)  # fmt: skip
ROUTES = [route for area in AREAS for route in area.router.routes]
"""Fixed segments stand before parameters in the same place (``/issues/comments/1`` before ``/issues/{n}``)."""
