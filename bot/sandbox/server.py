"""The HTTP side: each request through faults, identity, limits, its route, conditional answer and record."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bot.sandbox import addresses, etag, githttp, graphql, media, registration, versions
from bot.sandbox.auth import Anonymous, Authority, Identity
from bot.sandbox.errors import ApiError, not_found
from bot.sandbox.faults import ExtraHeaders, Fault, Faults, HalfBody, Hold, Slow
from bot.sandbox.limits import Limits
from bot.sandbox.observer import Exchange, GraphQLExchange, Observer
from bot.sandbox.recorder import Recorded
from bot.sandbox.routes import ROUTES
from bot.sandbox.routing import Answer, Call, Route, admit, find, refuse_empty
from bot.sandbox.spoiling import delay, spoil
from bot.sandbox.webhooks import Webhooks
from bot.sandbox.world import Obj, World

READ_ONLY = ("GET", "HEAD", "OPTIONS")
TOKENS = "/app/installations/{installation_id}/access_tokens"
_STORED = ("/check-runs", "/check-suites", "/git/", "/app/hook/", "/statuses/")
"""Parts of the paths of requests that write, and create no content."""
MAX_BODY = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A request that has been read."""

    method: str
    raw_path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    json: Any

    @property
    def path(self) -> str:
        return unquote(self.raw_path)


