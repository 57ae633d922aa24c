"""Mutation fuzzing of configuration files: ``python -m tests.config.fuzz [ROUNDS [SEED]]``.

Every mutant must be read or refused with a place; anything else ends the run with the seed and the mutant.
"""

import random
import sys
import time
from collections.abc import Iterator

from bot.config import load, preset_names, preset_text
from bot.domain.errors import ConfigError
from tests.config.cases import VALID, WRONG

SNIPPETS = [
    *"[]{}:,-&*!|>'\"%@`#?\\\n\t \0~=$.",
    *(
        "---\n",
        "...\n",
        "- ",
        ": ",
        "? ",
        "<<: ",
        "&a ",
        "*a ",
        "!!str ",
        "|\n ",
        ">-\n  ",
        "\r\n",
        "\\x",
        "\\U0001F600",
    ),
    *(
        "null",
        "no",
        "010",
        "1e9",
        "\u2028",
        "\x85",
        "\ufeff",
        "\udcff",
        "é",
        "𝐨",
        "$*a",
        "$deprecated",
        "\\ud800",
        "'''",
    ),
]


def mutants(rounds: int, seed: int) -> Iterator[str]:
    """Files with some characters removed, repeated, moved or put in."""
    generator = random.Random(seed)  # noqa: S311 (no secret)
    corpus = [*VALID.values(), *(w.text for w in WRONG if isinstance(w.text, str) and len(w.text) < 2000)]
    corpus += [preset_text(name) for name in preset_names() if len(preset_text(name)) < 5000]
    for _ in range(rounds):
        text = generator.choice(corpus)
        for _ in range(generator.randint(1, 5)):
            text = _mutated(text, generator)
        yield text


def _mutated(text: str, generator: random.Random) -> str:
    start = generator.randint(0, len(text))
    end = min(len(text), start + generator.choice((0, 1, 1, 2, 5, 20)))
    match generator.randint(0, 3):
        case 0:
            middle = ""
        case 1:
            middle = text[start:end] * generator.choice((2, 3, 30))
        case 2:
            other = generator.randint(0, len(text))
            middle = text[other : other + 10]
        case _:
            middle = generator.choice(SNIPPETS)
    return text[:start] + middle + text[end:]


def check(source: str | bytes) -> bool:
    """Whether the file is valid.  Anything but a value or a `ConfigError` with a place escapes."""
    try:
        load(source)
    except ConfigError as error:
        for found in (error, *error.others):
            if found.line < 1 or found.column < 1:
                raise AssertionError(f"an error without a place: {found}") from error
        return False
    return True


def main(rounds: int = 100_000, seed: int = 506) -> None:
    valid, slowest = 0, 0.0
    for text in mutants(rounds, seed):
        started = time.process_time()
        try:
            valid += check(text)
        except BaseException:
            print(f"seed {seed}: {text!r}", file=sys.stderr)
            raise
        slowest = max(slowest, time.process_time() - started)
    print(f"{rounds} files (seed {seed}): {valid} valid, the rest refused; slowest {slowest * 1000:.0f} ms of CPU")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
