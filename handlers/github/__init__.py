"""One module per GitHub event."""
