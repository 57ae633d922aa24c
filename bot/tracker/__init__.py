"""The tracking issue: the bot updates its boxes and its section from evidence."""
