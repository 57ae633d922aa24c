"""Whether an item of the checklist is true.  Pure."""
