"""Every request that the bot can make: method, path, and the permission that it needs.

Tokens are asked for with exactly ``needs``; the manifest's permissions are their union (``bot.github.manifest``).
Names are GitHub's operation ids; permissions from
https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from urllib.parse import quote, urlencode

from bot.github import documents

Permissions = Mapping[str, str]
"""Permission to access (``read`` or ``write``), e.g. ``{"checks": "write"}``."""
_ACCESS = ("none", "read", "write", "admin")


def weaker(granted: str, needed: str) -> bool:
    """Whether an access is less than another."""
    return _ACCESS.index(granted) < _ACCESS.index(needed)


class RequestKind(Enum):
    """Whether a request changes something."""

    READ = "read"
    WRITE = "write"
    CONTENT = "content"
    """A write that makes something people see; GitHub counts these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One request.  ``items`` is the key that holds the list in a paginated object answer."""

    name: str
    method: str
    path: str
    kind: RequestKind = RequestKind.READ
    needs: Permissions = field(default_factory=dict)
    items: str | None = None
    document: str | None = None
    """The GraphQL document; ``None`` for REST."""

    def url(self, path: Mapping[str, str | int], query: Mapping[str, str | int] | None = None) -> str:
        """The relative URL.

        Every value is percent-encoded; only ``{path}``, ``{ref}``, ``{branch}`` and ``{basehead}`` may hold slashes.
        Raises ``ValueError`` for empty and dot segments, which a URL parser would turn into another request.
        """
        values = {name: _segment(name, str(value)) for name, value in path.items()}
        url = self.path.format_map(values)
        return f"{url}?{urlencode(query)}" if query else url


_SPANNING = frozenset({"path", "ref", "basehead", "branch"})


def _segment(name: str, value: str) -> str:
    segments = value.split("/")
    if any(segment in ("", ".", "..") for segment in segments) or (len(segments) > 1 and name not in _SPANNING):
        raise ValueError(f"not a path of the API: {name}={value[:80]!r}")
    return quote(value, safe="/")


_ALL: dict[str, Operation] = {}


def _add(operation: Operation) -> Operation:
    _ALL[operation.name] = operation
    return operation


def _read(name: str, path: str, *, items: str | None = None, **needs: str) -> Operation:
    return _add(Operation(name=name, method="GET", path=path, needs=needs, items=items))


def _write(name: str, method: str, path: str, kind: RequestKind = RequestKind.CONTENT, **needs: str) -> Operation:
    return _add(Operation(name=name, method=method, path=path, kind=kind, needs=needs))


def _graphql(name: str, document: str, kind: RequestKind = RequestKind.CONTENT, **needs: str) -> Operation:
    return _add(Operation(name=name, method="POST", path="/graphql", kind=kind, needs=needs, document=document))


def operations() -> Mapping[str, Operation]:
    """All of them, by name."""
    return MappingProxyType(_ALL)


# --- as the App itself: a JWT, no permission ----------------------------------------------------------------------

GET_APP = _read("apps/get-authenticated", "/app")
GET_HOOK_CONFIG = _read("apps/get-webhook-config-for-app", "/app/hook/config")
LIST_DELIVERIES = _read("apps/list-webhook-deliveries", "/app/hook/deliveries")
REDELIVER = _write(
    "apps/redeliver-webhook-delivery", "POST", "/app/hook/deliveries/{delivery_id}/attempts", RequestKind.WRITE
)
CONVERT_MANIFEST = _write(
    "apps/create-from-manifest", "POST", "/app-manifests/{code}/conversions", RequestKind.WRITE
)  # by nobody: the App is only being made
LIST_INSTALLATIONS = _read("apps/list-installations", "/app/installations")
GET_REPO_INSTALLATION = _read("apps/get-repo-installation", "/repos/{owner}/{repo}/installation")
CREATE_TOKEN = _write(
    "apps/create-installation-access-token",
    "POST",
    "/app/installations/{installation_id}/access_tokens",
    RequestKind.WRITE,
)

# --- reading ---------------------------------------------------------------------------------------------------------

_REPO = "/repos/{owner}/{repo}"

VERSIONS = _read("meta/get-all-versions", "/versions", metadata="read")  # with the token of another request
LIST_INSTALLATION_REPOS = _read(
    "apps/list-repos-accessible-to-installation", "/installation/repositories", items="repositories", metadata="read"
)
GET_REPO = _read("repos/get", _REPO, metadata="read")
# Not in GitHub's description, which leads here from every former name:
# https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
GET_REPO_BY_ID = _read("repos/get-by-id", "/repositories/{repository_id}", metadata="read")
GET_USER = _read("users/get-by-username", "/users/{username}", metadata="read")
GET_USER_BY_ID = _read("users/get-by-id", "/user/{account_id}", metadata="read")
GET_ROLE = _read(
    "repos/get-collaborator-permission-level", _REPO + "/collaborators/{username}/permission", metadata="read"
)
BRANCH_RULES = _read("repos/get-branch-rules", _REPO + "/rules/branches/{branch}", metadata="read")
GET_REF = _read("git/get-ref", _REPO + "/git/ref/{ref}", contents="read")
GET_COMMIT = _read("git/get-commit", _REPO + "/git/commits/{commit_sha}", contents="read")
GET_TREE = _read("git/get-tree", _REPO + "/git/trees/{tree_sha}", contents="read")
GET_BLOB = _read("git/get-blob", _REPO + "/git/blobs/{file_sha}", contents="read")
GET_CONTENT = _read("repos/get-content", _REPO + "/contents/{path}", contents="read")
MATCHING_REFS = _read("git/list-matching-refs", _REPO + "/git/matching-refs/{ref}", contents="read")
COMPARE = _read("repos/compare-commits-with-basehead", _REPO + "/compare/{basehead}", contents="read")
TARBALL = _read("repos/download-tarball-archive", _REPO + "/tarball/{ref}", contents="read")
LIST_CHECK_RUNS = _read("checks/list-for-ref", _REPO + "/commits/{ref}/check-runs", items="check_runs", checks="read")
COMBINED_STATUS = _read(
    "repos/get-combined-status-for-ref", _REPO + "/commits/{ref}/status", items="statuses", statuses="read"
)
LIST_DEPLOYMENTS = _read("repos/list-deployments", _REPO + "/deployments", deployments="read")
LIST_DEPLOYMENT_STATUSES = _read(
    "repos/list-deployment-statuses", _REPO + "/deployments/{deployment_id}/statuses", deployments="read"
)
LIST_COMMITS = _read("repos/list-commits", _REPO + "/commits", contents="read")
PULLS_OF_COMMIT = _read(
    "repos/list-pull-requests-associated-with-commit",
    _REPO + "/commits/{commit_sha}/pulls",
    contents="read",
    pull_requests="read",
)
GET_PULL = _read("pulls/get", _REPO + "/pulls/{pull_number}", pull_requests="read")
LIST_PULLS = _read("pulls/list", _REPO + "/pulls", pull_requests="read")
LIST_FILES = _read("pulls/list-files", _REPO + "/pulls/{pull_number}/files", pull_requests="read")
LIST_REVIEWS = _read("pulls/list-reviews", _REPO + "/pulls/{pull_number}/reviews", pull_requests="read")
# The permission depends on whether the number is an issue's or a pull request's; asking for both serves both.
LIST_ISSUES = _read("issues/list-for-repo", _REPO + "/issues", issues="read", pull_requests="read")
GET_ISSUE = _read("issues/get", _REPO + "/issues/{issue_number}", issues="read", pull_requests="read")
LIST_SUB_ISSUES = _read("issues/list-sub-issues", _REPO + "/issues/{issue_number}/sub_issues", issues="read")
GET_REVIEW_COMMENT = _read("pulls/get-review-comment", _REPO + "/pulls/comments/{comment_id}", pull_requests="read")
REACT_ON_LINE = _write(
    "reactions/create-for-pull-request-review-comment",
    "POST",
    _REPO + "/pulls/comments/{comment_id}/reactions",
    pull_requests="write",
)
GET_COMMENT = _read("issues/get-comment", _REPO + "/issues/comments/{comment_id}", issues="read", pull_requests="read")
LIST_COMMENTS = _read(
    "issues/list-comments", _REPO + "/issues/{issue_number}/comments", issues="read", pull_requests="read"
)

# --- writing ---------------------------------------------------------------------------------------------------------

CREATE_REVIEW = _write("pulls/create-review", "POST", _REPO + "/pulls/{pull_number}/reviews", pull_requests="write")
UPDATE_REVIEW = _write(
    "pulls/update-review", "PUT", _REPO + "/pulls/{pull_number}/reviews/{review_id}", pull_requests="write"
)
DELETE_PENDING_REVIEW = _write(
    "pulls/delete-pending-review", "DELETE", _REPO + "/pulls/{pull_number}/reviews/{review_id}", RequestKind.WRITE,
    pull_requests="write",
)  # fmt: skip
CREATE_REVIEW_COMMENT = _write(
    "pulls/create-review-comment", "POST", _REPO + "/pulls/{pull_number}/comments", pull_requests="write"
)
REPLY_IN_THREAD = _write(
    "pulls/create-reply-for-review-comment",
    "POST",
    _REPO + "/pulls/{pull_number}/comments/{comment_id}/replies",
    pull_requests="write",
)
CREATE_CHECK_RUN = _write("checks/create", "POST", _REPO + "/check-runs", RequestKind.WRITE, checks="write")
UPDATE_CHECK_RUN = _write(
    "checks/update", "PATCH", _REPO + "/check-runs/{check_run_id}", RequestKind.WRITE, checks="write"
)
CREATE_COMMENT = _write(
    "issues/create-comment",
    "POST",
    _REPO + "/issues/{issue_number}/comments",
    issues="write",
    pull_requests="write",
)
REACT = _write(
    "reactions/create-for-issue-comment",
    "POST",
    _REPO + "/issues/comments/{comment_id}/reactions",
    issues="write",
    pull_requests="write",
)
CREATE_ISSUE = _write("issues/create", "POST", _REPO + "/issues", issues="write")
UPDATE_ISSUE = _write("issues/update", "PATCH", _REPO + "/issues/{issue_number}", issues="write")
CREATE_PULL = _write("pulls/create", "POST", _REPO + "/pulls", pull_requests="write", contents="read")
UPDATE_PULL = _write("pulls/update", "PATCH", _REPO + "/pulls/{pull_number}", pull_requests="write")
CREATE_BLOB = _write("git/create-blob", "POST", _REPO + "/git/blobs", RequestKind.WRITE, contents="write")
CREATE_TREE = _write("git/create-tree", "POST", _REPO + "/git/trees", RequestKind.WRITE, contents="write")
CREATE_COMMIT = _write("git/create-commit", "POST", _REPO + "/git/commits", RequestKind.WRITE, contents="write")

# --- GraphQL ---------------------------------------------------------------------------------------------------------

REVIEW_THREADS = _graphql("graphql/review-threads", documents.REVIEW_THREADS, RequestKind.READ, pull_requests="read")
PULL_BRANCH = _graphql(
    "graphql/pull-branch",
    documents.PULL_BRANCH,
    RequestKind.READ,
    checks="read",
    contents="read",
    merge_queues="read",
    pull_requests="read",
)
PULL_BRANCH_ALONE = _graphql(
    "graphql/pull-branch-alone", documents.PULL_BRANCH, RequestKind.READ, checks="read", contents="read",
    pull_requests="read",
)  # fmt: skip
LINKED_PULLS = _graphql(
    "graphql/linked-pulls",
    documents.LINKED_PULLS,
    RequestKind.READ,
    issues="read",
    pull_requests="read",
)
ISSUE_EDITS = _graphql(
    "graphql/issue-edits",
    """
    query IssueEdits($owner: String!, $name: String!, $number: Int!) {
      repository(owner: $owner, name: $name) {
        databaseId
        issue(number: $number) {
          userContentEdits(first: 2) { nodes { editedAt diff editor { __typename login ... on Bot { databaseId } } } }
        }
      }
    }
    """,
    RequestKind.READ,
    issues="read",
)
OBJECTS_AT = _graphql(
    "graphql/objects-at",
    """
    query ObjectsAt($owner: String!, $name: String!%(variables)s) {
      repository(owner: $owner, name: $name) {
        databaseId
        %(fields)s
      }
    }
    """,
    RequestKind.READ,
    contents="read",
)
CONVERSATION = _graphql(
    "graphql/conversation",
    documents.CONVERSATION,
    RequestKind.READ,
    contents="read",
    issues="read",
    pull_requests="read",
)
STANDING = _graphql(
    "graphql/standing", documents.STANDING, RequestKind.READ, checks="read", contents="read", pull_requests="read"
)
RESOLVE_THREAD = _graphql(
    "graphql/resolveReviewThread",
    """
    mutation ResolveThread($id: ID!) {
      resolveReviewThread(input: {threadId: $id}) { thread { id isResolved } }
    }
    """,
    RequestKind.WRITE,
    # Not only pull_requests: measured by many, e.g. https://github.com/orgs/community/discussions/44650
    pull_requests="write",
    contents="write",
)
UNRESOLVE_THREAD = _graphql(
    "graphql/unresolveReviewThread",
    """
    mutation UnresolveThread($id: ID!) {
      unresolveReviewThread(input: {threadId: $id}) { thread { id isResolved } }
    }
    """,
    RequestKind.WRITE,
    pull_requests="write",
    contents="write",  # as for resolving
)
TO_DRAFT = _graphql(
    "graphql/convertPullRequestToDraft",
    """
    mutation ToDraft($id: ID!) {
      convertPullRequestToDraft(input: {pullRequestId: $id}) { pullRequest { id isDraft } }
    }
    """,
    RequestKind.WRITE,
    # Not only pull_requests: measured by others, e.g. https://github.com/boxlite-ai/boxlite/pull/1556
    pull_requests="write",
    contents="write",
)
READY = _graphql(
    "graphql/markPullRequestReadyForReview",
    """
    mutation Ready($id: ID!) {
      markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { id isDraft } }
    }
    """,
    RequestKind.WRITE,
    pull_requests="write",
    contents="write",  # as for drafts
)
COMMIT_FILES = _graphql(
    "graphql/createCommitOnBranch",
    """
    mutation Commit($input: CreateCommitOnBranchInput!) {
      createCommitOnBranch(input: $input) { commit { oid } }
    }
    """,
    contents="write",
)
UPDATE_REFS = _graphql(
    "graphql/updateRefs",
    """
    mutation UpdateRefs($input: UpdateRefsInput!) {
      updateRefs(input: $input) { clientMutationId }
    }
    """,
    RequestKind.WRITE,
    contents="write",
)
