"""The fixes as commits: to a pull request (``pull``), and as migration pull requests (``batches``)."""
