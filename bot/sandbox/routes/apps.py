"""The App, its installations, its webhook deliveries.  https://docs.github.com/rest/apps"""

from bot.sandbox import registration
from bot.sandbox.auth import InstallationIdentity
from bot.sandbox.errors import ApiError, forbidden, not_found
from bot.sandbox.people import Installation
from bot.sandbox.routing import Answer, Call, Router
from bot.sandbox.shapes import accounts, repositories, stamp
from bot.sandbox.webhooks import Delivery
from bot.sandbox.world import Obj, covers

router = Router()


@router.route("GET", "/app", "app")
async def get_app(call: Call) -> Answer:
    living = [each for each in call.world.installations.values() if not each.deleted]
    return Answer(body=accounts.app(call.world.app, call.url) | {"installations_count": len(living)})


@router.route("POST", "/app-manifests/{code}/conversions", "anyone")
async def convert_manifest(call: Call) -> Answer:
    """Nobody is asked who they are: the code says it."""
    app = registration.convert(call.world, call.params["code"])
    body = accounts.app(app, call.url) | {
        "client_secret": f"{app.id:040x}",
        "webhook_secret": app.webhook_secret,
        "pem": app.private_key,
    }
    return Answer(status=201, body=body)


@router.route("GET", "/app/hook/config", "app")
async def get_hook_config(call: Call) -> Answer:
    """https://docs.github.com/rest/apps/webhooks#get-a-webhook-configuration-for-an-app : the secret is masked."""
    if call.webhooks.url is None:
        raise not_found()
    return Answer(body={"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": call.webhooks.url})


@router.route("GET", "/app/installations", "app")
async def list_installations(call: Call) -> Answer:
    living = [each for each in call.world.installations.values() if not each.deleted]
    return call.page(living, lambda each: accounts.installation(each, call.world.app, call.url))


@router.route("GET", "/app/installations/{installation_id}", "app")
async def get_installation(call: Call) -> Answer:
    return Answer(body=accounts.installation(_installation(call), call.world.app, call.url))


@router.route("POST", "/app/installations/{installation_id}/access_tokens", "app")
async def create_token(call: Call) -> Answer:
    installation = _installation(call)
    token, identity = call.authority.mint(installation, call.body)
    body: Obj = {
        "token": token,
        "expires_at": stamp(identity.expires_at),
        "permissions": dict(identity.permissions),
        "repository_selection": "all" if identity.repositories is None else "selected",
    }
    if identity.repositories is not None:
        chosen = [call.world.repos[number] for number in sorted(identity.repositories)]
        body["repositories"] = [repositories.repository(repo, call.url) for repo in chosen]
    return Answer(status=201, body=body)


@router.route("GET", "/installation/repositories", "installation")
async def list_repositories(call: Call) -> Answer:
    if not isinstance(call.identity, InstallationIdentity):
        raise forbidden()
    if call.identity.installation.suspended_at is not None:
        raise forbidden("This installation has been suspended")
    reached = [repo for repo in call.world.repos.values() if not repo.deleted and call.identity.reaches(repo)]
    answer = call.page(reached, lambda repo: repositories.repository(repo, call.url), wrap="repositories")
    answer.body["repository_selection"] = "all" if call.identity.installation.repositories is None else "selected"
    return answer


@router.route("GET", "/repos/{owner}/{repo}/installation", "app")
async def get_repository_installation(call: Call) -> Answer:
    for installation in call.world.installations.values():
        if not installation.deleted and covers(installation, call.repo):
            return Answer(body=accounts.installation(installation, call.world.app, call.url))
    raise not_found()


@router.route("GET", "/app/hook/deliveries", "app")
async def list_deliveries(call: Call) -> Answer:
    """Paged by cursor: the id of the last delivery of the page before."""
    found = call.webhooks.recent()
    if status := call.query.get("status"):
        found = [each for each in found if each.ok == (status == "success")]
    cursor = call.query.get("cursor", "")
    if cursor:
        if not cursor.isdigit():
            raise ApiError(422, "Invalid cursor")
        found = [each for each in found if each.id < int(cursor)]
    size = int(call.query.get("per_page", "30"))
    shown = found[:size]
    headers = {}
    if len(found) > size:
        query = f"per_page={size}&cursor={shown[-1].id}" + (f"&status={status}" if status else "")
        headers["link"] = f'<{call.url}/app/hook/deliveries?{query}>; rel="next"'
    return Answer(body=[delivery_item(each) for each in shown], headers=headers)


@router.route("GET", "/app/hook/deliveries/{delivery_id}", "app")
async def get_delivery(call: Call) -> Answer:
    found = _delivery(call)
    body = delivery_item(found) | {
        "request": {"headers": found.request_headers, "payload": found.payload},
        "response": {"headers": found.response_headers, "payload": found.response_body},
    }
    return Answer(body=body)


@router.route("POST", "/app/hook/deliveries/{delivery_id}/attempts", "app")
async def redeliver(call: Call) -> Answer:
    call.webhooks.redeliver(_delivery(call))
    return Answer(status=202, body={})


def delivery_item(of: Delivery) -> Obj:
    """hook-delivery-item."""
    return {
        "id": of.id,
        "guid": of.guid,
        "delivered_at": stamp(of.delivered_at),
        "redelivery": of.redelivery,
        "duration": of.duration,
        "status": of.status,
        "status_code": of.status_code or 0,
        "event": of.event,
        "action": of.action,
        "installation_id": of.installation_id,
        "repository_id": of.repository_id,
        "throttled_at": None,
    }


def _delivery(call: Call) -> Delivery:
    number = call.number("delivery_id")
    for delivery in call.webhooks.recent():
        if delivery.id == number:
            return delivery
    raise not_found()


def _installation(call: Call) -> Installation:
    found = call.world.installations.get(call.number("installation_id"))
    if found is None or found.deleted:
        raise not_found()
    return found