class Front:
    """Answers every request that reaches the sandbox's port."""

    def __init__(
        self,
        world: World,
        authority: Authority,
        webhooks: Webhooks,
        observer: Observer | None,
        failures: list[Exception],
    ) -> None:
        self.world, self.authority, self.webhooks, self.observer = world, authority, webhooks, observer
        self.faults, self.limits = Faults(), Limits(world.clock)
        self.requests: list[Recorded] = []
        self.answering = 0
        """Requests that are being answered now; those that are on their way are not."""
        self.failures = failures
        """What the observer raised, and defects of the sandbox itself."""

    def application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", "/{tail:.*}", self.handle)
        return app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        incoming = await _read(request)
        with self.limits.opened(self._identify(incoming)[0].name):
            await asyncio.sleep(self.faults.distance)
            self.answering += 1
            try:
                return await self._handle(request, incoming)
            finally:
                self.answering -= 1

    async def _handle(self, request: web.Request, incoming: Incoming) -> web.StreamResponse:
        if githttp.is_git(incoming.raw_path):
            return await self._git(request, incoming)
        if registration.is_page(incoming.method, incoming.raw_path):
            return await self._site(request, incoming)
        at = self.world.clock()
        identity, refusal = self._identify(incoming)
        operations, mutation = _operations(incoming)
        path = addresses.by_name(self.world, incoming.raw_path)
        found = find(ROUTES, "GET" if incoming.method == "HEAD" else incoming.method, path)
        template = found[0].template if found else "/graphql" if incoming.raw_path == "/graphql" else None
        fault = self.faults.take(incoming.method, incoming.path, operations, identity.name)
        answer = await self._faulty(incoming, identity, refusal, found, fault)
        record = Recorded(
            method=incoming.method, path=incoming.path, template=template, query=dict(incoming.query),
            identity=identity.name, status=answer.status if answer else 0, body=incoming.json, at=at,
            mutating=mutation if template == "/graphql" else _mutates(incoming.method, template),
            operations=operations, fault=fault.name if fault else None,
            version=incoming.headers.get(versions.HEADER),
        )  # fmt: skip
        self.requests.append(record)
        if answer is None:
            return _hang_up(request)
        self._observe(incoming, answer, record)
        return await _send(request, answer)

    # --- the true answer --------------------------------------------------------------------------------------

    def _identify(self, incoming: Incoming) -> tuple[Identity, ApiError | None]:
        try:
            return self.authority.identify(incoming.headers.get("authorization")), None
        except ApiError as error:
            return Anonymous(), error

    async def _answer(
        self,
        incoming: Incoming,
        identity: Identity,
        refusal: ApiError | None,
        found: tuple[Route, dict[str, str]] | None,
    ) -> Answer:
        resource = {"/graphql": "graphql", "/search/issues": "search"}.get(incoming.raw_path, "core")
        try:
            if refusal is not None:
                raise refusal
            self.limits.refuse_too_many(identity.name)
            if incoming.raw_path != "/rate_limit":
                self.limits.count(identity.name, resource)
            answer = await self._routed(incoming, identity, found)
        except ApiError as error:
            answer = Answer(status=error.status, body=error.body, headers=error.headers)
        except Exception as error:  # a defect of the sandbox: the caller gets a 500, the test gets the exception
            self.failures.append(error)
            raise
        answer = self._conditional(incoming, answer, identity, resource)
        return replace(answer, headers={**self.limits.headers(identity.name, resource), **answer.headers})

    async def _routed(
        self, incoming: Incoming, identity: Identity, found: tuple[Route, dict[str, str]] | None
    ) -> Answer:
        if incoming.raw_path == "/graphql":
            if incoming.method != "POST":
                raise not_found()
            async with self.world.writing:
                return await graphql.execute(self.world, identity, incoming.json, self.limits)
        if found is None:
            raise not_found()
        route, params = found
        version = versions.asked(incoming.headers, self.world.versions)
        call = self._call(incoming, identity, params)
        admit(route, call)
        addresses.redirect_former_name(self.world, incoming.method, incoming.raw_path, params, incoming.query)
        if "repo" in params:
            refuse_empty(route, call.repo)
        call = replace(call, media=media.chosen(incoming.headers.get("accept"), route.media))
        return versions.at_version(await self._handled(route, call), version, route.template)

    async def _handled(self, route: Route, call: Call) -> Answer:
        if call.method in READ_ONLY:
            return await route.handler(call)
        if _creates_content(call.method, route.template):
            self.limits.count_write(call.identity.name)
        async with self.world.writing:
            return await route.handler(call)

    def _call(self, incoming: Incoming, identity: Identity, params: Mapping[str, str]) -> Call:
        if incoming.body and incoming.json is None:
            raise ApiError(400, "Problems parsing JSON")
        body = {} if incoming.json is None else incoming.json
        if isinstance(body, list) and incoming.path.endswith("/labels"):
            body = {"labels": body}
        if not isinstance(body, dict):
            raise ApiError(400, "Body should be a JSON object")
        return Call(
            world=self.world, authority=self.authority, webhooks=self.webhooks, limits=self.limits,
            identity=identity, method=incoming.method, path=incoming.raw_path, params=params,
            query=incoming.query, headers=incoming.headers,
            body=body, replica=self.world.replica if incoming.method in READ_ONLY else None,
        )  # fmt: skip

    def _conditional(self, incoming: Incoming, answer: Answer, identity: Identity, resource: str) -> Answer:
        if isinstance(answer.body, AsyncIterator):
            return answer
        body = answer.body if isinstance(answer.body, bytes) else _encode(answer)
        answer = replace(answer, body=body)
        if incoming.method not in READ_ONLY or answer.status != 200:
            return answer
        current = etag.tag(body, incoming.headers.get("accept", ""))
        headers = {
            **answer.headers, "etag": current, "vary": etag.VARY, "cache-control": "private, max-age=60, s-maxage=60",
        }  # fmt: skip
        if etag.matches(incoming.headers.get("if-none-match"), current):
            self.limits.refund(identity.name, resource)
            return replace(answer, status=304, body=b"", headers=headers)
        return replace(answer, headers=headers)

    # --- what goes wrong --------------------------------------------------------------------------------------

    async def _faulty(
        self,
        incoming: Incoming,
        identity: Identity,
        refusal: ApiError | None,
        found: tuple[Route, dict[str, str]] | None,
        fault: Fault | None,
    ) -> Answer | None:
        """The answer as the fault leaves it, ``None`` for a dropped connection."""
        if fault is not None and not fault.effect:
            match fault.deed:
                case Hold() | Slow():
                    await delay(fault.deed)
                case HalfBody() | ExtraHeaders():
                    pass
                case deed:
                    return spoil(None, deed)
        answer = await self._answer(incoming, identity, refusal, found)
        if fault is None or not fault.effect:
            return answer
        await delay(fault.deed)
        return spoil(answer, fault.deed)

    # --- onlookers --------------------------------------------------------------------------------------------

    def _observe(self, incoming: Incoming, answer: Answer, record: Recorded) -> None:
        if self.observer is None:
            return
        response = _parsed(answer.body) if isinstance(answer.body, bytes) else None
        hidden = {name: value for name, value in incoming.headers.items() if name != "authorization"}
        exchange = Exchange(
            method=record.method, path=record.path, template=record.template, query=record.query,
            request_headers=hidden, request=record.body, identity=record.identity, status=answer.status,
            headers=_shown(answer), response=response,
            fault=record.fault, at=record.at,
        )  # fmt: skip
        try:
            self.observer.exchange(exchange)
            if record.template == "/graphql" and isinstance(incoming.json, dict):
                self.observer.graphql(_graphql_exchange(incoming.json, exchange))
        except Exception as error:  # noqa: BLE001 - kept and raised when the sandbox is left
            self.failures.append(error)

    async def _site(self, request: web.Request, incoming: Incoming) -> web.StreamResponse:
        """A page of the site, as a browser sends its form."""
        try:
            answer = registration.submit(self.world, incoming.raw_path, incoming.query, incoming.body)
        except ApiError as error:
            answer = Answer(status=error.status, body=error.body)
        return await _send(request, answer)

    async def _git(self, request: web.Request, incoming: Incoming) -> web.StreamResponse:
        identity, refusal = self._identify(incoming)
        try:
            if refusal is not None:
                raise refusal
            pushing = "git-receive-pack" in (incoming.raw_path + incoming.query.get("service", ""))
            answer = await githttp.serve(self.world, identity, incoming.method, incoming.raw_path, incoming.query,
                                         incoming.headers, incoming.body)  # fmt: skip
        except ApiError as error:
            answer, pushing = githttp.refused(error), False
        record = Recorded(
            method=incoming.method, path=incoming.path, template=None, query=dict(incoming.query),
            identity=identity.name, status=answer.status, body=None, at=self.world.clock(),
            mutating=pushing and incoming.method == "POST",
        )  # fmt: skip
        self.requests.append(record)
        return await _send(request, answer)


