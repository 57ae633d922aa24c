"""Whether an item of the checklist is done.  Pure."""
