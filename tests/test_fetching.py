"""Articles at addresses: only public ones, within bounds, and each refusal says why."""

from __future__ import annotations

import gzip
import http.server
import json
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import Command
from hypothesis import given
from hypothesis import strategies as st
from index_support import open_index
from loading_support import CERTIFICATE, PAGE, PAGE_TEXT, Site, feed, paragraph, pdf, site

from qabot.errors import LoadError
from qabot.loading import address
from qabot.loading.loader import Loader
from qabot.loading.model import Article, Intake, Place
from qabot.loading.networks import is_public
from qabot.loading.worker import Worker
from qabot.settings import LARGEST_FILE, Settings

PRIVATE = (
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255", "192.0.2.1", "0.0.0.0",
    "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1",
    "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    "2001:0:7f00:1::", "::ffff:0:127.0.0.1", "localhost", "", "2130706433",
)  # fmt: skip


@pytest.fixture(scope="module")
def there() -> Iterator[Site]:
    with site() as opened:
        yield opened


@pytest.fixture(scope="module")
def loader() -> Iterator[Loader]:
    with Loader(Intake(allow_private=True)) as opened:
        yield opened


@pytest.fixture(scope="module")
def careful() -> Iterator[Loader]:
    with Loader() as opened:
        yield opened


def read(loader: Loader, url: str) -> Article:
    (found,) = loader.load(Place(url))
    assert isinstance(found, Article), found
    return found


def refusal(loader: Loader, url: str) -> str:
    (error,) = loader.load(Place(url))
    assert isinstance(error, LoadError)
    assert str(error).startswith(f"{url}: ")
    assert "\n" not in str(error)
    return str(error).removeprefix(f"{url}: ")


# Which addresses


@pytest.mark.parametrize("number", PRIVATE)
def test_what_is_not_public_is_known(number: str) -> None:
    assert not is_public(number)


@pytest.mark.parametrize(
    "number", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"]
)
def test_what_is_public_is_known(number: str) -> None:
    assert is_public(number)


@given(st.ip_addresses(v=4))
def test_an_address_in_the_clothes_of_ipv6_is_judged_by_itself(number: object) -> None:
    assert is_public(f"::ffff:{number}") == is_public(str(number))


@given(st.text(max_size=50))
def test_no_text_is_an_address_by_accident(text: str) -> None:
    assert is_public(text) in (True, False)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "017700000001", "127.1", "[::1]",
     "[::ffff:127.0.0.1]", "0", "LOCALHOST.", "127。0。0。1"],
)  # fmt: skip
def test_this_machine_is_refused_however_it_is_spelled(
    careful: Loader, there: Site, host: str
) -> None:
    there.put("/page", PAGE.encode())
    before = len(there.asked)
    said = refusal(careful, there.address.replace("127.0.0.1", host) + "/page")
    assert "private network" in said or "no host" in said
    assert len(there.asked) == before


def test_the_setting_allows_it(home: object, there: Site, here: Command) -> None:
    url = there.put("/allowed.html", PAGE.encode())
    done = here("ingest", url)
    assert done.code == 1
    assert "QABOT_ALLOW_PRIVATE_ADDRESSES=1" in done.stderr
    done = here("ingest", url, QABOT_ALLOW_PRIVATE_ADDRESSES="1")
    assert (done.code, done.stderr) == (0, "")
    assert "added allowed" in done.stdout
    assert here("show", "--text", "allowed").stdout == PAGE_TEXT
    (listed,) = json.loads(here("sources", "--json").stdout)["sources"]
    assert (listed["source"], listed["url"]) == (url, url)
    assert "1 unchanged" in here("ingest", url, QABOT_ALLOW_PRIVATE_ADDRESSES="1").stdout


def test_the_setting_is_read_from_the_environment() -> None:
    assert not Settings.from_environment({}).allow_private_addresses
    values = {"QABOT_ALLOW_PRIVATE_ADDRESSES": "1"}
    assert Settings.from_environment(values).allow_private_addresses


def test_a_name_is_looked_up_once_and_what_was_judged_is_called(
    monkeypatch: pytest.MonkeyPatch, there: Site
) -> None:
    """With DNS rebinding a name leads elsewhere on the second look; there is none."""
    there.put("/rebound", PAGE.encode())
    port = int(there.address.rpartition(":")[2])
    looked_up: list[str] = []
    really = socket.getaddrinfo

    def answers(host: str, *arguments: Any, **named: Any) -> list[Any]:
        if host != "news.example":
            return really(host, *arguments, **named)
        looked_up.append(host)
        number = "127.0.0.1" if len(looked_up) == 1 else "127.0.0.2"
        return [(2, 1, 6, "", (number, port))]

    monkeypatch.setattr(address.socket, "getaddrinfo", answers)
    found = address.fetch(f"http://news.example:{port}/rebound", allow_private=True)
    assert found.data == PAGE.encode()
    assert looked_up == ["news.example"]
    assert there.asked[-1][1]["Host"] == f"news.example:{port}"


