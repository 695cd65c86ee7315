"""Processes that kill themselves at a given step, without paying for their imports each time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from index_support import python


class Zygote:
    """Forks a process for each order, which kills itself with SIGKILL at a step, if it gets there.

    A step is entering or leaving a function of the modules that are watched.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, home: Path, *arguments: str, point: int | None = None) -> Any:
        """What the work gave and its steps, of a process that came to its end; None if killed."""
        assert self._process.stdin
        assert self._process.stdout
        order = {"home": str(home), "arguments": arguments, "point": point}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def zygote_of(home: Path, code: str) -> Iterator[Zygote]:
    """A process that runs ``code``, which ends with a call of ``obey``."""
    start = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    process = python(home, start + code)
    yield Zygote(process)
    process.communicate()


def obey(work: Callable[..., object], watched: Sequence[ModuleType]) -> None:
    """In the child: do the ``work`` with each order's arguments, in a process of its own."""
    files = {module.__file__ for module in watched}
    for line in sys.stdin:
        order = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.environ["QABOT_HOME"] = order["home"]
            os.dup2(2, 1)
            os.write(writer, json.dumps(_run(work, order, files)).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as said:
            print(said.read() or "null", flush=True)
        os.waitpid(child, 0)


def _run(
    work: Callable[..., object], order: dict[str, Any], files: set[str | None]
) -> tuple[object, int]:
    passed = 0

    def watch(frame: Any, event: str, argument: object) -> None:
        nonlocal passed
        if event in ("call", "return") and frame.f_code.co_filename in files:
            if passed == order["point"]:
                os.kill(os.getpid(), signal.SIGKILL)
            passed += 1

    sys.setprofile(watch)
    done = work(*order["arguments"])
    sys.setprofile(None)
    return done, passed


def spread(steps: int, count: int) -> list[int]:
    """``count`` of ``steps`` steps, the first and the last among them."""
    return sorted({round(number * (steps - 1) / (count - 1)) for number in range(count)})
