"""The payloads about check runs and check suites.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_run
"""

from bot.domain.events import CheckRunEvent, CheckSuiteEvent
from bot.github.payloads.parts import (
    Account,
    BranchedRepository,
    Id,
    InRepository,
    ObjectId,
    PayloadPart,
    Text,
    WithId,
    WithNumber,
)


class _CheckSuite(PayloadPart):
    head_branch: Text | None = None


class _CheckRun(PayloadPart):
    id: Id
    name: Text
    app: WithId | None
    head_sha: ObjectId
    pull_requests: tuple[WithNumber, ...]
    external_id: Text | None = None
    check_suite: _CheckSuite | None = None

    @property
    def branches(self) -> set[str]:
        """That of its suite, if the payload has it."""
        branch = self.check_suite.head_branch if self.check_suite else None
        return set() if branch is None else {branch}


class _Button(PayloadPart):
    identifier: Text | None = None


class CheckRunPayload(InRepository):
    """``check_run``."""

    action: Text
    check_run: _CheckRun
    repository: BranchedRepository
    sender: Account
    requested_action: _Button | None = None

    def event(self) -> CheckRunEvent:
        run, pressed = self.check_run, self.requested_action
        return CheckRunEvent(
            action=self.action,
            repo=self.repo,
            check_run_id=run.id,
            name=run.name,
            app_id=None if run.app is None else run.app.id,
            head_sha=run.head_sha,
            external_id=run.external_id or "",
            pulls=tuple(pull.number for pull in run.pull_requests),
            sender=self.sender.person(),
            identifier=pressed.identifier if pressed else None,
            on_default_branch=self.repository.may_have_as_default(run.branches),
        )


class _SuiteApp(PayloadPart):
    id: Id | None = None


class _RequestedSuite(PayloadPart):
    head_sha: ObjectId
    app: _SuiteApp | None = None


class CheckSuitePayload(InRepository):
    """``check_suite``."""

    action: Text
    check_suite: _RequestedSuite
    sender: Account | None = None

    def event(self) -> CheckSuiteEvent:
        suite = self.check_suite
        return CheckSuiteEvent(
            action=self.action,
            repo=self.repo,
            app_id=None if suite.app is None else suite.app.id,
            head_sha=suite.head_sha,
            sender=None if self.sender is None else self.sender.person(),
        )
