"""``/ssot`` commands and the buttons of the check run."""
