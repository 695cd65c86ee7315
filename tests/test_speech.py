"""Whose words a sentence gives."""

from __future__ import annotations

import pytest

from qabot.speech import says
from qabot.words import tokens


def speaks(name: str, text: str) -> bool:
    stems = frozenset(word.stem for word in tokens(name))
    return says(stems, text, tuple(tokens(text)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Ravn", "“It is high,” Nils Ravn said."),
        ("Ravn", "“It is high,” said Ravn."),
        ("Ravn", "“It is high,” said Nils Ravn, a sailor."),
        ("Ravn", '"Is it high?" asked the harbour master. "It is," said union leader Nils Ravn.'),
        ("Ravn", "“It is high,” said Lee's pilot, Nils Ravn."),
        ("Ravn", "“It is high,” the harbour master, Nils Ravn, said."),
        ("Ravn", "“It is high,” Nils Ravn, a sailor from Halden, said."),
        ("Harken", "Harken chief executive Ada Lee said it was high."),
    ],
)
def test_the_speaker_is_known_by_where_the_name_stands(name: str, text: str) -> None:
    assert speaks(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Halden", "“It is high,” Nils Ravn, a sailor from Halden, said."),
        ("Ravn", "“It is high,” said Ada Lee of the boats of Nils Ravn."),
        ("Lee", "“It is high,” said Ada Lee's pilot, Nils Ravn."),
        ("Ravn", "She said old Nils Ravn was there."),
        ("Ravn", "Ravn was there when Ada Lee said it."),
        ("Ravn", "It was Nils Ravn who brought the boats, and the old harbour master said so."),
    ],
)
def test_who_is_only_named_does_not_speak(name: str, text: str) -> None:
    assert not speaks(name, text)
