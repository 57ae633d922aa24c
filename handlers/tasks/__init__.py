"""One module per task of the bot's own."""
