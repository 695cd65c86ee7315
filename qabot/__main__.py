"""The command ``qabot``; imports late, so that Ctrl-C is met with a line even while starting."""

from __future__ import annotations

import gc
import os
import sys


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
        code = 130
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
