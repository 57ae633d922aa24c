"""Surveys of a whole branch, and their store."""
