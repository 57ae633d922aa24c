"""How the time of some work grows with the size of what it reads."""

import gc
import time
from collections.abc import Callable


def seconds(work: Callable[[], object]) -> float:
    """Of this thread on the processor: what others do on the machine does not count, nor what other tests left."""
    gc.collect()
    gc.disable()
    try:
        began = time.thread_time()
        work()
        return time.thread_time() - began
    finally:
        gc.enable()


def grows_linearly(work: Callable[[int], object], largest: int) -> bool:
    """Four times the size takes less than nine times as long, where it takes long enough to be told from noise."""
    for _ in range(3):
        small, large = seconds(lambda: work(largest // 4)), seconds(lambda: work(largest))
        if large < 0.05 or large / small < 9:
            return True
    return False
