"""Values to Markdown: every word that the bot says on GitHub is in this package."""
