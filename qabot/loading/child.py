"""The process in which strangers' files are parsed: it may hang, fill its memory or crash.

It reads orders from standard input and answers on standard output, one at a time (``worker.py``
is at the other end), within limits that the system enforces.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, BinaryIO

from qabot.errors import LoadError
from qabot.loading.formats import FORMATS, kind_of_media, recognised
from qabot.loading.model import Extract, Hints

LONGEST_WORK = 60
"""Seconds of processor time for one order: an end to it where nobody is left to make one."""


def main() -> None:
    """Answer orders until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who gives the orders
    orders = sys.stdin.buffer
    # What a library prints must not stand among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _limit(int(sys.argv[1]))
    _send(answers, {"ready": True})
    while line := orders.readline():
        order = json.loads(line)
        data = orders.read(order["size"])
        _limit_time()
        _send(answers, _answer(order, data))


def _answer(order: Mapping[str, Any], data: bytes) -> dict[str, Any]:
    try:
        found = list(_read(order, data))
    except LoadError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"worn": True, "error": "takes more memory to read than an article may."}
    except RecursionError:
        return {"error": "is nested too deep to be an article."}
    except Exception as error:  # whatever a parser does on what it did not expect
        return {"error": f"is broken: its parser failed ({type(error).__name__})."}
    return {
        "read": [asdict(one) if isinstance(one, Extract) else {"error": str(one)} for one in found]
    }


def _read(order: Mapping[str, Any], data: bytes) -> Any:
    if order["kind"] != "address":
        hints = Hints(order["charset"], order["url"])
        return FORMATS[order["kind"]].read(data, hints)
    from qabot.loading.address import fetch

    fetched = fetch(order["url"], order["allow_private"])
    kind = recognised(fetched.data, kind_of_media(fetched.media_type) or "text")
    if kind == "docx":
        raise LoadError("is an archive or a Word file. Download it, and give the file.")
    return FORMATS[kind].read(fetched.data, Hints(fetched.charset, fetched.url))


def _send(answers: BinaryIO, answer: Mapping[str, Any]) -> None:
    data = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
    answers.write(b"%d\n" % len(data) + data)
    answers.flush()


def _limit(memory: int) -> None:
    """Bounds on memory; and no file is written. Where the system knows none, time alone is."""
    try:
        import resource
    except ImportError:
        return
    for name, most in (("RLIMIT_AS", memory), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        try:
            limit = getattr(resource, name)
            hard = resource.getrlimit(limit)[1]
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(limit, (allowed, hard))
        except (AttributeError, OSError, ValueError):
            continue


def _limit_time() -> None:
    try:
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime) + LONGEST_WORK
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    except (ImportError, OSError, ValueError):
        return
