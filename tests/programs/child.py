"""Runs scripts for the suite: for each line on stdin (JSON: ``[directory, script]``) a forked process.

What the script printed, and the exception that ended it, come back as a line of JSON.  Run by itself, without the
product's packages, so that a program sees nothing of the suite.  Its arguments are modules of the standard library to
import at the start: many programs import them, and each would take long.
"""

import importlib
import json
import os
import runpy
import signal
import sys
import tempfile

SECONDS = 20


def main() -> None:
    for name in sys.argv[1:]:
        importlib.import_module(name)
    for line in sys.stdin:
        directory, script = json.loads(line)
        with tempfile.TemporaryFile() as out:
            process = os.fork()
            if not process:
                _run(directory, script, out.fileno())
            os.waitpid(process, 0)
            out.seek(0)
            answer = out.read().decode("utf-8", "replace")
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _run(directory: str, script: str, out: int) -> None:
    """In the forked process: never returns."""
    signal.alarm(SECONDS)
    sys.stdin.close()
    os.dup2(out, 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.dont_write_bytecode = True
    sys.path[0] = directory
    sys.argv = [script]
    os.chdir(directory)
    try:
        runpy.run_path(script, run_name="__main__")
    except BaseException as error:  # noqa: BLE001  whatever ends a program is its outcome
        sys.stdout.write(f"ended by {type(error).__name__}\n")  # a program may replace print
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
