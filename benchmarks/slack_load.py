"""The bot in Slack under load: a real process, and the stand-in for Slack of the tests.

    python benchmarks/slack_load.py [QUESTIONS] [HOURS]

Asks QUESTIONS (2,000) that the articles' own sentences answer, first some one after another, then
all others twenty at once; replays the events of HOURS (12), one in two seconds, in which people
mostly talk among themselves; and asks 30 at once in one channel with Slack's own limits. Prints
tables. Times are from sending the event to the first sentence in the thread, in milliseconds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from slack_support import Slack
from slack_support_blocks import Limits
from slack_support_bot import Scene, scene
from slack_support_delivery import Delivery
from slack_support_state import BOB, Message

from qabot.log import Log

QUESTIONS = (
    "who is Iran's foreign minister",
    "When did Lavrov visit Tehran?",
    "What is maximum pressure?",
    "What did Trump say on Feb. 4?",
    "where was the press conference held",
    "Why did Trump withdraw from the nuclear deal?",
    "When was the mill of Aldby built?",
    "What did visitors call the mill of Borby?",
)
ALONE = 200
AT_ONCE = 20
PATIENCE = 120.0  # seconds until something is lost


def main() -> None:
    questions = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    hours = float(sys.argv[2]) if len(sys.argv) > 2 else 12.0
    alone = min(ALONE, questions // 2)
    with tempfile.TemporaryDirectory() as folder:
        with scene(Path(folder), "load", QABOT_MODEL="extractive") as opened:
            run(opened, [QUESTIONS[number % len(QUESTIONS)] for number in range(40)], 1)
            print("| | questions | p50 | p95 | slowest | worst ack | lost | twice | MiB |")
            print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
            one = list(cycled(alone))
            report("one after another", opened, lambda: run(opened, one, 1))
            many = list(cycled(questions - alone))
            report(f"{AT_ONCE} at once", opened, lambda: run(opened, many, AT_ONCE))
            print(f"\n{own_times(opened, alone)}\n")
            replay(opened, int(hours * 1_800))
        with scene(
            Path(folder), "limits", slack={"limits": Limits(burst=3)},
            QABOT_MODEL="extractive", QABOT_SLACK_PACE="1",
        ) as limited:  # fmt: skip
            in_one_channel(limited, 30)


def cycled(count: int) -> Iterator[str]:
    for number in range(count):
        yield QUESTIONS[number % len(QUESTIONS)]


def run(opened: Scene, texts: Sequence[str], at_once: int) -> list[Message]:
    """Ask, so many at a time, and wait for the end of each answer."""
    slack = opened.slack
    asked: list[Message] = []
    left: list[Message] = []

    def some_are_whole() -> bool:
        before = len(left)
        left[:] = [one for one in left if not is_whole(slack, one)]
        return len(left) < before

    for text in texts:
        asked.append(slack.mention(text))
        left.append(asked[-1])
        while len(left) >= at_once and slack.wait(some_are_whole, PATIENCE):
            pass
    while left and slack.wait(some_are_whole, PATIENCE):
        pass
    return asked


def is_whole(slack: Slack, question: Message) -> bool:
    return any(map(is_done, replies(slack, question)))


def replies(slack: Slack, question: Message) -> list[Message]:
    """Slack.replies without a search: the threads of a load are many and short."""
    there = slack.workspace.messages[question.channel]
    found = []
    for ts in reversed(there):
        if ts <= question.ts:
            break
        if there[ts].thread_ts == question.ts and there[ts].bot_id:
            found.append(there[ts])
    return found


def report(name: str, opened: Scene, ask: Callable[[], list[Message]]) -> None:
    """One row: what became of these questions."""
    slack = opened.slack
    before = len(slack.deliveries)
    asked = ask()
    time.sleep(1.0)  # what is said twice comes soon after
    sent: dict[str, float] = {}
    for delivery in slack.deliveries[before:]:
        event = delivery.payload["event"]
        if delivery.attempts and event.get("user") != "U0BOT":
            sent.setdefault(event["ts"], delivery.attempts[0])
    answers = [replies(slack, question) for question in asked]
    first = [
        (min(one.written_at for one in answer) - sent[question.ts]) * 1000
        for question, answer in zip(asked, answers, strict=True)
        if answer
    ]
    acks = [one.ack_seconds for one in slack.deliveries[before:]]
    worst = max(one * 1000 for one in acks if one is not None)
    first.sort()
    print(
        f"| {name} | {len(asked)} | {first[len(first) // 2]:.1f} | "
        f"{first[int(len(first) * 0.95)]:.1f} | {first[-1]:.1f} | {worst:.1f} | "
        f"{sum(not any(map(is_done, answer)) for answer in answers)} | "
        f"{sum(len(answer) > 1 for answer in answers)} | {resident(opened):.0f} |"
    )


def is_done(message: Message) -> bool:
    """Whether the bot has marked it as whole."""
    return bool(message.metadata) and not message.is_live


def own_times(opened: Scene, count: int) -> str:
    """Of the time to the first sentence, what the answering itself takes, by the bot's log."""
    log = Log(opened.bot.home)
    entries = log.entries(100_000)
    log.close()
    times = sorted(
        one.answer["timings_ms"]["first_sentence"]
        for one in entries[-count - 40 : len(entries) - 40]
        if "first_sentence" in one.answer["timings_ms"]
    )
    return f"Of that, one after another, the answering itself: p50 {times[len(times) // 2]:.1f} ms"


