"""Markdown task lists: parse, evaluate evidence, edit in place.  Pure."""
