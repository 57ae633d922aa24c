"""Programs put together at random: what the written ones in ``data`` have not thought of.

A program has a library with deprecated names and their successors, modules that use them, and often some that write,
patch, star-import or hand on these names.  `composing.program` puts one together out of ``pieces``.
"""
