"""Choices: by a number (a seed gives the same program for ever) or by Hypothesis (which makes it smaller)."""

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

_T = TypeVar("_T")


class Draw(ABC):
    """Where choices come from."""

    @abstractmethod
    def number(self, below: int) -> int:
        """One of ``below`` numbers, from 0."""

    def pick(self, options: Sequence[_T]) -> _T:
        """One of the options."""
        return options[self.number(len(options))]

    def chance(self, percent: int) -> bool:
        """Yes in so many cases of a hundred."""
        return self.number(100) >= 100 - percent

    def some(self, options: Sequence[_T], least: int, most: int) -> list[_T]:
        """Between ``least`` and ``most`` of the options, each at most once, in any order."""
        left, found = list(options), list[_T]()
        for _ in range(min(len(left), least + self.number(most - least + 1))):
            found.append(left.pop(self.number(len(left))))
        return found


class Seeded(Draw):
    """The choices of a seed.  ``random()`` is the one method whose results Python promises not to change."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  no secret

    def number(self, below: int) -> int:
        return int(self._random.random() * below)


class Drawn(Draw):
    """The choices of Hypothesis."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, below: int) -> int:
        return self._draw(st.integers(0, below - 1))
