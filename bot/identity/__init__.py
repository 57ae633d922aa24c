"""What the bot recognises itself by, written and read in one place: markers, branch names, external ids, check names.

All of it is stored on GitHub, so none of it may ever change: ``tests/identity/test_golden.py`` has it word for word.
"""
