"""The end of a migration: the pull request that removes the deprecated definition."""
