"""The end of a migration: the pull request that takes out the deprecated definition."""
