"""A repository on this machine: lists, reads and scans it on all cores, with a cache of results."""
