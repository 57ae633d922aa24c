"""One module per task that the bot sends to itself."""