def test_a_server_must_prove_the_name_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The connection is made to a number, the certificate and SNI are those of the name."""
    (tmp_path / "certificate.pem").write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem")
    named: list[str | None] = []
    context.sni_callback = lambda connection, name, whole: named.append(name)
    trusting = ssl.create_default_context(cadata=CERTIFICATE[CERTIFICATE.index("-----BEGIN C") :])
    with site(context) as opened:
        opened.put("/", PAGE.encode())
        port = int(opened.address.rpartition(":")[2])
        monkeypatch.setattr(address, "_looked_up", lambda *given: "127.0.0.1")
        with pytest.raises(LoadError, match=r"(?i)certificate"):
            address.fetch(f"https://news.example:{port}/", allow_private=True)
        real = httpx2.HTTPTransport
        monkeypatch.setattr(
            address.httpx2, "HTTPTransport", lambda **named: real(verify=trusting, **named)
        )
        found = address.fetch(f"https://news.example:{port}/", allow_private=True)
        assert found.data == PAGE.encode()
        assert opened.asked[-1][1]["Host"] == f"news.example:{port}"
        with pytest.raises(LoadError, match=r"(?i)certificate"):
            address.fetch(f"https://other.example:{port}/", allow_private=True)
    assert named == ["news.example", "news.example", "other.example"]


def test_a_name_with_a_private_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in ("10.0.0.7", "::ffff:127.0.0.1", "169.254.169.254"):
        answer = [(2, 1, 6, "", (number, 80))]
        monkeypatch.setattr(address.socket, "getaddrinfo", lambda *a, answer=answer, **n: answer)
        with pytest.raises(LoadError, match="private network"):
            address.fetch("http://news.example/", allow_private=False)


def test_each_redirect_is_judged_too(monkeypatch: pytest.MonkeyPatch, there: Site) -> None:
    """The first host counts as public here, the one it leads to does not."""
    there.put("/inside", PAGE.encode())
    port = there.address.rpartition(":")[2]
    inside = f"http://127.0.0.9:{port}/inside"
    there.put("/leads-in", b"", status=302, Location=inside)
    before = len(there.asked)
    monkeypatch.setattr(address, "is_public", lambda number: number == "127.0.0.1")
    with pytest.raises(LoadError, match="private network"):
        address.fetch(f"{there.address}/leads-in", allow_private=False)
    assert [path for path, _ in there.asked[before:]] == ["/leads-in"]


# What comes back


def test_a_page_is_read_from_its_address(loader: Loader, there: Site) -> None:
    url = there.put("/news/the-river.html?x=1", PAGE.encode(), "text/html; charset=utf-8")
    article = read(loader, url)
    assert article.text == PAGE_TEXT
    assert (article.source, article.origin.url, article.name) == (url, url, "the-river")
    assert article.origin.publisher == "The Daily Example"
    asked = there.asked[-1][1]
    assert asked["User-Agent"].startswith("qabot")
    assert "Cookie" not in asked


def test_the_charset_it_was_sent_with_counts(loader: Loader, there: Site) -> None:
    page = PAGE.replace('<meta charset="utf-8">', "").replace("Nobody", "Вода. Nobody")
    data = page.replace("“", "").replace("”", "").encode("koi8-r")
    assert "Вода. Nobody" in read(loader, there.put("/k", data, "text/html; charset=koi8-r")).text


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/plain", "Señor Muñoz\n\nHe flew.".encode(), "Señor Muñoz\n\nHe flew."),
        ("text/plain; charset=iso-8859-1", "A Señor.".encode("latin-1"), "A Señor."),
        ("application/pdf", pdf(paragraph(700, "It flew.")), "It flew."),
        ("text/html", pdf(paragraph(700, "It flew.")), "It flew."),
        ("text/plain", PAGE.encode(), PAGE_TEXT),
        ("application/octet-stream", PAGE.encode(), PAGE_TEXT),
        ("application/json", b'[{"text": "It flew."}]', "It flew."),
        ("application/x-ndjson", b'{"text": "It flew."}\n', "It flew."),
        ("application/xhtml+xml", PAGE.encode(), PAGE_TEXT),
    ],
)  # fmt: skip
def test_content_decides_what_is_read(
    loader: Loader, there: Site, kind: str, body: bytes, text: str
) -> None:
    assert read(loader, there.put("/any.png", body, kind)).text == text


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
    ],
)
def test_what_is_packed_is_unpacked(
    loader: Loader, there: Site, encoding: str, pack: object
) -> None:
    assert callable(pack)
    url = there.put("/packed", pack(PAGE.encode()), Content_Encoding=encoding)
    assert read(loader, url).text == PAGE_TEXT


def test_redirects_are_followed_to_the_last_address(loader: Loader, there: Site) -> None:
    last = there.put("/last", PAGE.encode())
    there.put("/second", b"", status=301, Location="/last", Set_Cookie="a=b")
    first = there.put(
        "/first", b"", status=302, Location=f"{there.address}/second", Set_Cookie="a=b"
    )
    article = read(loader, first)
    assert (article.source, article.origin.url) == (first, last)
    assert "Cookie" not in there.asked[-1][1]


def test_a_feed_brings_the_articles_it_links_to(loader: Loader, there: Site) -> None:
    page = there.put("/linked", PAGE.encode())
    own = "<content:encoded>It flew over the lake.</content:encoded>"
    items = (
        f"<title>Linked</title><link>{page}</link><description>A teaser.</description>",
        f"<title>Own</title><link>{page}?2</link>{own}",
        f"<title>Gone</title><link>{there.address}/gone</link>",
    )
    url = there.put("/feed", feed(*items), "application/rss+xml")
    linked, own_text, gone = loader.load(Place(url))
    assert isinstance(linked, Article)
    assert isinstance(own_text, Article)
    assert (linked.title, linked.text, linked.source) == ("Linked", PAGE_TEXT, f"{url}#{page}")
    assert (linked.origin.url, linked.origin.author) == (page, "Ada Lee")
    assert own_text.text == "# Own\n\nIt flew over the lake."
    assert "404" in str(gone)


def test_what_a_feed_no_longer_shows_stays(home: object, there: Site) -> None:
    from index_support import ingest_into  # noqa: F401

    from qabot.ingest import ingest

    item = "<guid>{0}</guid><title>News {0}</title><description>It was said.</description>"
    url = there.put("/rolling", feed(item.format("a")), "text/xml")
    with open_index(home) as index:  # type: ignore[arg-type]
        allowed = Intake(allow_private=True)
        assert ingest(index, [url], intake=allowed).added == ["news-a"]
        there.put("/rolling", feed(item.format("b")), "text/xml")
        report = ingest(index, [url], intake=allowed)
        assert (report.added, report.removed) == (["news-b"], [])
        assert len(index.catalog.versions()) == 2


# What is refused


def test_each_refusal_says_why(loader: Loader, there: Site) -> None:
    huge = b"a" * (LARGEST_FILE + 1)
    assert "404" in refusal(loader, f"{there.address}/none")
    assert "image/png" in refusal(loader, there.put("/i", b"PNG", "image/png"))
    assert "larger than the 8 MiB" in refusal(loader, there.put("/huge", huge, "text/plain"))
    bomb = gzip.compress(b"a" * 200_000_000)
    url = there.put("/bomb", bomb, "text/plain", Content_Encoding="gzip")
    assert "larger than the 8 MiB" in refusal(loader, url)
    url = there.put("/twice", bomb, "text/plain", Content_Encoding="gzip, gzip")
    assert "packed in a way" in refusal(loader, url)
    url = there.put("/broken", b"no gzip", Content_Encoding="gzip")
    assert "damaged" in refusal(loader, url)
    assert "no article" in refusal(loader, there.put("/empty", b"<html></html>"))
    assert "no host" in refusal(loader, "http://no-such-host.invalid/")
    assert "password" in refusal(loader, "http://me:secret@e.org/")


def test_redirects_end(loader: Loader, there: Site) -> None:
    url = there.put("/round", b"", status=302, Location="/round")
    assert "5 times" in refusal(loader, url)
    assert len([path for path, _ in there.asked if path == "/round"]) == 6
    url = there.put("/file", b"", status=302, Location="file:///etc/passwd")
    assert "only http and https" in refusal(loader, url)


def drip(head: bytes, piece: bytes) -> object:
    """A page that sends a little now and then, for ever."""

    def send(request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(head)
        while True:
            request.wfile.write(piece)
            request.wfile.flush()
            time.sleep(0.05)

    return send


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"a"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"", b""),
    ],
    ids=["body", "headers", "silence"],
)
def test_a_server_that_takes_its_time_is_left(there: Site, head: bytes, piece: bytes) -> None:
    there.pages["/slow"] = drip(head, piece)  # type: ignore[assignment]
    with Worker(longest=1.0) as worker:
        with pytest.raises(LoadError, match="longer than 1 seconds"):
            list(worker.fetch(f"{there.address}/slow", allow_private=True))
        worker.longest = 60.0
        there.put("/quick", PAGE.encode())
        (found,) = worker.fetch(f"{there.address}/quick", allow_private=True)
        assert found.text == PAGE_TEXT


def test_a_server_that_hangs_up_is_an_error(loader: Loader, there: Site) -> None:
    def hang_up(request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 999\r\n\r\n<p>"
        )
        request.close_connection = True

    there.pages["/half"] = hang_up
    assert "cannot be fetched" in refusal(loader, f"{there.address}/half")
    assert threading.active_count() < 50
