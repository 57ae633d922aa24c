"""How the bot recognises its own work, written and read in one place: markers, branches, external ids, check names.

All of it is stored on GitHub, so none of it may ever change: ``tests/identity/test_golden.py`` holds every byte.
"""
