"""The review of a pull request, its check run, and the merge queue."""
