"""Modules that are loaded while other processes work.

A whole-tree scan takes about as long as loading what it is done with (0.2 s).  So its modules are loaded in the places
where this process would only wait: for git's list of the files, for the configuration, for the search of the files.
What is loaded there is used later, by imports inside functions, which then cost nothing.
"""

import importlib


def preload(*modules: str) -> None:
    """Load the modules, in this order, so that a later import finds them there."""
    for module in modules:
        importlib.import_module(module)
