"""The faults that are known: programs that fail now.  A test says so when one is mended: take it off the list then."""

KNOWN: frozenset[str] = frozenset()
