"""What the bot is for, with a GitHub of each version of the API: with both, with the first alone, and without any."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.versions import FIRST, LATER
from tests.contract.observer import ContractObserver
from tests.e2e.test_buttons import test_apply_commits_the_safe_fixes_and_says_so_once
from tests.e2e.test_commands import (
    ann,
    pr,
    test_a_skipped_finding_is_listed_and_fails_nothing_until_it_is_undone,
    test_scan_gives_the_verdict_anew,
)
from tests.e2e.test_configuration import test_in_the_merge_queue
from tests.e2e.test_migrate import (
    test_bytes_and_modes_are_kept,
    test_the_safe_fixes_are_committed_and_the_answer_says_all,
)
from tests.e2e.test_migrate_issue import test_it_opens_a_pull_request_with_the_safe_fixes
from tests.e2e.test_odd_pull_requests import test_links_submodules_and_binaries_are_passed_over
from tests.e2e.test_rerun_all import test_a_pull_request_gets_a_new_run
from tests.e2e.test_review import (
    test_a_new_usage_is_reviewed_with_a_suggestion_that_applies_as_it_stands,
    test_applying_the_suggestion_resolves_its_thread_and_turns_the_check_green,
    test_the_same_delivery_again_adds_nothing,
)
from tests.e2e.test_siblings import failing, test_the_worst_verdict_stands_for_the_commit
from tests.e2e.test_sweep import test_pull_requests_without_a_check_run_of_ours_get_their_review
from tests.e2e.test_tracker import (
    issue,
    repo,
    test_a_merge_ticks_and_its_revert_clears_with_its_name,
)

__all__ = [
    "ann",
    "failing",
    "issue",
    "pr",
    "repo",
    "test_a_merge_ticks_and_its_revert_clears_with_its_name",
    "test_a_new_usage_is_reviewed_with_a_suggestion_that_applies_as_it_stands",
    "test_a_pull_request_gets_a_new_run",
    "test_a_skipped_finding_is_listed_and_fails_nothing_until_it_is_undone",
    "test_apply_commits_the_safe_fixes_and_says_so_once",
    "test_applying_the_suggestion_resolves_its_thread_and_turns_the_check_green",
    "test_bytes_and_modes_are_kept",
    "test_in_the_merge_queue",
    "test_it_opens_a_pull_request_with_the_safe_fixes",
    "test_links_submodules_and_binaries_are_passed_over",
    "test_pull_requests_without_a_check_run_of_ours_get_their_review",
    "test_scan_gives_the_verdict_anew",
    "test_the_safe_fixes_are_committed_and_the_answer_says_all",
    "test_the_same_delivery_again_adds_nothing",
    "test_the_worst_verdict_stands_for_the_commit",
]


@pytest.fixture(params=[(FIRST, LATER), (FIRST,), ()], ids=["both versions", "the first version", "no versions"])
async def github(contract_observer: ContractObserver, request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """All that is asked with a token is asked for the newest version that there is."""
    async with Sandbox(observer=contract_observer) as sandbox:
        sandbox.world.versions = request.param
        yield sandbox
        of_installations = [each for each in sandbox.requests if each.identity.startswith("installation:")]
        asked = [each.version for each in of_installations if each.template != "/versions"]
        assert set(asked) == {LATER if LATER in request.param else FIRST}
        assert len(of_installations) - len(asked) == 1
