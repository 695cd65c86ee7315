"""What stands at an ``http`` or ``https`` address, fetched within bounds.

Runs in the process that may be ended (``child.py``), which bounds the time of all of it. Each
address is looked up once, judged, and that very IP address is connected to, so that a name cannot
lead elsewhere between the look and the call. Nobody's proxy, cookies or passwords are used.
"""

from __future__ import annotations

import socket
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2

from qabot.errors import LoadError
from qabot.loading.formats import kind_of_media
from qabot.loading.networks import is_public
from qabot.settings import LARGEST_FILE

MOST_REDIRECTS = 5
LONGEST_SILENCE = 10.0
"""Seconds without a sign of life from a server."""
_USER_AGENT = "qabot (reads articles to answer questions about them)"
_ACCEPT = (
    "text/html, application/xhtml+xml, application/pdf, application/rss+xml, application/atom+xml, "
    "application/json, text/plain, */*;q=0.1"
)
_ENCODINGS = {
    "gzip": 47,
    "x-gzip": 47,
    "deflate": 47,
}  # zlib's window bits: gzip or zlib, by itself


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a server sent, decompressed: its last address, media type and charset beside it."""

    data: bytes
    url: str
    media_type: str
    charset: str


def fetch(url: str, allow_private: bool) -> Fetched:
    """Get an address, over at most ``MOST_REDIRECTS`` redirects.

    Raises LoadError: another scheme, a host of the private network, no answer, an answer that is
    no success, too large or of a type that holds no article.
    """
    address = _checked(url)
    for _ in range(MOST_REDIRECTS + 1):
        try:
            with (
                _client(allow_private) as client,
                client.stream("GET", address) as response,
            ):
                if response.next_request is None:
                    return _received(response, str(address))
                address = _checked(str(response.next_request.url))
        except httpx2.TimeoutException as error:
            raise LoadError(
                f"{address.host} was silent for {LONGEST_SILENCE:g} seconds. Try again later."
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise LoadError(f"cannot be fetched from {address.host}: {reason}.") from error
    raise LoadError(f"leads from one address to the next, more than {MOST_REDIRECTS} times.")


def _client(allow_private: bool) -> httpx2.Client:
    """A client for one call, so that it keeps no cookie and no connection."""
    return httpx2.Client(
        transport=_Pinned(allow_private),
        timeout=LONGEST_SILENCE,
        trust_env=False,
        headers={
            "User-Agent": _USER_AGENT, "Accept": _ACCEPT, "Accept-Encoding": "gzip, deflate"
        },
    )  # fmt: skip


def _checked(url: str) -> httpx2.URL:
    try:
        address = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError) as error:
        raise LoadError("is no address that can be read.") from error
    if address.scheme not in ("http", "https"):
        raise LoadError(f"leads to {address.scheme or 'no'}:, only http and https are read.")
    if not address.host:
        raise LoadError("names no host. Give the whole address, such as https://example.org/news.")
    if address.userinfo:
        raise LoadError("holds a user's name or password. Give the address without it.")
    return address.copy_with(fragment=None)


class _Pinned(httpx2.BaseTransport):
    """Connects to the IP address that was judged, under the name that was asked for."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        limits = httpx2.Limits(max_keepalive_connections=0)
        self._inner = httpx2.HTTPTransport(trust_env=False, limits=limits)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        number = _looked_up(host, request.url.port or 0, self._allow_private)
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=number)  # the Host header stays as it was asked
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def _looked_up(host: str, port: int, allow_private: bool) -> str:
    """The IP address to connect to. Raises LoadError where there is none, or none allowed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, ValueError) as error:
        raise LoadError(f"there is no host {host!r}, or it cannot be found now.") from error
    numbers = [str(one[4][0]) for one in found]
    allowed = [number for number in numbers if allow_private or is_public(number)]
    if not allowed:
        raise LoadError(
            f"{host} is on this machine or its private network ({numbers[0]}). To allow that, set "
            "QABOT_ALLOW_PRIVATE_ADDRESSES=1."
        )
    return allowed[0]


def _received(response: httpx2.Response, url: str) -> Fetched:
    if response.status_code != 200:
        phrase = " ".join(response.reason_phrase.split())[:60]
        raise LoadError(f"the server answers {response.status_code} {phrase}".rstrip() + ".")
    given = response.headers.get("content-type", "")
    media_type = given.partition(";")[0].strip().lower()
    if kind_of_media(media_type) is None:
        raise LoadError(f"is {media_type[:60]!r}, which holds no article that can be read.")
    return Fetched(_body(response), url, media_type, response.charset_encoding or "")


def _body(response: httpx2.Response) -> bytes:
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", *_ENCODINGS):
        raise LoadError(f"is packed in a way that is not read ({encoding[:40]!r}).")
    pieces = response.iter_raw()
    if encoding in _ENCODINGS:
        pieces = _unpacked(pieces)
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > LARGEST_FILE:
            limit = LARGEST_FILE // 1024 // 1024
            raise LoadError(f"is larger than the {limit} MiB an article may have. Split it.")
    return bytes(body)


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip or deflate packed, never more at once than an article may have."""
    packed = zlib.decompressobj(_ENCODINGS["gzip"])
    begun = False
    try:
        for piece in pieces:
            if not begun and piece:
                begun = True
                # Some servers send deflate without the header that the standard asks for.
                if piece[0] & 0x0F != 8 and piece[:1] != b"\x1f":
                    packed = zlib.decompressobj(-15)
            yield packed.decompress(piece, LARGEST_FILE + 1)
        yield packed.flush()
    except zlib.error as error:
        raise LoadError("is packed, and damaged on the way. Try again.") from error
