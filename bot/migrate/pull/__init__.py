"""``/ssot migrate`` on a pull request."""
