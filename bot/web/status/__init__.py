"""The operator's pages: what the bot is doing, what is stuck, what is left; each also as JSON."""
