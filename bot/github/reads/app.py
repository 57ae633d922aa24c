"""The App, its installations and its webhook.  https://docs.github.com/en/rest/apps."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.facts import AppIdentity, HookConfig, HookDelivery, Installation
from bot.domain.references import DeliveryId, InstallationId, RepoRef, RepositoryId
from bot.github import operations as ops
from bot.github.client import GitHub
from bot.github.errors import NotFound


async def identity(gh: GitHub, *, now: bool = False) -> AppIdentity:
    """Who the App is.  Asked for once, then remembered; ``now``: asked again, for it may have another name by now."""
    if gh.known.identity is None or now:
        gh.known.identity = await gh.call_as_app(ops.GET_APP, _identity)
    return gh.known.identity


async def ourselves(gh: GitHub, repo: RepoRef, *, now: bool = False) -> AppIdentity:
    """The same with the id of the account that it writes as, by which its own work is recognised.

    The id lasts as long as the App: it is asked for once, by the App's name of now, and then kept.
    """
    us = await identity(gh, now=now)
    async with gh.known.asking:
        if gh.known.bot_id is None:
            gh.known.bot_id = await _bot_id(gh, repo, us)
    return replace(us, bot_id=gh.known.bot_id)


async def _bot_id(gh: GitHub, repo: RepoRef, us: AppIdentity) -> int:
    document = f"app/{gh.app_id}"
    kept, _ = await gh.store.read(document)
    if kept is not None and isinstance(kept.get("bot"), int):
        return int(kept["bot"])
    try:
        found = await gh.call(ops.GET_USER, repo, lambda data: int(data["id"]), username=us.login)
    except NotFound:  # it was renamed since it said what it is called
        us = await identity(gh, now=True)
        found = await gh.call(ops.GET_USER, repo, lambda data: int(data["id"]), username=us.login)
    await gh.store.update(document, lambda *_: ({"bot": found}, None))
    return found


async def installations(gh: GitHub) -> tuple[Installation, ...]:
    """All accounts that installed the App, suspended ones included."""
    return tuple([item async for item in gh.pages_as_app(ops.LIST_INSTALLATIONS, _installation)])


async def repo_installation(gh: GitHub, owner: str, name: str) -> InstallationId:
    """The installation that covers a repository.  ``NotFound``: the App is not installed there."""
    return await gh.call_as_app(
        ops.GET_REPO_INSTALLATION, lambda data: InstallationId(int(data["id"])), owner=owner, repo=name
    )


async def installation_repositories(gh: GitHub, installation: InstallationId) -> tuple[RepoRef, ...]:
    """The repositories that an installation covers."""

    def parse(data: Any) -> RepoRef:
        return RepoRef(
            installation=installation,
            id=RepositoryId(int(data["id"])),
            owner=str(data["owner"]["login"]),
            name=str(data["name"]),
            owner_id=int(data["owner"]["id"]),
        )

    pages = gh.pages_of_installation(ops.LIST_INSTALLATION_REPOS, installation, parse)
    return tuple([item async for item in pages])


async def hook_deliveries(gh: GitHub) -> AsyncIterator[HookDelivery]:
    """The App's webhook deliveries as GitHub lists them: newest first, page by page, three days back."""
    async for delivery in gh.pages_as_app(ops.LIST_DELIVERIES, _delivery):
        yield delivery


async def hook_config(gh: GitHub) -> HookConfig:
    """Where the App's webhook goes.  ``NotFound``: it has none."""
    return await gh.call_as_app(ops.GET_HOOK_CONFIG, _hook_config)


def _identity(data: Any) -> AppIdentity:
    return AppIdentity(
        id=int(data["id"]),
        slug=str(data["slug"]),
        name=str(data["name"]),
        html_url=str(data["html_url"]),
        permissions=_permissions(data["permissions"]),
        events=tuple(sorted(str(event) for event in data["events"])),
    )


def _installation(data: Any) -> Installation:
    account = data["account"]
    return Installation(
        id=InstallationId(int(data["id"])),
        account=str(account.get("login") or account["slug"]),  # an enterprise has no login
        account_id=int(account["id"]),
        permissions=_permissions(data["permissions"]),
        events=tuple(sorted(str(event) for event in data["events"])),
        suspended=data.get("suspended_at") is not None,
    )


def _permissions(data: Any) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((str(name), str(access)) for name, access in data.items()))


def _delivery(data: Any) -> HookDelivery:
    return HookDelivery(
        id=int(data["id"]),
        guid=DeliveryId(str(data["guid"])),
        delivered_at=datetime.fromisoformat(data["delivered_at"]),
        status=str(data["status"]),
        status_code=int(data["status_code"]),
        event=str(data["event"]),
        action=data["action"],
        redelivery=bool(data["redelivery"]),
    )


def _hook_config(data: Any) -> HookConfig:
    return HookConfig(
        url=str(data.get("url") or ""),
        content_type=str(data.get("content_type") or "form"),
        insecure_ssl=str(data.get("insecure_ssl") or "0") != "0",
        has_secret=bool(data.get("secret")),
    )
