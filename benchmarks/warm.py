"""A question to a bot that is already open, on the article that comes with qabot.

    python benchmarks/warm.py [ROUNDS]

Prints the median and the 95th percentile over every question and round, and the slowest question.
The first round is not counted: it fills the caches that a running bot has.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from qabot.build import open_bot
from qabot.settings import Settings

QUESTIONS = (
    "why won't Iran negotiate?",
    "who is Iran's foreign minister",
    "When did Lavrov visit Tehran?",
    "What is maximum pressure?",
    "What did Trump say on Feb. 4?",
    "How long does the agreement between Moscow and Tehran last?",
    "which countries were invited to the talks",
    "What did the United States do on Monday?",
    "where was the press conference held",
    "Who is the president of Iran?",
    "What does JCPOA stand for?",
    "Why did Trump withdraw from the nuclear deal?",
    "What is the price of oil?",
    "How many centrifuges does Iran have?",
    "What did Netanyahu say?",
    "Who won the football match?",
    "What is the capital of Australia?",
    "warum verhandelt der Iran nicht?",
    "sanctions",
    "Tell me everything about the visit of the Russian foreign minister and what he said there",
)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        bot = open_bot(Settings(home=Path(folder)))
        measured: dict[str, list[float]] = {question: [] for question in QUESTIONS}
        for number in range(1 + rounds):
            for question in QUESTIONS:
                started = time.perf_counter()
                bot.ask(question)
                if number:
                    measured[question].append((time.perf_counter() - started) * 1000)
        bot.close()
    everything = sorted(value for values in measured.values() for value in values)
    slowest = max(QUESTIONS, key=lambda question: statistics.median(measured[question]))
    print("| questions | p50 ms | p95 ms | slowest question, its median ms |")
    print("|---:|---:|---:|---|")
    print(
        f"| {len(everything)} | {statistics.median(everything):.1f} | "
        f"{everything[int(len(everything) * 0.95)]:.1f} | "
        f"{slowest} {statistics.median(measured[slowest]):.1f} |"
    )


if __name__ == "__main__":
    main()
