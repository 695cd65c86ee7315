"""The command ``qabot``; imports late, so that Ctrl-C is met with a line even while starting."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

_STOPPED = 128 + signal.SIGINT


def main() -> None:
    """Run the command line and exit with its code."""
    # One short run makes no garbage worth collecting while it imports, nor while it ends.
    gc.set_threshold(50_000, 50, 50)
    # The threads of NumPy's algebra gain nothing here, and wait for more to do at full speed.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from qabot.cli import run

        code = run()
    except BaseException as error:
        from qabot.errors import was_interrupted

        if not was_interrupted(error):
            raise
        print("Stopped.", file=sys.stderr)
        code = _STOPPED
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done and said; only the end is left
    if code == _STOPPED:
        _leave()
    gc.freeze()
    sys.exit(code)


def _leave() -> NoReturn:
    """End at once: Python itself crashes when it takes apart a library that is half imported."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # none, read by nobody, or closed
            stream.flush()
    os._exit(_STOPPED)


if __name__ == "__main__":
    main()
