"""Work in forked processes: results in order, errors as they were raised, deaths noticed."""

import os
from functools import partial

import pytest

from bot.local.parallel import Counter, ForkedCall, WorkerDied, share


class Refused(Exception):
    """An error of the work itself."""


def square(number: int) -> int:
    return number * number


def refuse(number: int) -> int:
    raise Refused(number)


def die(number: int) -> int:
    return os._exit(number) if number else number


@pytest.mark.parametrize("parts", [[], [3], [3, 1, 2], list(range(9))], ids=len)
def test_results_come_in_the_order_of_the_parts(parts: list[int]) -> None:
    assert share(square, parts) == [part * part for part in parts]


def test_results_may_be_bigger_than_a_pipe() -> None:
    assert share(bytes, [1 << 20, 3 << 20]) == [bytes(1 << 20), bytes(3 << 20)]


@pytest.mark.parametrize("parts", [[1], [1, 2]], ids=["here", "elsewhere"])
def test_an_error_is_raised_where_the_result_is_asked_for(parts: list[int]) -> None:
    with pytest.raises(Refused, match="1"):
        share(refuse, parts)


def test_a_worker_that_dies_is_an_error() -> None:
    with pytest.raises(WorkerDied):
        share(die, [0, 1])


def test_a_task_that_is_not_alone_runs_when_it_is_asked() -> None:
    seen: list[int] = []
    task = ForkedCall(partial(seen.append, 1), alone=False)
    assert seen == []
    task.result()
    assert seen == [1]


def test_counts_of_all_processes_add_up() -> None:
    counter = Counter(3)

    def work(place: int) -> None:
        for _ in range(place + 1):
            counter.add(place)

    share(work, [0, 1, 2])
    assert counter.total() == 6


def test_the_caller_is_told_while_it_waits() -> None:
    reading, writing = os.pipe()
    task = ForkedCall(lambda: os.read(reading, 1))
    told: list[bool] = []

    def tell() -> None:
        told.append(True)
        os.write(writing, b"x")

    assert task.result(tell) == b"x"
    assert told
    os.close(reading)
    os.close(writing)
