"""The server that forks the processes of ``process_support``; it imports nothing of the tests."""

from __future__ import annotations

import builtins
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import Any

LOADED = (
    "chromadb", "chromadb.api.fastapi", "wordllama", "tokenizers", "openai", "rich.console",
    "rich.table", "qabot.build", "qabot.cli.main", "qabot.conversation", "qabot.doctor",
    "qabot.encoder",
    "qabot.llamaindex", "qabot.log", "qabot.openai_client", "qabot.rebuild",
    "qabot.render.terminal", "qabot.server_index", "qabot.slack.run", "qabot.vectors",
)  # fmt: skip
"""What the server loads. ONNX Runtime is not of it: loading it starts a thread."""


def serve(listener: int, life: int) -> Callable[[], object]:
    """Fork for each order until ``life`` ends; in a forked process, give what it is to run."""
    orders = socket.socket(fileno=listener)
    running: dict[int, socket.socket] = {}
    ended, ending = os.pipe()
    os.set_blocking(ending, False)
    signal.set_wakeup_fd(ending)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready = select.select([orders, life, ended], [], [])[0]
        if life in ready:
            os._exit(0)
        if ended in ready:
            os.read(ended, 4096)
            _tell(running)
        if orders in ready:
            connection, _ = orders.accept()
            order, streams = _received(connection)
            _load()
            if child := os.fork():
                running[child] = connection
                for descriptor in streams:
                    os.close(descriptor)
                connection.sendall(b"%d\n" % child)
                continue
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for one in (orders, connection, *running.values()):
                one.close()
            for descriptor in (life, ended, ending):
                os.close(descriptor)
            return _prepared(order, streams)


def _tell(running: dict[int, socket.socket]) -> None:
    """Say of each process that has ended how it did."""
    for child in list(running):
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            with running.pop(child) as connection, suppress(OSError):
                connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _received(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as file:
        return json.loads(file.read()), streams


@cache
def _load() -> None:
    for name in LOADED:
        importlib.import_module(name)
    # What is loaded is no work for the collector of each process.
    gc.collect()
    gc.freeze()


def _prepared(order: Mapping[str, Any], streams: Sequence[int]) -> Callable[[], object]:
    """Make this process what the order says; what is left to do is to run the program."""
    if order["session"]:
        os.setsid()
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    for descriptor in streams:
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = _standard(number, getattr(sys, name), order["environment"])
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    kind, program, *arguments = order["arguments"]
    sys.argv[:] = [kind, *arguments]
    if kind == "-m":
        return partial(runpy.run_module, program, run_name="__main__", alter_sys=True)
    names = {"__name__": "__main__", "__builtins__": builtins}
    return partial(exec, compile(program, "<string>", "exec"), names)


def _standard(number: int, like: Any, environment: Mapping[str, str]) -> io.TextIOWrapper:
    """A standard stream as Python opens it."""
    writes, at_once = number > 0, "PYTHONUNBUFFERED" in environment
    file = open(number, "wb" if writes else "rb", 0 if writes and at_once else -1, closefd=False)  # noqa: SIM115
    encoding, _, errors = environment.get("PYTHONIOENCODING", "").partition(":")
    return io.TextIOWrapper(
        file,
        encoding or like.encoding,
        errors or like.errors,
        line_buffering=number == 2 or file.isatty(),
        write_through=writes and at_once,
    )
