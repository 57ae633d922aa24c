"""What a module itself says is deprecated."""

import pytest

from bot.engine.source.deprecations import deprecations

FOUND = {
    "a-decorator": ("@deprecated('Use new() instead')\ndef old(): ...\n", [("old", ("new",))]),
    "of-warnings": ("@warnings.deprecated('x')\nclass Old: ...\n", [("Old", ())]),
    "without-a-call": ("@deprecated\ndef old(): ...\n", [("old", ())]),
    "with-a-reason": ("@deprecated(version='1', reason='Use `a.b.new`.')\ndef old(): ...\n", [("old", ("a.b.new",))]),
    "with-details": (
        "@deprecation.deprecated(deprecated_in='1', details='replaced by `new`')\nasync def old(): ...\n",
        [("old", ("new",))],
    ),
    "a-warning": (
        "def old():\n    'doc'\n    warnings.warn('old is gone, use new', DeprecationWarning)\n",
        [("old", ("new",))],
    ),
    "a-category": ("def old():\n    warn(f'{x}: use new', category=PendingDeprecationWarning)\n", [("old", ("new",))]),
    "of-its-own-kind": ("def old():\n    warn('x', errors.AcmeDeprecationWarning)\n", [("old", ())]),
    "a-constructor": (
        "class Old:\n    x = 1\n    def __init__(self):\n        warnings.warn('Use New', DeprecationWarning)\n",
        [("Old", ("New",))],
    ),
    "a-method": ("class C:\n    @deprecated('Use n')\n    def m(self): ...\n    def n(self): ...\n", [("C.m", ("n",))]),
    "a-module": ("import warnings\nwarnings.warn('Use acme.new', DeprecationWarning)\n", [("", ("acme.new",))]),
    "a-directive": (
        "def old():\n    '''Do.\n\n    .. deprecated:: 1.0\n       Use :func:`~acme.new` instead.\n    '''\n",
        [("old", ("acme.new",))],
    ),
    "one-line": ("def old():\n    '.. deprecated:: 2'\n", [("old", ())]),
}


@pytest.mark.parametrize(("source", "found"), FOUND.values(), ids=FOUND)
def test_what_is_deprecated(source: str, found: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(each.name, each.successors) for each in deprecations(source.encode())] == found


NOT = {
    "below-a-condition": "def f(a=None):\n    if a: warnings.warn('a is deprecated', DeprecationWarning)\n",
    "of-a-parameter": "def f(a):\n    '''Do.\n\n    a : int\n        .. deprecated:: 1.0\n    '''\n",
    "another-warning": "def f():\n    warnings.warn('deprecated', UserWarning)\n",
    "a-name": "deprecated = 1\ndef f(): return deprecated\n",
    "an-overload": "@overload\n@deprecated('x')\ndef f(a: int) -> int: ...\n",
    "a-setter": "class C:\n    @x.setter\n    @deprecated('x')\n    def x(self, v): ...\n",
    "in-a-function": "def f():\n    @deprecated('x')\n    def g(): ...\n",
    "another-decorator": "@not_deprecated\ndef f(): ...\n",
    "no-python": "@deprecated('x')\ndef f(:\n",
    "nul": "deprecated\0",
    "deep": "deprecated" + "(" * 5_000,
}


@pytest.mark.parametrize("source", NOT.values(), ids=NOT)
def test_what_is_not(source: str) -> None:
    assert deprecations(source.encode()) == ()


def test_the_advice_is_one_short_line() -> None:
    (found,) = deprecations(b"@deprecated('a\\n  b' 'c' * 1)\ndef f(): ...\n@deprecated('''x\n y''')\ndef g(): ...\n")[
        1:
    ]
    assert found.advice == "x y"
    (long,) = deprecations(b"@deprecated('" + b"x " * 1000 + b"')\ndef f(): ...\n")
    assert len(long.advice) == 301
