"""JSON that is small as bytes and huge as values: read within a bound of memory, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.github.payloads import parse
from bot.github.payloads.document import MOST_VALUES, Unfit, load

ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024
SIZE = 24 * MIB
EMOJI = "\N{GRINNING FACE}".encode()
BOMBS = {
    "lists": "b'[' + b'[],' * (SIZE // 3) + b'[]]'",
    "objects": "b'[' + b'{\"a\":1},' * (SIZE // 8) + b'1]'",
    "numbers": "b'[' + b'1,' * (SIZE // 2) + b'1]'",
    "keys": "b'{' + b','.join(b'\"%d\":1' % n for n in range(SIZE // 12)) + b'}'",
    "allowed lists": "b'[' + b'[],' * 160_000 + b'[]]' + b' ' * SIZE",
    "allowed objects": "b'[' + b'{\"a\":1},' * 160_000 + b'1]' + b' ' * SIZE",
    "deep": "b'[' * SIZE",
    "deep objects": "b'{\"a\":' * (SIZE // 5)",
    "one string": "b'\"' + b'a' * SIZE + b'\"'",
    "one wide character": "b'\"' + b'a' * SIZE + EMOJI + b'\"'",
    "a wide character each": "b'[' + (b'\"' + b'a' * 65_000 + EMOJI + b'\",') * (SIZE // 65_010) + b'1]'",
    "wide characters": "b'\"' + EMOJI * (SIZE // 4) + b'\"'",
    "many wide characters": "b'[' + (b'\"' + b'a' * 100 + EMOJI + b'\",') * (SIZE // 107) + b'1]'",
    "escapes": "b'\"' + b'\\\\\"' * (SIZE // 2) + b'\"'",
    "escapes without an end": "b'\"' + b'\\\\\"' * (SIZE // 2)",
    "quotes": "b'\"' * SIZE",
    "backslashes": "b'\\\\' * SIZE",
    "commas in a string": "b'{\"a\":\"' + b',' * SIZE + b'\"}'",
    "zeros": "b'\\0' * SIZE",
    "half characters": "b'\"' + b'\\xf4\\xbf\\xbf\\xbf' * (SIZE // 4) + b'\"'",
}
MEASURE = """
import sys, time
from bot.github.payloads import parse
parse("push", b"{}")
SIZE, EMOJI = int(sys.argv[1]), bytes.fromhex(sys.argv[2])
body = eval(sys.argv[3])
def memory(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) * 1024
open("/proc/self/clear_refs", "w").write("5")
before = memory("VmRSS")
began = time.process_time()
found = parse("push", body)
print(memory("VmHWM") - before, time.process_time() - began, type(found).__name__)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peak memory is read from Linux' /proc")
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_of_24_mib_takes_no_more_than_five_times_its_bytes(bomb: str) -> None:
    command = [sys.executable, "-c", MEASURE, str(SIZE), EMOJI.hex(), bomb]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    peak, seconds, kind = done.stdout.split()
    assert int(peak) < 5 * SIZE + 8 * MIB
    assert float(seconds) < 5
    assert kind in ("Malformed", "NotInstalled")


@pytest.mark.parametrize("make", [b"[]", b"{}", b'"a"', b"1", b"null"])
def test_the_number_of_values_has_a_bound_and_that_many_are_read(make: bytes) -> None:
    few = MOST_VALUES // 2 - 2
    assert len(load(b"[" + b",".join([make] * few) + b"]")) == few  # type: ignore[arg-type]
    with pytest.raises(Unfit, match="more than 500,000 values"):
        load(b"[" + b",".join([make] * (2 * MOST_VALUES + 2)) + b"]")


@pytest.mark.parametrize("text", ["a,b[c{", '\\",[', "\\\\", "é", "\N{GRINNING FACE}", "\\ud83d\\ude00"])
def test_what_is_in_strings_does_not_count(text: str) -> None:
    body = ('{"a":["' + '","'.join([text * 40_000] * 10) + '"]}').encode()
    found = load(body)
    assert isinstance(found, dict)
    assert len(found["a"]) == 10
    assert len(set(found["a"])) == 1


def test_characters_are_the_same_whether_they_were_written_out_or_not() -> None:
    """Around the places where a large body is cut into blocks, too."""
    for shift in range(5):
        text = "a" * (MIB - 12 - shift) + "\N{GRINNING FACE}éя漢" * 5 + "b" * MIB
        assert load(f'{{"a":"{text}"}}'.encode()) == {"a": text}


def test_a_payload_with_too_many_values_is_a_dead_letter_with_a_reason() -> None:
    found = parse("push", b"[" + b"[]," * 2_000_000 + b"[]]")
    assert "more than 500,000 values" in str(found)
