"""The HTTP side: the webhook, health, metrics and the operator's pages."""

from bot.web.app import WebParts, create_operator_app, create_runner, create_web_app
from bot.web.connections import ConnectionLimits
from bot.web.intake import BodyLimits
from bot.web.metrics import Metrics

__all__ = [
    "BodyLimits",
    "ConnectionLimits",
    "Metrics",
    "WebParts",
    "create_operator_app",
    "create_runner",
    "create_web_app",
]
