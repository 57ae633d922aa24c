"""One module per event of GitHub's."""
