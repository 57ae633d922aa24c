"""What a kept result of a scan is found by."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTEXT = """
from pathlib import Path
from bot.config.builtin import CONFIG
from bot.engine.program.facts import Facts
from bot.engine.program.index import Index
from bot.local.cache import Cache

names = frozenset(f"name{n}" for n in range(50))
facts = {"b.py": Facts(keeps=names), "a.py": Facts(words=names)}
print(Cache.of(CONFIG, Path("kept")).at(Index(facts=facts), True).context)
"""


def context(seed: int) -> str:
    own = {**os.environ, "PYTHONHASHSEED": str(seed)}
    done = subprocess.run(
        [sys.executable, "-c", CONTEXT], cwd=ROOT, env=own, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_results_are_found_again_by_another_process() -> None:
    assert context(1) == context(2), "sets have an order of their own in every process"
