"""Runs the engine on untrusted source, in processes that can be killed."""
