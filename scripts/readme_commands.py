"""Print the Nth block of commands of README.md (from 1), exactly as a reader would copy it.

python scripts/readme_commands.py N
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[str]:
    """Every block of shell commands, in order."""
    return _BLOCK.findall(README.read_text(encoding="utf-8"))


if __name__ == "__main__":
    print(blocks()[int(sys.argv[1]) - 1], end="")
