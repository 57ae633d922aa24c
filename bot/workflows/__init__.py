"""What the bot can do, one function per thing: fetch → scan → plan → perform."""
