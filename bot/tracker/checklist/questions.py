"""What an update asks about texts that people wrote.  The server has it answered in a process that can be killed.

A body of 64 KB and a configuration can be made so that reading them, or finding items in them, takes minutes.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """``function(*args)``: a pure function of a module, with picklable arguments; it gets no keys."""

    function: Callable[..., Any]
    args: tuple[object, ...]


def answered_here(steps: Generator[Question, Any, T]) -> T:
    """The result of ``steps``, each question answered in this process: for a person's own files."""
    try:
        question = next(steps)
        while True:
            question = steps.send(question.function(*question.args))
    except StopIteration as end:
        result: T = end.value
        return result
