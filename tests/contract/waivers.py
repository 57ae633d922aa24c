"""Where GitHub breaks its own description, or the description says less than GitHub does; each with its reason.

A waiver that nothing needs any more fails a test.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.contract.mismatch import Mismatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Mismatches that are none: ``subject`` and ``pointer`` are globs, ``message`` is searched for as a pattern."""

    subject: str
    pointer: str
    message: str
    reason: str

    def covers(self, mismatch: Mismatch) -> bool:
        return (
            fnmatchcase(mismatch.subject, self.subject)
            and fnmatchcase(mismatch.pointer, self.pointer)
            and re.search(self.message, mismatch.message) is not None
        )


class Waivers:
    """A list of waivers that knows which of them were needed."""

    def __init__(self, waivers: Iterable[Waiver]) -> None:
        self._waivers = tuple(waivers)
        self.used: Counter[Waiver] = Counter()

    def unwaived(self, mismatches: Iterable[Mismatch]) -> list[Mismatch]:
        return [mismatch for mismatch in mismatches if not self._waive(mismatch)]

    def _waive(self, mismatch: Mismatch) -> bool:
        covering = [waiver for waiver in self._waivers if waiver.covers(mismatch)]
        self.used.update(covering)
        return bool(covering)

    @property
    def unused(self) -> list[Waiver]:
        return [waiver for waiver in self._waivers if waiver not in self.used]


ADDED_SINCE = "the payload was recorded before GitHub added the property"
RECORDED = (
    Waiver(
        subject="webhook status",
        pointer="/commit/commit/verification",
        message='"verified_at" is a required property',
        reason=ADDED_SINCE,
    ),
    Waiver(
        subject="webhook *",
        pointer="*/*repo*",
        message='"(has_discussions|topics|visibility|disabled)" is a required property',
        reason=ADDED_SINCE,
    ),
    Waiver(
        subject="webhook *",
        pointer="/pull_request",
        message='"(auto_merge|active_lock_reason|draft)" is a required property',
        reason=ADDED_SINCE,
    ),
    Waiver(
        subject="webhook issue*",
        pointer="/issue",
        message='"(active_lock_reason|reactions)" is a required property',
        reason=ADDED_SINCE,
    ),
    Waiver(
        subject="webhook issue*",
        pointer="/issue/labels/*",
        message='"description" is a required property',
        reason=ADDED_SINCE,
    ),
    Waiver(
        subject="webhook *-comment-created",
        pointer="/comment",
        message='"(performed_via_github_app|reactions)" is a required property',
        reason=ADDED_SINCE,
    ),
    Waiver(
        subject="webhook pull-request-review-comment-created",
        pointer="/comment",
        message='"(original_)?(start_)?(line|side)" is a required property',
        reason="recorded when a review comment had a position in the diff and no lines",
    ),
    Waiver(
        subject="webhook installation-*",
        pointer="/installation",
        message='"(app_slug|suspended_at|suspended_by)" is a required property',
        reason=ADDED_SINCE,
    ),
    Waiver(
        subject="webhook installation-*",
        pointer="/installation/*ated_at",
        message=r'\d+ is not of type "string"',
        reason="recorded when GitHub sent these two moments as seconds since 1970",
    ),
    Waiver(
        subject="webhook installation-repositories-added",
        pointer="",
        message='"requester" is a required property',
        reason="GitHub leaves it out when the installation was changed without a request",
    ),
    Waiver(
        subject="webhook check-run-rerequested",
        pointer="/check_run*",
        message='"(node_id|details_url|events|permissions)" is a required property',
        reason=ADDED_SINCE,
    ),
    Waiver(
        subject="webhook check-run-rerequested",
        pointer="/check_run*/app/*ated_at",
        message='is not a "date-time"',
        reason="recorded when an App's moments had a blank for the T and no zone",
    ),
    Waiver(
        subject="webhook *",
        pointer="/repository/homepage",
        message='"" is not a "uri"',
        reason="GitHub sends an empty homepage as it was entered",
    ),
)
"""For GitHub's recorded payloads, which the bot must be able to read."""

HALF_DECLARED = "GitHub sends it everywhere since 2024; the description declares it in some places only"
SANDBOX = (
    Waiver(
        subject="webhook *",
        pointer="*/user",
        message="'user_view_type' was unexpected",
        reason=HALF_DECLARED,
    ),
    Waiver(
        subject="apps/list-installations response 200",
        pointer="/*",
        message="'client_id' was unexpected",
        reason=HALF_DECLARED,
    ),
    Waiver(
        subject="webhook *",
        pointer="*/performed_via_github_app",
        message="'client_id' was unexpected",
        reason=HALF_DECLARED,
    ),
    Waiver(
        subject="webhook *",
        pointer="*/events/*",
        message='^"merge_group" is not one of',
        reason="the description's list of an App's events is older than the merge queue",
    ),
    Waiver(
        subject="webhook *",
        pointer="*/events/*",
        message='^"sub_issues" is not one of',
        reason="the description's list of an App's events is older than sub-issues",
    ),
    Waiver(
        subject="*",
        pointer="*/permissions",
        message="'merge_queues' was unexpected",
        reason="some of the description's lists of an App's permissions are older than the merge queue",
    ),
    Waiver(
        subject="issues/add-labels request",
        pointer="",
        message='is not of type "object"',
        reason="the description's prose says that an array of labels is taken too: PyGithub sends one",
    ),
    Waiver(
        subject="* response 4*",
        pointer="",
        message="'status' was unexpected",
        reason=HALF_DECLARED,
    ),
    Waiver(
        subject="apps/list-installations response 200",
        pointer="/*/account",
        message="",
        reason="the description asks for a user and an enterprise in one (allOf where anyOf is meant)",
    ),
    Waiver(
        subject="repos/get-content response 200",
        pointer="",
        message="content type 'application/vnd.github.raw",
        reason="documented with the operation, but not in the description: "
        "https://docs.github.com/rest/repos/contents#get-repository-content",
    ),
    Waiver(
        subject="pulls/* response 200",
        pointer="*/head/repo",
        message="null is not of type",
        reason="GitHub's answer once the fork is deleted; the webhooks' schemas know it",
    ),
    Waiver(
        subject="pulls/* response 20*",
        pointer="*line",
        message="null is not of type",
        reason="a comment on a whole file has no line; the description is older than such comments",
    ),
    Waiver(
        subject="pulls/* response 20*",
        pointer="*position",
        message="null is not of type",
        reason="a comment on a whole file has no place in the diff",
    ),
    Waiver(
        subject="search/issues-and-pull-requests response 200",
        pointer="/items/*/body",
        message="null is not of type",
        reason="GitHub's answer for an issue without a text; the schema of an issue knows it",
    ),
    Waiver(
        subject="GET /codeload/*",
        pointer="",
        message="no such operation",
        reason="where tarballs are sent from: another server, codeload.github.com, and no part of the API",
    ),
    Waiver(
        subject="webhook pull-request-review-edited",
        pointer="/pull_request/*/repo",
        message="'has_discussions', 'web_commit_signoff_required' were unexpected",
        reason=HALF_DECLARED,
    ),
)
"""For what we and the sandbox send; the test of the whole surface needs every one of them."""
