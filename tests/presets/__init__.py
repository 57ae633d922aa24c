"""The built-in migrations."""
