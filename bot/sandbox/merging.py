"""Whether a pull request may be merged: the checks that a ruleset requires, and the others.

https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets#require-status-checks-to-pass-before-merging
"""

from collections.abc import Iterator

from bot.sandbox.model import CheckRun, PullRequest

PASSED = ("success", "neutral", "skipped")
EXPECTED, PENDING, FAILING, PASSING = "expected", "pending", "failing", "passing"


def missing_checks(pull: PullRequest) -> dict[str, str]:
    """The required checks that do not let the pull request through: ``expected``, ``pending`` or ``failing``.

    One that is pinned to an App is what this App says; one that is not, what all say that use its name.
    """
    repo = pull.repo
    states = {name: _state(pull, name, repo.pinned.get(name)) for name in repo.required.get(pull.base_ref, ())}
    return {name: state for name, state in states.items() if state != PASSING}


def refusal(missing: dict[str, str]) -> str:
    """In GitHub's words."""
    if len(missing) == 1:
        ((name, state),) = missing.items()
        return f'Required status check "{name}" is {state}.'
    listed = [f"{sum(each == state for each in missing.values())} {state}" for state in sorted({*missing.values()})]
    return f"{len(missing)} of {len(missing)} required status checks have not succeeded: {' and '.join(listed)}."


def merge_state(pull: PullRequest, *, mergeable: bool | None) -> str:
    """``mergeable_state``."""
    if mergeable is None or pull.issue.state == "closed":
        return "unknown"
    if not mergeable:
        return "dirty"
    if pull.draft:
        return "draft"
    if missing_checks(pull):
        return "blocked"
    names = {run.name for run in _runs(pull)} | {
        each.context for each in pull.repo.statuses if each.sha == pull.head_sha
    }
    return "clean" if all(_state(pull, name, None) == PASSING for name in names) else "unstable"


def _state(pull: PullRequest, name: str, app: int | None) -> str:
    newest = {run.suite.id: run for run in _runs(pull) if run.name == name and app in (None, run.suite.app.id)}
    states = [_of_run(run) for run in newest.values()]
    contexts = [each for each in pull.repo.statuses if (each.sha, each.context) == (pull.head_sha, name)]
    if contexts and app is None:
        states.append({"success": PASSING, "pending": PENDING}.get(contexts[-1].state, FAILING))
    for state in (FAILING, PENDING, PASSING):
        if state in states:
            return state
    return EXPECTED


def _runs(pull: PullRequest) -> Iterator[CheckRun]:
    return (run for run in pull.repo.check_runs.values() if run.head_sha == pull.head_sha)


def _of_run(run: CheckRun) -> str:
    if run.status != "completed":
        return PENDING
    return PASSING if run.conclusion in PASSED else FAILING
