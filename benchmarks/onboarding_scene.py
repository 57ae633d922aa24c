"""An onboarding pull request as the real server opens it at the sandbox GitHub, for a picture of it."""

import tempfile
from dataclasses import replace
from pathlib import Path

from bot.cli import demo
from bot.sandbox import Sandbox
from bot.settings import Settings

MAIL = b'''import warnings


def deliver(user, text): ...


def send_mail(user, text):
    """Use :func:`shop.mail.deliver`."""
    warnings.warn("send_mail() is deprecated; use deliver()", DeprecationWarning, stacklevel=2)
    deliver(user, text)
'''
FILES = {
    "shop/__init__.py": b"",
    "shop/mail.py": MAIL,
    "shop/orders.py": b"from shop.mail import send_mail\n\n\ndef paid(user):\n    send_mail(user, 'Thank you!')\n",
    "shop/signup.py": b"from shop import mail\n\n\ndef welcome(user):\n    mail.send_mail(user, 'Welcome!')\n",
    "shop/times.py": b"from datetime import datetime\n\n\ndef now():\n    return datetime.utcnow()\n",
}


async def onboarded() -> tuple[str, int, str]:
    """Install the App on a repository without a configuration: the pull request's title, number and text."""
    with tempfile.TemporaryDirectory(prefix="ssot-onboarding-") as directory:
        async with Sandbox() as github:
            given = {
                "GITHUB_APP_ID": str(github.app.id),
                "GITHUB_PRIVATE_KEY": github.app.private_key,
                "GITHUB_WEBHOOK_SECRET": github.app.webhook_secret,
                "SSOT_ONBOARDING": "all",
            }
            settings = replace(
                demo.settings_for(github, Path(directory)), onboarding=Settings.from_env(given).onboarding
            )
            repo = await github.repo("acme/shop", files=FILES, installed=False)
            async with demo.serving(github, settings) as app:
                github.install("acme", [repo])
                await demo.Stage(github=github, app=app, repo=repo).settled()
                (pull,) = repo.pull_requests
                return pull.title, pull.number, pull.body