def replay(opened: Scene, count: int) -> None:
    """Events, one in twenty-five of them a question: what they leave in memory and open files."""
    print("| events | seconds | MiB | open files | not acked |\n|---:|---:|---:|---:|---:|")
    slack, began = opened.slack, time.perf_counter()
    lost = 0
    slack.deliveries = []
    for number in range(count + 1):
        if number and number % 500 == 0:
            batch, slack.deliveries = slack.deliveries, []
            slack.wait(partial(all_acked, batch), PATIENCE)
            lost += sum(one.acked_at is None for one in batch)
            if number % max(500, count // 6 // 500 * 500) == 0:
                seconds = time.perf_counter() - began
                print(
                    f"| {number:,} | {seconds:.0f} | {resident(opened):.0f} | "
                    f"{open_files(opened)} | {lost} |"
                )
        if number % 50 == 0:
            slack.open_home("home" if number % 100 else "messages", BOB)
        elif number % 20 == 0:
            slack.announce_again(slack.mention(QUESTIONS[number // 20 % len(QUESTIONS)]))
        else:
            slack.post(f"Has anybody seen number {number}?", user=BOB)


def all_acked(told: Sequence[Delivery]) -> bool:
    return all(one.acked_at for one in told)


def in_one_channel(opened: Scene, count: int) -> None:
    """Many at once within Slack's limits."""
    began = time.perf_counter()
    asked = [opened.slack.mention(QUESTIONS[number % 8]) for number in range(count)]
    waits = []
    for question in asked:
        opened.answer(question, 300.0)
        waits.append(time.perf_counter() - began)
    refused = sum(call.status == 429 for call in opened.slack.calls())
    print(
        f"\n{count} questions at once in one channel, with Slack's limits: the first answered "
        f"after {waits[0]:.1f} s, half after {waits[count // 2]:.1f} s, all after "
        f"{waits[-1]:.1f} s, {refused} calls refused for their rate"
    )


def resident(opened: Scene) -> float:
    """MiB of memory that the bot holds (Linux)."""
    assert opened.bot.process is not None
    status = Path(f"/proc/{opened.bot.process.pid}/status").read_text("utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def open_files(opened: Scene) -> int:
    assert opened.bot.process is not None
    return len(list(Path(f"/proc/{opened.bot.process.pid}/fd").iterdir()))


if __name__ == "__main__":
    main()
