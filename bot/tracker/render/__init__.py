"""The section of the tracking issue, and the comments on it.  Pure."""
