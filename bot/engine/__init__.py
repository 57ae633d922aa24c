"""The engine: bytes in, values out.  No input or output, no clock, no environment, no network."""
