"""The names by which GitHub and people's settings know the bot's check run."""

CHECK_NAME = "ssot"
"""The name of the check run: what a branch protection rule requires."""

APPLY_SAFE_FIXES = "apply-safe-fixes"
RESCAN = "rescan"
"""The identifiers of the check run's buttons, which GitHub sends back when one is pressed."""
