"""The text of a file: its bytes and lines, names in it, what cannot be read."""
