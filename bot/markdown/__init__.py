"""Markdown for every text of the bot: escaping of other people's text, links, tables, folds, and GitHub's limits."""
