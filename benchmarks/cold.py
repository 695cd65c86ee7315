"""One question as a whole process: qabot against the smallest LlamaIndex + Chroma program.

    python benchmarks/cold.py [PAIRS]

Both read an index that is already there. They run in alternating pairs, so that whatever else the
machine does falls on both alike; the ratio is the median of the pairs' ratios. The second table
says where qabot's time goes. Tables are Markdown, for docs/performance.md.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED = next((HERE.parent / "seeds").glob("*.txt"))
QUESTION = "why won't Iran negotiate?"
WARM_UP = 2


def run(command: list[str], home: str) -> tuple[float, float, str]:
    """Wall seconds, peak resident MiB and standard output of a process; it must exit with 0."""
    environment = {**os.environ, "QABOT_HOME": home}
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command} exited with {process.returncode}")
        output.seek(0)
        return seconds, usage.ru_maxrss / 1024, output.read().decode()


def compare(pairs: int, home: str, store: str) -> None:
    """Print the median seconds and peak memory of both programs, and their ratio."""
    commands = {
        "`qabot ask`": [sys.executable, "-m", "qabot", "ask", QUESTION],
        "smallest LlamaIndex + Chroma": [
            sys.executable, str(HERE / "smallest_llamaindex.py"), store, QUESTION,
        ],
    }  # fmt: skip
    runs: dict[str, list[tuple[float, float, str]]] = {name: [] for name in commands}
    for number in range(WARM_UP + pairs):
        for name, command in commands.items():
            measured = run(command, home)
            if number >= WARM_UP:
                runs[name].append(measured)
    print(f"| {pairs} pairs | median s | fastest s | slowest s | peak MiB |")
    print("|---|---:|---:|---:|---:|")
    for name, measured in runs.items():
        seconds = [one[0] for one in measured]
        memory = statistics.median(one[1] for one in measured)
        print(
            f"| {name} | {statistics.median(seconds):.2f} | {min(seconds):.2f} | "
            f"{max(seconds):.2f} | {memory:.0f} |"
        )
    ours, theirs = runs.values()
    ratios = [one[0] / other[0] for one, other in zip(ours, theirs, strict=True)]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"\nRatio of the pairs, median: **{statistics.median(ratios):.2f}** ({spread})\n")


def laps(times: int, home: str) -> None:
    """Print where the time of ``qabot ask`` goes, step by step."""
    steps: dict[str, list[float]] = {}
    for number in range(1 + times):
        start, _, _ = run([sys.executable, "-c", "pass"], home)
        seconds, _, output = run([sys.executable, str(HERE / "laps.py"), QUESTION], home)
        measured = {"start the interpreter": start * 1000, **json.loads(output)}
        measured["end the interpreter"] = seconds * 1000 - sum(measured.values())
        for step, milliseconds in measured.items():
            if number:
                steps.setdefault(step, []).append(milliseconds)
    medians = {step: statistics.median(values) for step, values in steps.items()}
    total = sum(medians.values())
    print("| step | median ms | share |\n|---|---:|---:|")
    for step, milliseconds in medians.items():
        print(f"| {step} | {milliseconds:.0f} | {milliseconds / total:.0%} |")
    print(f"| together | {total:.0f} | 100% |")


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        home, store = str(Path(folder, "home")), str(Path(folder, "store"))
        run([sys.executable, str(HERE / "build_llamaindex.py"), store, str(SEED)], home)
        run([sys.executable, "-m", "qabot", "ingest", str(SEED)], home)
        compare(pairs, home, store)
        laps(pairs, home)


if __name__ == "__main__":
    main()
