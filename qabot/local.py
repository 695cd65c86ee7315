"""A GGUF file as a model server inside this process: llama.cpp, through xllamacpp.

It speaks the same API as any other server, on a port of this machine that only who knows its key
may use. llama.cpp ends the whole process when it meets certain damage in a file, so each file is
first loaded by a process of its own, which may die of it.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qabot.closing import Closes
from qabot.errors import ModelSetupError, ModelUnavailable

CONTEXT = 8192
"""Tokens a model reads at most, its answer included; llama.cpp lowers it to what the file allows.

The passages of a question come to some 4,000; the memory it takes grows with it.
"""
_MAGIC = b"GGUF"
_LONGEST_TRIAL = 600.0
_TRIAL = """
import json, os, sys, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
for name, value in json.loads(sys.argv[2]).items():
    setattr(parameters, name, value)
server = xllamacpp.Server(parameters)
os._exit(0)  # at once: a server that is let go of before it runs may never end
"""


class LocalServer(Closes):
    """A model being served until ``close``; ``base_url`` and ``api_key`` are for the client.

    Close the client first: an open reply keeps the server from ending for half a minute.
    """

    def __init__(self, server: Any, name: str, api_key: str) -> None:
        self.name, self.api_key = name, api_key
        self.base_url = f"{server.listening_address}/v1"
        self._server: Any = server

    def close(self) -> None:
        """Stop serving and free the model's memory."""
        self._server = None


def serve(path: Path, context: int = CONTEXT) -> LocalServer:
    """Load a GGUF file and serve it; raises ModelSetupError with what mends it."""
    check_file(path)
    xllamacpp = _library()
    settings = {
        "n_ctx": context,
        "ui": False,
        "warmup": False,
        "endpoint_slots": False,  # would show one client what another asked
        "endpoint_metrics": True,  # what tells that the server runs
        "verbosity": -1,  # silent: standard error belongs to the command
    }
    _try(path, settings)
    parameters = xllamacpp.CommonParams()
    parameters.model.path = os.fspath(path)
    key = secrets.token_hex(16)
    for name, value in {**settings, "api_keys": [key], "model_alias": {path.stem}}.items():
        setattr(parameters, name, value)
    try:
        server = xllamacpp.Server(parameters)
        _await(server.listening_address, key)
    except Exception as error:
        raise _broken(path) from error
    return LocalServer(server, path.stem, key)


def _await(address: str, key: str) -> None:
    """Wait until the server runs: asked or closed before it does, it sometimes hangs for ever."""
    parts = urlsplit(address)
    # Not urllib.request, which would ask a proxy for this machine itself.
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        # Health is answered at once; its figures by the loop that has to run before it can end.
        for place in ("/health", "/metrics"):
            connection.request("GET", place, headers={"Authorization": f"Bearer {key}"})
            connection.getresponse().read()
    finally:
        connection.close()


def check_file(path: Path) -> None:
    """Raise ModelSetupError unless there is a GGUF file, by its beginning, and what serves it."""
    _check_beginning(path)
    _library()


def _check_beginning(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except FileNotFoundError as error:
        raise ModelSetupError(
            f"{path}: no such file. Give a GGUF file with --model path/to/file.gguf."
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise ModelSetupError(
            f"{path}: cannot be read: {reason}. Give a GGUF file with --model path/to/file.gguf."
        ) from error
    if start != _MAGIC:
        raise ModelSetupError(
            f"{path}: not a GGUF file. Download the model again, in the GGUF format."
        )


def _library() -> Any:
    try:
        import xllamacpp
    except ModuleNotFoundError as error:
        raise ModelSetupError(
            "GGUF files need an extra that is not installed: pip install 'qabot[local]'"
        ) from error
    except ImportError as error:
        raise ModelSetupError(
            "xllamacpp does not load. Install it again: pip install --force-reinstall xllamacpp"
        ) from error
    return xllamacpp


def _try(path: Path, settings: dict[str, Any]) -> None:
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TRIAL, os.fspath(path), json.dumps(settings)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "GGML_NO_BACKTRACE": "1"},  # else it starts a debugger
            timeout=_LONGEST_TRIAL,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelUnavailable(
            f"{path}: takes longer than {_LONGEST_TRIAL:g} seconds to load. Choose a smaller model."
        ) from error
    if done.returncode:
        raise _broken(path)


def _broken(path: Path) -> ModelSetupError:
    return ModelSetupError(
        f"{path}: llama.cpp cannot load it: damaged, too large for the memory, or too new. "
        "Download it again, or: pip install --upgrade xllamacpp"
    )
