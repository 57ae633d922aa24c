"""A repository on this machine: listed, read, scanned on all cores, with a cache of the results."""
