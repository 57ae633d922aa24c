"""What the GraphQL endpoint can be asked: the root's queries."""

import functools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar

from bot.sandbox import pulling
from bot.sandbox.auth import Identity, UserIdentity, authorize
from bot.sandbox.errors import ApiError
from bot.sandbox.limits import Limits
from bot.sandbox.model import PullRequest, Repository
from bot.sandbox.objects import Commit
from bot.sandbox.pushing import Actor
from bot.sandbox.shapes import stamp
from bot.sandbox.shapes.connections import Refusal, connection
from bot.sandbox.shapes.graphql import blob, commit, issue, missing, pull_request, ref, state_of
from bot.sandbox.world import Obj, World

T = TypeVar("T")


async def _changed_files(world: World, pull: PullRequest, _info: object) -> int:
    return (await pulling.extent(world, pull)).changed_files


class Queries:
    """The root of one request."""

    def __init__(self, world: World, identity: Identity, limits: Limits) -> None:
        self._world, self._identity, self._limits = world, identity, limits

    @property
    def _actor(self) -> Actor:
        if isinstance(self._identity, UserIdentity):
            return Actor(user=self._identity.user)
        return Actor(user=self._world.app.bot, app=self._world.app)

    def _admit(self, repo: Repository, needs: str) -> None:
        authorize(self._identity, repo, needs)

    def _node(self, node_id: str, kind: type[T]) -> T:
        found = self._world.nodes.get(node_id)
        if not isinstance(found, kind):
            raise missing(node_id)
        return found

    # --- queries ----------------------------------------------------------------------------------------------

    def rateLimit(self, _info: object, **_: object) -> Obj:  # noqa: N802 - the schema's name
        figures = self._limits.figures(self._identity.name, "graphql")
        reset = self._limits.bucket(self._identity.name, "graphql").reset + timedelta(0)
        return {"cost": 1, "remaining": figures["remaining"], "resetAt": stamp(reset)}

    def repository(self, _info: object, owner: str, name: str, **_: object) -> Obj:
        repo = self._world.repo(f"{owner}/{name}")
        message = f"Could not resolve to a Repository with the name '{owner}/{name}'."
        if repo is None:
            raise Refusal("NOT_FOUND", message)
        try:
            self._admit(repo, "metadata:read")
        except ApiError as error:
            raise Refusal("NOT_FOUND", message) from error
        return {
            "id": repo.node_id,
            "issue": lambda _info, number: self._issue(repo, number),
            "pullRequest": lambda _info, number: self._pull(repo, number),
            "object": lambda _info, **by: self._object(repo, **by),
            "ref": lambda _info, **by: self._ref(repo, by["qualifiedName"]),
            "pullRequests": lambda _info, **by: self._pulls(repo, **by),
            "databaseId": repo.id,
            "nameWithOwner": repo.full_name,
        }

    def _issue(self, repo: Repository, number: int) -> Obj:
        self._admit(repo, "issues:read")
        found = repo.issues.get(number)
        if found is None or found.pull is not None or found.gone is not None or not self._there(found):
            raise Refusal("NOT_FOUND", f"Could not resolve to an Issue with the number of {number}.")
        return issue(found, self._world.url)

    def _pull(self, repo: Repository, number: int) -> Obj:
        self._admit(repo, "pull_requests:read")
        found = repo.issues.get(number)
        if found is None or found.pull is None or not self._there(found):
            raise Refusal("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
        return self._shown(found.pull)

    def _shown(self, pull: PullRequest) -> Obj:
        """As far as the replica knows."""
        replica = self._world.replica
        hides = self._world.hides_app_resolver
        if replica is None:
            shown = pull_request(pull, self._world.url, self._world.listed, hides_app=hides)
        else:
            shown = replica.node(pull, pull_request(pull, self._world.url, replica.among, hides_app=hides))
        return {**shown, "changedFiles": functools.partial(_changed_files, self._world, pull)}

    def _pulls(self, repo: Repository, states: Sequence[str] | None = None, **window: Any) -> Obj:  # noqa: ANN401
        self._admit(repo, "pull_requests:read")
        there = [pull for pull in repo.pulls if self._there(pull.issue)]
        found = [pull for pull in there if states is None or self._state(pull) in states]
        nodes, info = connection(found, **window)
        return {"nodes": [self._shown(pull) for pull in nodes], "pageInfo": info, "totalCount": len(found)}

    def _state(self, pull: PullRequest) -> str:
        """As far as the replica knows."""
        return state_of(pull) if self._world.replica is None else str(self._shown(pull)["state"])

    async def _ref(self, repo: Repository, name: str) -> Obj | None:
        self._admit(repo, "contents:read")
        sha = repo.git.refs.get(name)
        return None if sha is None else ref(repo, name, await repo.git.commit(sha), self._world.url)

    def _there(self, record: object) -> bool:
        return self._world.replica is None or self._world.replica.has(record)

    async def _object(self, repo: Repository, oid: str | None = None, expression: str | None = None) -> Obj | None:
        """By id, or by ``revision:path``; ``null`` when there is no such thing."""
        self._admit(repo, "contents:read")
        if oid is None:
            oid = await self._resolve(repo, expression or "")
        found = None if oid is None else await repo.git.store.read(oid)
        if found is None:
            return None
        if found.kind == "blob":
            return blob(found.sha, found.data)
        return self._commit(repo, await repo.git.commit(found.sha)) if found.kind == "commit" else None

    def _commit(self, repo: Repository, found: Commit) -> Obj:
        admit = functools.partial(self._admit, repo)
        replica = self._world.replica
        if replica is None:
            return commit(found, repo, self._world.url, admit)
        return commit(found, repo, self._world.url, admit, replica.among)

    async def _resolve(self, repo: Repository, expression: str) -> str | None:
        revision, colon, path = expression.partition(":")
        sha = await repo.git.resolve(revision)
        if sha is None or not colon:
            return sha
        entry = await repo.git.store.lookup((await repo.git.commit(sha)).tree, path)
        return None if entry is None else entry.sha
