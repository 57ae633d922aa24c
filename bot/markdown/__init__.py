"""What every text of the bot needs: other people's words as text, links, tables, folds, and GitHub's limits."""
