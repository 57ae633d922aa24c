"""Where GitHub's documentation says nothing, or GitHub was seen to do both: the sandbox does either."""

from bot.sandbox.world import World


class Switches:
    """The part of the sandbox that chooses.  Each method turns to what is not done without it."""

    world: World

    def let_maintainers_push_to_forks(self) -> None:
        """Take the App's token of the base repository for "Allow edits by maintainers", as git does; else refuse it.

        GitHub documents neither.  Apps that push with git to forks live on the first
        (https://github.com/pre-commit-ci/issues/issues/127), one that used the API met the second
        (https://github.com/tibdex/autorebase/issues/43).
        """
        self.world.fork_pushes = True

    def hide_app_resolvers(self) -> None:
        """GraphQL has ``null`` for ``resolvedBy`` where an App resolved the thread: its type is ``User``."""
        self.world.hides_app_resolver = True

    def resolve_without_contents(self) -> None:
        """``pull_requests: write`` is enough to resolve a thread; else ``contents: write`` is needed too.

        https://github.com/orgs/community/discussions/44650
        """
        self.world.resolving_needs = ("pull_requests:write",)

    def leave_orphan_reviews(self, *, pending: bool) -> None:
        """A review that is refused for one of its comments leaves one without comments behind; else nothing.

        Seen were all three: no review, a submitted one with the body (https://github.com/max-sixty/tend/pull/252), and
        a ``pending`` one that stands in the way of the next (https://github.com/QwenLM/qwen-code/pull/10088).
        """
        self.world.orphan_state = "PENDING" if pending else "COMMENTED"

    def refuse_lines_of_large_patches(self) -> None:
        """No comment on a line of a file whose patch is left out for its size; else they are as on any other."""
        self.world.shown_lines_only = True

    def keep_old_diffs(self) -> None:
        """A pull request's diff starts at the merge base with its base branch as that was at the last push.

        Else at the one with the base branch as it is now.  The documentation says "the latest common commit", and not
        when it is looked for: https://docs.github.com/pull-requests/committing-changes-to-your-project/creating-and-editing-commits/about-commits
        """
        self.world.old_diffs = True
