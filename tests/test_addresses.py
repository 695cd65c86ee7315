"""Where a Chroma server is: every good address is read, every bad one named, no secret shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qabot.addresses import ServerAddress
from qabot.errors import SettingsError
from qabot.settings import Settings


@pytest.mark.parametrize(
    ("address", "place", "shown"),
    [
        ("http://chroma", ("http", "chroma", 8000), "chroma:8000"),
        (
            "https://chroma.example.org",
            ("https", "chroma.example.org", 443),
            "chroma.example.org:443",
        ),
        ("http://10.0.0.7:9000/", ("http", "10.0.0.7", 9000), "10.0.0.7:9000"),
        ("http://[::1]:8001", ("http", "::1", 8001), "[::1]:8001"),
        ("http://h/news/articles", ("http", "h", 8000), "h:8000/news/articles"),
    ],
)
def test_an_address_is_read(address: str, place: tuple[str, str, int], shown: str) -> None:
    found = ServerAddress.parse(address)
    assert (found.scheme, found.host, found.port) == place
    assert found.shown == shown
    assert found.headers == {}


def test_secrets_travel_in_headers_and_are_not_shown() -> None:
    opened = ServerAddress.parse("https://user:p%40ss@chroma/news/articles")
    assert opened.headers == {"Authorization": "Basic dXNlcjpwQHNz"}
    cloud = ServerAddress.parse("https://api.trychroma.com/tenant-1/articles", "ck-secret")
    assert cloud.headers == {"Authorization": "Bearer ck-secret", "X-Chroma-Token": "ck-secret"}
    assert (cloud.tenant, cloud.database, cloud.port) == ("tenant-1", "articles", 443)
    for one in (opened, cloud):
        assert "secret" not in repr(one) + one.shown
        assert "p@ss" not in repr(one) + one.shown
    assert opened.digest == ServerAddress.parse("https://chroma/news/articles").digest
    assert opened.digest != cloud.digest


@pytest.mark.parametrize(
    "address",
    [
        "chroma:8000", "ftp://chroma", "http://", "http://chroma:0", "http://chroma:99999",
        "http://chroma/one", "http://chroma/one/two/three", "http://chroma?x=1", "http://chroma#x",
        "http://a b", "http://chroma/te%2Fnant/x", "http://[::1",
        "https://api.trychroma.com", "https://api.trychroma.com/tenant/database",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(SettingsError, match="QABOT_CHROMA"):
        ServerAddress.parse(address)


def test_a_token_that_is_none_is_refused_without_repeating_it() -> None:
    with pytest.raises(SettingsError, match="copy it anew") as raised:
        ServerAddress.parse("http://chroma", "se\ncret")
    assert "cret" not in str(raised.value).replace("copy it anew", "")


@given(st.text(max_size=60).filter(lambda text: "secret" not in text))
def test_any_text_is_an_address_or_a_clear_error(text: str) -> None:
    for given_text in (text, f"http://{text}", f"https://user:secret@{text}"):
        try:
            found = ServerAddress.parse(given_text)
        except SettingsError as error:
            shown = str(error)
        else:
            shown = found.shown
        assert "secret" not in shown


def test_the_environment_names_the_server(home: object) -> None:
    assert Settings.from_environment({}).chroma is None
    values = {"QABOT_CHROMA": " http://chroma:8000 ", "QABOT_CHROMA_TOKEN": "t"}
    settings = Settings.from_environment(values)
    assert settings.chroma == ServerAddress.parse("http://chroma:8000", "t")
    assert "Bearer" not in repr(settings)
