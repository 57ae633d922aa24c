"""Errors of the operating system as sentences."""

import errno


def said(error: BaseException) -> str:
    """What happened, to which file; never a number alone.  The text of our own errors is one already."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error) or type(error).__name__
    if error.errno == errno.EADDRINUSE:
        return "another program listens on this address already; choose another port with --port"
    text = error.strerror[:1].lower() + error.strerror[1:]
    names = [name for name in (error.filename, error.filename2) if isinstance(name, (str, bytes))]
    shown = " → ".join(name.decode("utf-8", "replace") if isinstance(name, bytes) else name for name in names)
    return f"{shown}: {text}" if shown else text