async def _read(request: web.Request) -> Incoming:
    body = await request.read()
    return Incoming(
        method=request.method,
        raw_path=request.rel_url.raw_path,
        query=dict(request.query),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        json=_parsed(body),
    )


def _parsed(body: bytes) -> Any:  # noqa: ANN401 - a JSON value
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


def _encode(answer: Answer) -> bytes:
    return b"" if answer.status == 204 or answer.body is None else json.dumps(answer.body).encode()


def _operations(incoming: Incoming) -> tuple[tuple[str, ...], bool]:
    """The top-level fields of a GraphQL request, and whether it is a mutation."""
    if incoming.raw_path != "/graphql" or not isinstance(incoming.json, dict):
        return (), False
    return graphql.operations(incoming.json)


def _mutates(method: str, template: str | None) -> bool:
    return method not in READ_ONLY and template is not None and template != TOKENS


def _creates_content(method: str, template: str | None) -> bool:
    """Whether it counts as content: what people read, not what a check or git stores."""
    return _mutates(method, template) and not any(part in (template or "") for part in _STORED)


def _graphql_exchange(body: Obj, exchange: Exchange) -> GraphQLExchange:
    return GraphQLExchange(
        document=str(body.get("query", "")),
        variables=body.get("variables") or {},
        operation_name=body.get("operationName"),
        identity=exchange.identity,
        status=exchange.status,
        response=exchange.response,
        fault=exchange.fault,
    )


def _hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _shown(answer: Answer) -> dict[str, str]:
    """The headers that an onlooker is told, with the content type of a body."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return headers | ({"content-type": answer.content_type} if answer.body else {})


async def _send(request: web.Request, answer: Answer) -> web.StreamResponse:
    headers = {"X-GitHub-Media-Type": "github.v3; format=json", "X-GitHub-Request-Id": "SANDBOX", **answer.headers}
    if not isinstance(answer.body, AsyncIterator):
        body = answer.body if isinstance(answer.body, bytes) else _encode(answer)
        if body:
            headers["Content-Type"] = answer.content_type
        return web.Response(status=answer.status, body=body, headers=headers)
    response = web.StreamResponse(status=answer.status, headers={**headers, "Content-Type": answer.content_type})
    await response.prepare(request)
    async for chunk in answer.body:
        await response.write(chunk)
    await response.write_eof()
    return response
