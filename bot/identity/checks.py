"""The names of the bot's check run and its buttons, which GitHub and branch protection rules use."""

CHECK_NAME = "ssot"
"""The name of the check run: what a branch protection rule requires."""

PREVIEW_NAME = "ssot preview"
"""The name of the check run that shows what a changed configuration would find: it blocks nothing."""

APPLY_SAFE_FIXES = "apply-safe-fixes"
RESCAN = "rescan"
"""The identifiers of the check run's buttons, which GitHub sends back when one is pressed."""
