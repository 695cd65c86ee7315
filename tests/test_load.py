"""Files come in unaltered, and what cannot be read is refused by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts_support import texts

from qabot.article import read_blocks
from qabot.errors import LoadError, SettingsError
from qabot.loading.loader import load_file
from qabot.loading.places import find_files
from qabot.settings import LARGEST_FILE, Settings

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def refusal(path: Path) -> str:
    with pytest.raises(LoadError) as caught:
        load_file(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(str(path))


@given(texts)
def test_the_text_is_the_file_decoded_whatever_its_line_ends(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(text.encode("utf-8"))
    if "\0" in text or not read_blocks(text):
        with pytest.raises(LoadError):
            load_file(path)
        return
    article = load_file(path)
    assert article.text == text
    assert article.source == str(path)
    assert article.title == " ".join(article.title.split()) != ""


def test_offsets_count_from_a_byte_order_mark_on(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfA Title\r\n\r\nAnd text.\r\n")
    article = load_file(path)
    assert article.text == "\ufeffA Title\r\n\r\nAnd text.\r\n"
    assert article.title == "A Title"


def test_without_a_title_the_files_name_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "the_quiet-river.md"
    path.write_text("It flows to the sea. It is quiet.", encoding="utf-8")
    assert load_file(path).title == "the quiet river"


def test_a_name_of_dashes_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "---.txt"
    path.write_text("It flows to the sea. It is quiet.", encoding="utf-8")
    assert load_file(path).title == "---.txt"


@pytest.mark.parametrize(
    "data", [b"", b" \n\t\r\n", b"\xef\xbb\xbf", "\u00a0\u2003\u2028".encode()], ids=repr
)
def test_an_empty_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert "empty" in refusal(path)


def test_what_is_not_utf8_is_refused_with_the_place_and_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"Caf\xe9 au lait")
    message = refusal(path)
    assert "byte 3" in message
    assert "iconv" in message


def test_utf16_and_binary_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("Title".encode("utf-16"))
    assert "not UTF-8" in refusal(path)
    path.write_bytes("Title".encode("utf-16-le"))
    assert "not a text file" in refusal(path)


def test_a_missing_file_another_format_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "none.txt")
    (tmp_path / "a.png").write_bytes(b"PNG")
    assert "only .txt, .md" in refusal(tmp_path / "a.png")
    (tmp_path / "folder.txt").mkdir()
    assert "not a regular file" in refusal(tmp_path / "folder.txt")


@pytest.mark.skipif(AS_ROOT, reason="root may read every file")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("text", encoding="utf-8")
    path.chmod(0)
    assert "no permission" in refusal(path)


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    assert "8 MiB" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    os.mkfifo(path)
    assert "not a regular file" in refusal(path)


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.symlink_to(path)
    assert refusal(path)


def test_a_folder_gives_its_articles_in_order_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", "c.TXT", ".hidden.txt", "d.png", "sub/e.txt", ".git/f.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("text", encoding="utf-8")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path, target_is_directory=True)
    files, errors = find_files(tmp_path)
    assert [str(file.relative_to(tmp_path)) for file in files] == [
        "a.md", "b.txt", "c.TXT", str(Path("sub", "e.txt")),
    ]  # fmt: skip
    assert errors == []


def test_a_path_that_does_not_exist_is_an_error_that_names_it(tmp_path: Path) -> None:
    files, (error,) = find_files(tmp_path / "none")
    assert files == []
    assert str(error) == f"{tmp_path / 'none'}: no such file or folder. Check how it is written."


# Settings


def test_the_home_is_the_variable_else_the_platforms_data_folder(tmp_path: Path) -> None:
    assert Settings.from_environment({"QABOT_HOME": str(tmp_path)}).home == tmp_path
    assert Settings.from_environment({"QABOT_HOME": " "}) == Settings.from_environment({})
    assert Settings.from_environment({}).home.name == "qabot"


def test_a_relative_home_and_a_tilde_become_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings.from_environment({"QABOT_HOME": "state"}).home == tmp_path / "state"
    assert Settings.from_environment({"QABOT_HOME": "~/state"}).home == tmp_path / "state"


@pytest.mark.parametrize("value", ["0", "-1", "101", "ten", "1.5"])
def test_a_setting_that_cannot_be_used_is_named(value: str) -> None:
    with pytest.raises(SettingsError, match="QABOT_TOP_K"):
        Settings.from_environment({"QABOT_TOP_K": value})


def test_the_home_of_an_unknown_user_is_refused() -> None:
    with pytest.raises(SettingsError, match="QABOT_HOME"):
        Settings.from_environment({"QABOT_HOME": "~no-such-user-here/state"})


@given(st.integers(1, 100))
def test_the_number_of_passages_can_be_set(number: int) -> None:
    assert Settings.from_environment({"QABOT_TOP_K": f" {number} "}).top_k == number
