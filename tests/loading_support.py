"""Files of every format, made here, and servers that send them or misbehave."""

from __future__ import annotations

import io
import ssl
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import docx

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>River floods town | The Daily Example</title>
<meta property="og:title" content="River floods town">
<meta property="og:site_name" content="The Daily Example">
<meta name="author" content="Ada Lee">
<meta property="article:published_time" content="2026-02-27T22:10:00+01:00">
<meta name="keywords" content="flood, river">
<link rel="canonical" href="https://news.example/river"></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/world">World</a></li></ul></nav>
<main><article><h1>River floods town</h1>
<figure><img src="a.jpg"><figcaption>A boat in the street. (Jo Doe/Reuters)</figcaption></figure>
<p>The river rose over the stone bridge on Friday night, and <b>hundreds</b> of people left their
homes in the lower town, the mayor said.</p>
<h2>What is known</h2>
<p>Nobody was hurt.<br>The schools stay closed until Monday, and the railway line is under water
near the old mill.</p>
<blockquote><p>“We have never seen this,” she said.</p></blockquote>
<ul><li>Two bridges closed for all traffic</li><li>One school flooded</li></ul>
<table><tr><th>Day</th><th>Level</th></tr><tr><td>Friday</td><td>7.2 m</td></tr></table>
<p>The government promised help, and soldiers brought sand and food to the villages that had been
cut off from the road.</p></article></main>
<footer><p>Copyright 2026 The Daily Example. All rights reserved.</p></footer></body></html>
"""
PAGE_TEXT = """# River floods town

A boat in the street. (Jo Doe/Reuters)

The river rose over the stone bridge on Friday night, and hundreds of people left their homes in \
the lower town, the mayor said.

## What is known

Nobody was hurt.
The schools stay closed until Monday, and the railway line is under water near the old mill.

“We have never seen this,” she said.

- Two bridges closed for all traffic

- One school flooded

Day | Level

--- | ---

Friday | 7.2 m

The government promised help, and soldiers brought sand and food to the villages that had been cut \
off from the road."""

Lines = Sequence[tuple[float, float, float, str]]
"""Of a page: left end, height, size and text of each line."""


def pdf(*pages: Lines, about: str = "", trailer: str = "") -> bytes:
    """A PDF file with these lines at these places, in Helvetica."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1"
               " /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>", f"<< {about} >>"]  # fmt: skip
    kids = []
    for page in pages:
        shown = "".join(
            f"BT /F1 {size} Tf 1 0 0 1 {left} {height} Tm ({_escaped(text)}) Tj ET\n"
            for left, height, size, text in page
        )
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources"
            f" << /Font << /F1 3 0 R >> >> /Contents {len(objects) + 2} 0 R >>"
        )
        objects.append(f"<< /Length {len(shown)} >>\nstream\n{shown}endstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    return _file(objects, trailer)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _file(objects: Sequence[str], trailer: str) -> bytes:
    data = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode("cp1252")
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    data += "".join(f"{place:010} 00000 n \n" for place in places).encode()
    data += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 4 0 R {trailer} >>\n".encode()
    return bytes(data + f"startxref\n{start}\n%%EOF\n".encode())


def paragraph(top: float, *lines: str, left: float = 72.0, size: float = 11.0) -> Lines:
    """Lines below one another, as a paragraph has them."""
    return [(left, top - 14 * number, size, line) for number, line in enumerate(lines)]


def word(build: Callable[[docx.document.Document], None]) -> bytes:
    """A Word file that ``build`` has filled."""
    document = docx.Document()
    build(document)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def replaced(archive: bytes, **parts: bytes) -> bytes:
    """A Word file with other bytes in some of its parts: ``document`` is word/document.xml."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, parts.get(Path(name).stem, old.read(name)))
    return made.getvalue()


def feed(*items: str, title: str = "The Feed") -> bytes:
    """An RSS feed with these items."""
    inside = "".join(f"<item>{item}</item>" for item in items)
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{title}</title>{inside}</channel></rss>"
    ).encode()


CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg41Aa3eAja/DoH9rn
W+negYVsGV7QWmaU0AM2Wl/ervOhRANCAAQMT/4ES7r1UhG0hmL4mtfdQfz9bO2L
L6wod5ujxi7u4100v0Nk+cPOBBMXbdBmOb4CicA7VIVoqpX9w3kFRljB
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBnjCCAUSgAwIBAgIUT6OhcQaoDsJ+T4b/gNmIFAREK6kwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMbmV3cy5leGFtcGxlMCAXDTI2MTEyMzE4NTgyMVoYDzIxMjYx
MDMwMTg1ODIxWjAXMRUwEwYDVQQDDAxuZXdzLmV4YW1wbGUwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAAQMT/4ES7r1UhG0hmL4mtfdQfz9bO2LL6wod5ujxi7u4100
v0Nk+cPOBBMXbdBmOb4CicA7VIVoqpX9w3kFRljBo2wwajAdBgNVHQ4EFgQUDoOy
ncBvZgWzFp9zCUmSTuL2OD8wHwYDVR0jBBgwFoAUDoOyncBvZgWzFp9zCUmSTuL2
OD8wDwYDVR0TAQH/BAUwAwEB/zAXBgNVHREEEDAOggxuZXdzLmV4YW1wbGUwCgYI
KoZIzj0EAwIDSAAwRQIhAJ5aHwmjtMzQXNtIMUaWdH+D0WfUrfkMifCiPscnYj16
AiBOYS/xdplTfGGpPz6psOZpGHJeVfLCYw4sEeMvbvL/pA==
-----END CERTIFICATE-----
"""
"""Of news.example, signed by itself, with its key: for these tests alone."""


class Site:
    """A server on this machine; ``pages`` maps a path to what it does with the request."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.pages: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}

    def put(self, path: str, body: bytes, kind: str = "text/html", status: int = 200,
            **headers: str) -> str:  # fmt: skip
        """Serve ``body``; returns its address."""

        def send(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            request.send_header("Content-Type", kind)
            request.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                request.send_header(name.replace("_", "-"), value)
            request.end_headers()
            request.wfile.write(body)

        self.pages[path] = send
        return self.address + path


@contextmanager
def site(context: ssl.SSLContext | None = None) -> Iterator[Site]:
    """A server that runs inside the ``with``; with a ``context`` it speaks TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            opened.asked.append((self.path, dict(self.headers.items())))
            page = opened.pages.get(self.path)
            try:
                if page is None:
                    self.send_error(404)
                else:
                    page(self)
            except OSError:  # the reader has seen enough
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    opened = Site(f"http{'s' if context else ''}://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield opened
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
