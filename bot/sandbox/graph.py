"""What the GraphQL schema's fields mean: queries and mutations over the records.

The methods of :class:`Graph` bear the names of the schema's top-level fields, which is how graphql-core finds them.
"""

import base64
import binascii
import functools
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar

from bot.sandbox import pulling, reviewing, talking
from bot.sandbox.auth import Identity, InstallationIdentity, UserIdentity, authorize
from bot.sandbox.errors import ApiError
from bot.sandbox.limits import Limits
from bot.sandbox.model import Comment, Issue, PullRequest, Repository, ReviewComment, ReviewThread
from bot.sandbox.objects import BLOB, ZERO, TreeEntry
from bot.sandbox.pushing import Actor, move_ref, signature
from bot.sandbox.routes.issues import validate
from bot.sandbox.shapes import stamp
from bot.sandbox.shapes.graphql import (
    Refusal,
    blob,
    commit,
    connection,
    issue,
    missing,
    pull_request,
    ref,
    review_comment,
    review_thread,
)
from bot.sandbox.world import Obj, World

T = TypeVar("T")


async def _changed_files(pull: PullRequest, _info: object) -> int:
    return (await pulling.extent(pull)).changed_files


class Graph:
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
        if replica is None:
            shown = pull_request(pull, self._world.url)
        else:
            shown = replica.node(pull, pull_request(pull, self._world.url, replica.among))
        return {**shown, "changedFiles": functools.partial(_changed_files, pull)}

    def _pulls(self, repo: Repository, states: Sequence[str] | None = None, **window: Any) -> Obj:  # noqa: ANN401
        self._admit(repo, "pull_requests:read")
        shown = [self._shown(pull) for pull in repo.pulls if self._there(pull.issue)]
        found = [pull for pull in shown if states is None or pull["state"] in states]
        nodes, info = connection(found, **window)
        return {"nodes": nodes, "pageInfo": info, "totalCount": len(found)}

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
        return commit(await repo.git.commit(found.sha), repo, self._world.url) if found.kind == "commit" else None

    async def _resolve(self, repo: Repository, expression: str) -> str | None:
        revision, colon, path = expression.partition(":")
        sha = await repo.git.resolve(revision)
        if sha is None or not colon:
            return sha
        entry = await repo.git.store.lookup((await repo.git.commit(sha)).tree, path)
        return None if entry is None else entry.sha

    # --- mutations --------------------------------------------------------------------------------------------

    async def createCommitOnBranch(self, _info: object, input: Obj) -> Obj:  # noqa: A002, N802 - the schema's names
        """One signed commit on top of ``expectedHeadOid``, or nothing.

        Every file that is added is an ordinary one afterwards: the mutation knows no modes, and drops the executable
        bit.  https://github.com/orgs/community/discussions/191953
        """
        repo, branch = self._branch(input["branch"])
        self._admit_push(repo, branch)
        head, expected = repo.git.branch(branch), input["expectedHeadOid"]
        if head is None:
            raise Refusal("NOT_FOUND", f"No such branch: {branch}")
        if branch in repo.protected:
            raise Refusal("BRANCH_PROTECTION_RULE_VIOLATION", "Changes must be made through a pull request.")
        if head != expected:
            raise Refusal(
                "STALE_DATA", f'Expected branch to point to "{expected}" but it did not.  Pull and try again.'
            )
        store, parent = repo.git.store, await repo.git.commit(head)
        changes = await self._changes(repo, parent.tree, input.get("fileChanges") or {})
        tree = await store.edit_tree(parent.tree, changes)
        message = "\n\n".join(filter(None, (input["message"]["headline"], input["message"].get("body"))))
        who = signature(self._world, self._actor.user)
        sha = store.write_commit(tree=tree, parents=(head,), author=who, committer=who, message=message)
        repo.verified.add(sha)
        await move_ref(self._world, repo, f"refs/heads/{branch}", sha, self._actor)
        return {
            "commit": commit(await repo.git.commit(sha), repo, self._world.url),
            "ref": ref(repo, f"refs/heads/{branch}", await repo.git.commit(sha), self._world.url),
        }

    def _admit_push(self, repo: Repository, branch: str) -> None:
        """As any write, but that a fork's author may have let the maintainers of the base repository in."""
        identity = self._identity
        if self._world.fork_pushes and isinstance(identity, InstallationIdentity) and not identity.reaches(repo):
            for other in self._world.repos.values():
                for pull in other.pulls:
                    offered = pull.maintainer_can_modify and pull.issue.state == "open" and pull.head_ref == branch
                    if offered and pull.head_repo is repo and identity.reaches(other):
                        return self._admit(other, "contents:write")
        return self._admit(repo, "contents:write")

    def _branch(self, given: Obj) -> tuple[Repository, str]:
        if given.get("id"):
            match = re.fullmatch(r"REF_(\d+):refs/heads/(.+)", given["id"])
            repo = self._world.repos.get(int(match[1])) if match else None
            if match is None or repo is None:
                raise missing(given["id"])
            return repo, match[2]
        name = given.get("repositoryNameWithOwner") or ""
        repo = self._world.repo(name)
        if repo is None or not given.get("branchName"):
            raise Refusal("NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'.")
        return repo, given["branchName"].removeprefix("refs/heads/")

    async def _changes(self, repo: Repository, tree: str, given: Obj) -> dict[str, TreeEntry | None]:
        store = repo.git.store
        changes: dict[str, TreeEntry | None] = {}
        for each in given.get("deletions") or []:
            if await store.lookup(tree, each["path"]) is None:
                raise Refusal(
                    "UNPROCESSABLE",
                    f"A path was requested for deletion which does not exist as of commit oid: {each['path']}",
                )
            changes[each["path"]] = None
        for each in given.get("additions") or []:
            path = each["path"]
            if not path or any(part in ("", ".", "..", ".git") for part in path.split("/")):
                raise Refusal("UNPROCESSABLE", f"A path was requested for addition which is invalid: {path}")
            if path in changes:
                raise Refusal("UNPROCESSABLE", f"A path was requested for both addition and deletion: {path}")
            try:
                data = base64.b64decode(each["contents"], validate=True)
            except binascii.Error:
                raise Refusal("UNPROCESSABLE", "contents is not valid Base64") from None
            changes[path] = TreeEntry(mode=BLOB, sha=store.write("blob", data))
        return changes

    async def createRef(self, _info: object, input: Obj) -> Obj:  # noqa: A002, N802 - the schema's names
        repo = self._repository(input["repositoryId"])
        self._admit(repo, "contents:write")
        name, sha = input["name"], input["oid"]
        if name in repo.git.refs:
            raise Refusal("UNPROCESSABLE", f'A ref named "{name}" already exists in the repository.')
        if not re.match(r"refs/[^/]+/.", name) or repo.git.ref_conflict(name):
            raise Refusal("UNPROCESSABLE", f"{name} is not a valid ref name.")
        if await repo.git.store.commit(sha) is None:
            raise Refusal("UNPROCESSABLE", f"Object does not exist: {sha}")
        await move_ref(self._world, repo, name, sha, self._actor)
        return {"ref": ref(repo, name, await repo.git.commit(sha), self._world.url)}

    async def updateRefs(self, _info: object, input: Obj) -> Obj:  # noqa: A002, N802 - the schema's names
        """All of the updates or none; zeros stand for a ref that is not there."""
        repo = self._repository(input["repositoryId"])
        self._admit(repo, "contents:write")
        for update in input["refUpdates"]:
            await self._check_update(repo, update)
        for update in input["refUpdates"]:
            after = update["afterOid"]
            await move_ref(self._world, repo, update["name"], None if after == ZERO else after, self._actor)
        return {"clientMutationId": input.get("clientMutationId")}

    async def _check_update(self, repo: Repository, update: Obj) -> None:
        name, before, after = update["name"], update.get("beforeOid"), update["afterOid"]
        present = repo.git.refs.get(name)
        if name.removeprefix("refs/heads/") in repo.protected:
            raise Refusal("BRANCH_PROTECTION_RULE_VIOLATION", "Changes must be made through a pull request.")
        if before is not None and before != (present or ZERO):
            raise Refusal("UNPROCESSABLE", f"Reference {name} is at {present or ZERO} but expected {before}.")
        if after == ZERO:
            if present is None:
                raise Refusal("UNPROCESSABLE", f"Reference {name} does not exist.")
            return
        if await repo.git.store.commit(after) is None:
            raise Refusal("UNPROCESSABLE", f"Object does not exist: {after}")
        if present is None and repo.git.ref_conflict(name):
            raise Refusal("UNPROCESSABLE", f"{name} is not a valid ref name.")
        if present is not None and not update.get("force") and not await repo.git.contains(after, present):
            raise Refusal("UNPROCESSABLE", f"Update of {name} is not a fast forward.")

    async def createPullRequest(self, _info: object, input: Obj) -> Obj:  # noqa: A002, N802 - the schema's names
        repo = self._repository(input["repositoryId"])
        self._admit(repo, "pull_requests:write")
        head_repo = self._repository(input["headRepositoryId"]) if input.get("headRepositoryId") else repo
        try:
            pull = await pulling.open_pull(
                self._world, repo, title=input["title"], body=input.get("body"), head_repo=head_repo,
                base=input["baseRefName"].removeprefix("refs/heads/"),
                head=input["headRefName"].removeprefix("refs/heads/"), author=self._actor.user, app=self._actor.app,
                draft=bool(input.get("draft")), maintainer_can_modify=input.get("maintainerCanModify") is not False,
            )  # fmt: skip
        except ApiError as error:
            first = (error.errors or [{}])[0]
            raise Refusal("UNPROCESSABLE", first.get("message", error.message)) from error
        return {"pullRequest": pull_request(pull, self._world.url)}

    async def convertPullRequestToDraft(self, _info: object, input: Obj) -> Obj:  # noqa: A002, N802 - the schema's names
        return await self._set_draft(input["pullRequestId"], draft=True)

    async def markPullRequestReadyForReview(self, _info: object, input: Obj) -> Obj:  # noqa: A002, N802 - as above
        return await self._set_draft(input["pullRequestId"], draft=False)

    async def _set_draft(self, node_id: str, *, draft: bool) -> Obj:
        """Both permissions are needed, which GitHub's page does not say.

        https://github.com/boxlite-ai/boxlite/pull/1556
        """
        pull = self._node(node_id, PullRequest)
        for needs in ("pull_requests:write", "contents:write"):
            self._admit(pull.repo, needs)
        if draft and not pull.repo.drafts:
            lacks = f"{self._actor.user.login} does not have permission"
            raise Refusal("FORBIDDEN", f"{lacks} to convert the pull request {node_id} to draft.")
        await pulling.set_draft(self._world, pull, self._actor.user, draft=draft)
        return {"pullRequest": pull_request(pull, self._world.url)}

    def _repository(self, node_id: str) -> Repository:
        for repo in self._world.repos.values():
            if repo.node_id == node_id and not repo.deleted:
                return repo
        raise missing(node_id)

    def updateIssue(self, _info: object, input: Obj) -> Obj:  # noqa: A002, N802 - the schema's names
        found = self._node(input["id"], Issue)
        self._admit(found.repo, "issues:write")
        title, body, sender = input.get("title"), input.get("body"), self._actor.user
        validate(title if title is not None else found.title, body)
        talking.edit_issue(self._world, found, sender, title=title, body=body)
        if state := input.get("state"):
            talking.set_state(self._world, found, state.lower(), sender)
        return {"issue": issue(found, self._world.url)}

    def resolveReviewThread(self, _info: object, input: Obj) -> Obj:  # noqa: A002, N802 - the schema's names
        thread = self._node(input["threadId"], ReviewThread)
        self._admit(thread.pull.repo, "pull_requests:write")
        reviewing.set_resolved(self._world, thread, self._actor.user, resolved=True)
        return {"thread": review_thread(thread)}

    def unresolveReviewThread(self, _info: object, input: Obj) -> Obj:  # noqa: A002, N802 - the schema's names
        thread = self._node(input["threadId"], ReviewThread)
        self._admit(thread.pull.repo, "pull_requests:write")
        reviewing.set_resolved(self._world, thread, self._actor.user, resolved=False)
        return {"thread": review_thread(thread)}

    def minimizeComment(self, _info: object, input: Obj) -> Obj:  # noqa: A002, N802 - the schema's names
        subject = self._world.nodes.get(input["subjectId"])
        match subject:
            case Comment():
                repo = subject.issue.repo
            case ReviewComment():
                repo = subject.thread.pull.repo
            case _:
                raise missing(input["subjectId"])
        self._admit(repo, "issues:write|pull_requests:write")
        subject.minimized = input["classifier"].lower().replace("_", "-")
        shown = {"isMinimized": True, "minimizedReason": subject.minimized}
        return {"minimizedComment": {**review_comment(subject), **shown}}
