"""What the GraphQL schema's fields mean: queries and mutations over the records.

The methods of :class:`Graph` bear the names of the schema's top-level fields, which is how graphql-core finds them.
"""

import base64
import binascii
import re

from bot.sandbox import pulling, reviewing, talking
from bot.sandbox.auth import InstallationIdentity
from bot.sandbox.errors import ApiError
from bot.sandbox.graph_queries import Queries
from bot.sandbox.model import Comment, Issue, PullRequest, Repository, ReviewComment, ReviewThread
from bot.sandbox.objects import BLOB, ZERO, TreeEntry
from bot.sandbox.pushing import move_ref, signature
from bot.sandbox.routes.issues import validate
from bot.sandbox.shapes.connections import Refusal
from bot.sandbox.shapes.graphql import commit, issue, missing, pull_request, ref, review_comment, review_thread
from bot.sandbox.world import Obj


class Graph(Queries):
    """The root of one request, with its mutations."""

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
        self._admit_resolving(thread)
        reviewing.set_resolved(self._world, thread, self._actor.user, resolved=True)
        return {"thread": review_thread(thread)}

    def unresolveReviewThread(self, _info: object, input: Obj) -> Obj:  # noqa: A002, N802 - the schema's names
        thread = self._node(input["threadId"], ReviewThread)
        self._admit_resolving(thread)
        reviewing.set_resolved(self._world, thread, self._actor.user, resolved=False)
        return {"thread": review_thread(thread)}

    def _admit_resolving(self, thread: ReviewThread) -> None:
        for needs in self._world.resolving_needs:
            self._admit(thread.pull.repo, needs)

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
