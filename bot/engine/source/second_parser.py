"""What LibCST, the second parser of the proof, makes of a whole file before it is written, committed or suggested.

It takes a fifth of a second to load, and may take any time and memory on a hostile file: load it at the first fix,
in a process that can be killed.
"""

import warnings


class SecondParser:
    """LibCST's word on the results of one file; ``before`` is the file as it is."""

    def __init__(self, before: bytes) -> None:
        self._before = before
        self._exact: bool | None = None

    def fault(self, after: bytes) -> str | None:
        """What is wrong with ``after``, in words that follow "the rewritten file"; ``None``: nothing.

        It has to parse, and to come back byte for byte where the untouched file does.  Where that does not (a form
        feed before ``def``, CR alone), it is enough that both parse.
        """
        exact = _comes_back(after)
        if exact:
            return None
        if self._exact is None:
            self._exact = _comes_back(self._before)
        if exact is None or self._exact is None:
            return "LibCST does not parse it"
        return "LibCST does not give it back byte for byte" if self._exact else None


def _comes_back(source: bytes) -> bool | None:
    """Whether a file comes back as it was; ``None`` when it does not parse."""
    import libcst as cst

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return cst.parse_module(source).bytes == source
    except (cst.ParserSyntaxError, SyntaxError, ValueError, LookupError, RecursionError):
        return None
