"""The whole branch surveyed, and kept."""
