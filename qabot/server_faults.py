"""An end to every call of a Chroma server, and what goes wrong with one, for a person."""

from __future__ import annotations

import logging
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping

import httpx

from qabot.addresses import ServerAddress
from qabot.errors import IndexProblem, IndexUnavailable

LARGEST_REPLY = 256 * 1024 * 1024
"""Bytes in a reply; a page of passages has some millions."""
_CONNECTING = 3.0  # seconds
_LOOPBACK = re.compile(r"localhost|127\.[\d.]+|::1")
_OURS = (MemoryError, ImportError, NameError, IndexProblem)
"""What says nothing about the server."""


def bounded_session(
    address: ServerAddress, headers: Mapping[str, str], longest: float
) -> httpx.Client:
    """A session whose calls end after ``longest`` seconds, or twice that if they drip.

    A proxy leads elsewhere, never to this machine.
    """

    def bound(response: httpx.Response) -> None:
        if isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _Bounded(response.stream, response.request, longest)

    talk = logging.getLogger("httpx")  # tells of every call, and some libraries show that
    if talk.level == logging.NOTSET:
        talk.setLevel(logging.WARNING)
    return httpx.Client(
        headers={**headers, **address.headers},
        verify=address.scheme == "https",
        timeout=httpx.Timeout(longest, connect=min(_CONNECTING, longest)),
        trust_env=not _LOOPBACK.fullmatch(address.host),
        event_hooks={"response": [bound]},
    )


class _Bounded(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, request: httpx.Request, longest: float) -> None:
        self._inner, self._request = inner, request
        self._deadline = time.monotonic() + longest

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for piece in self._inner:
            size += len(piece)
            if size > LARGEST_REPLY or time.monotonic() > self._deadline:
                raise httpx.ReadTimeout("too slow or too large", request=self._request)
            yield piece

    def close(self) -> None:
        self._inner.close()


def translated(error: Exception, address: ServerAddress, longest: float) -> Exception:
    """Our error for what a call of the server at ``address`` raised."""
    if isinstance(error, _OURS):
        return error
    if isinstance(error, httpx.TimeoutException):
        return _away(address, f"does not answer within {longest:g} seconds")
    if isinstance(error, httpx.TransportError):
        return _away(address, _why_no_connection(error))
    status, kind = _status(error), type(error).__name__
    if status in (401, 403) or kind in ("ChromaAuthError", "AuthorizationError"):
        return IndexUnavailable(
            f"The index server at {address.shown} does not let us in. "
            "Set QABOT_CHROMA_TOKEN, or a user and a password in QABOT_CHROMA."
        )
    if status == 429 or kind in ("RateLimitError", "QuotaError"):
        return _away(address, f"takes no more for now ({_brief(error)})")
    if kind in ("NotFoundError", "InvalidArgumentError", "InvalidUUIDError"):
        return IndexUnavailable(
            f"The index server at {address.shown} has no such database or index "
            f"({_brief(error)}). Check QABOT_CHROMA, or put articles in: qabot ingest PATH"
        )
    if (status and status >= 500) or kind in ("InternalError", "ChromaError"):
        return _away(address, f"fails ({_brief(error)})")
    return IndexUnavailable(
        f"What answers at {address.shown} is no Chroma server that this version of qabot knows "
        f"({f'status {status}' if status else kind}). Check QABOT_CHROMA."
    )


def _away(address: ServerAddress, what: str) -> IndexUnavailable:
    return IndexUnavailable(
        f"The index server at {address.shown} {what}. Start it, or check QABOT_CHROMA."
    )


def _status(error: Exception) -> int | None:
    """The status of a reply that Chroma's client could make nothing of."""
    cause = error.__context__
    return cause.response.status_code if isinstance(cause, httpx.HTTPStatusError) else None


def _why_no_connection(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return "cannot be found: its name is not known"
        if isinstance(cause, ssl.SSLError):
            return "cannot be trusted: no TLS, or a certificate that is not accepted"
        if isinstance(cause, ConnectionRefusedError):
            return "takes no connection"
        cause = cause.__cause__ or cause.__context__
    return "broke off" if not isinstance(error, httpx.ConnectError) else "takes no connection"


def _brief(error: Exception) -> str:
    """What the server says, on one line and short; whatever it sends, nothing in it acts."""
    said = re.sub(r"[^ -~]+", " ", str(error))
    return re.sub(" +", " ", said).strip()[:120] or type(error).__name__
