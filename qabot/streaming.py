"""Sentences of a reply as it streams in, each as soon as it is certainly complete. Pure.

Every decision looks a bounded way ahead and waits until that much has come, so that how a reply is
cut into pieces changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from qabot import markers
from qabot.sentences import sentence_spans

LONGEST_SENTENCE = 8_000
"""Characters after which a sentence without an end is taken to end."""
_THOUGHTS, _THOUGHTS_END = "<think>", "</think>"
_LONGEST_QUOTATION = 600
_LONGEST_MARKER = 200
_LONGEST_WORD = 40
_BEFORE = 60  # characters before a full stop that may make it an abbreviation's
_EVENT = re.compile(r"[\[［【]|[“\"]|[.!?…。！？]+|\n")
_BRACKET = re.compile(rf"[\[［【][\w\s.#,;、，；–—-]{{0,{_LONGEST_MARKER}}}")
_SPACE = re.compile(r"\s{0,50}")
_WORD = re.compile(rf"\s{{0,50}}(\S{{1,{_LONGEST_WORD}}})")
_NEW_LINE = re.compile(r"\n\s{0,50}?(?:\n|[-*•]\s)")
_CLOSERS = "\"'”’»)」』）"


class _Unsure(Exception):
    """What follows must be seen before this can be decided."""


def complete_sentences(pieces: Iterable[str]) -> Iterator[str]:
    """The sentences of a reply that comes in pieces, each with the markers that follow it.

    A sentence comes as soon as the next word shows that it is complete, the rest at the end; joined
    they are the reply save white space. A marker is never cut, nor a quotation of 600 characters.
    """
    reader = _Reader()
    for piece in pieces:
        yield from reader.read(piece)
    yield from reader.read("", last=True)


def spoken(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces of a reply without the ``<think> ... </think>`` that it may begin with."""
    begun, rest = "", iter(pieces)
    for piece in rest:
        begun = (begun + piece).lstrip()
        if not _THOUGHTS.startswith(begun[: len(_THOUGHTS)]):
            break
        if _THOUGHTS_END in begun:
            begun = begun.partition(_THOUGHTS_END)[2]
            break
        if len(begun) > len(_THOUGHTS):  # enough to see the end by, should it come in two pieces
            begun = _THOUGHTS + begun[len(_THOUGHTS) :][-len(_THOUGHTS_END) :]
    else:
        begun = "" if begun.startswith(_THOUGHTS) else begun
    yield begun
    yield from rest


class _Reader:
    """The text not yet given out, and how far it has been looked at."""

    def __init__(self) -> None:
        self._text = ""
        self._begin = 0  # of the sentence; the character before it is kept, for what it tells
        self._place = 0
        self._quoted_until = 0
        self._last = False

    def read(self, piece: str, last: bool = False) -> Iterator[str]:
        """Add a piece; yield the sentences that are now complete."""
        kept = max(0, self._begin - 1)
        if kept:
            self._text = self._text[kept:]
            self._begin, self._place = self._begin - kept, self._place - kept
            self._quoted_until = max(0, self._quoted_until - kept)
        self._text += piece
        self._last = last
        try:
            while (end := self._next_end()) is not None:
                yield from self._cut(end)
        except _Unsure:
            if len(self._text) - self._begin > LONGEST_SENTENCE:
                yield from self._cut(len(self._text))
            return
        if len(self._text) - self._begin > LONGEST_SENTENCE:
            yield from self._cut(len(self._text))
        if last:
            yield from self._cut(len(self._text))

    def _cut(self, end: int) -> Iterator[str]:
        sentence = self._text[self._begin : end].strip()
        self._begin = self._place = end
        if sentence:
            yield sentence

    def _next_end(self) -> int | None:
        """Where the sentence ends; None where it does not as far as the text goes."""
        while match := _EVENT.search(self._text, self._place):
            self._place = match.start()
            event = match.group()
            if event in "[［【":
                self._place = self._after_bracket(match.start())
            elif event in '“"':
                self._place = self._after_opener(match.start())
            else:
                end = self._line_end(match.start()) if event == "\n" else self._full_stop(match)
                if end is not None:
                    return end
                self._place = match.end()
        self._place = len(self._text)
        return None

    def _need(self, place: int) -> None:
        """Wait unless there is a character at ``place``, or nothing more will come."""
        if place >= len(self._text) and not self._last:
            raise _Unsure

    def _after_bracket(self, start: int) -> int:
        """Past the marker at ``start``, or past the bracket, if it begins none."""
        match = _BRACKET.match(self._text, start)
        end = match.end() if match else start + 1
        if end - start <= _LONGEST_MARKER:
            self._need(end)
            found = markers.find(self._text[start : end + 1], 999)
            if found and found[0].start == 0:
                return start + found[0].end
        return start + 1

    def _after_opener(self, start: int) -> int:
        """Past a quotation mark; no sentence ends before the one that closes it, if one does."""
        if start >= self._quoted_until and self._opens(start):
            closer = "”" if self._text[start] == "“" else '"'
            limit = start + _LONGEST_QUOTATION
            closed = self._text.find(closer, start + 1, limit)
            if closed < 0:
                self._need(limit - 1)
            self._quoted_until = closed + 1
        return start + 1

    def _opens(self, start: int) -> bool:
        if self._text[start] == "“":
            return True
        self._need(start + 1)
        before, after = self._text[max(0, start - 1) : start], self._text[start + 1 : start + 2]
        return (not before or before.isspace() or before in "([—–") and not after.isspace()

    def _line_end(self, start: int) -> int | None:
        space = _SPACE.match(self._text, start)
        assert space is not None
        self._need(space.end() + 1)
        is_end = _NEW_LINE.match(self._text, start) and start >= self._quoted_until
        return max(self._tail(start), start + 1) if is_end else None

    def _full_stop(self, run: re.Match[str]) -> int | None:
        """Where the sentence that this run of stops may end does end, its markers included."""
        self._need(run.end())
        end = self._tail(run.end())
        if end < self._quoted_until:
            return None
        follows = self._text[end : end + 1]
        told = markers.find(self._text[run.end() : end], 999) or run.group()[-1] in "。！？"
        if follows and not (follows.isspace() or told):
            return None
        window = self._text[max(self._begin, run.start() - _BEFORE) : run.end()]
        plain = window.replace("“", '"') + " " + self._word(end)
        return end if any(stop == len(window) for _, stop in sentence_spans(plain)) else None

    def _tail(self, end: int) -> int:
        """Past the closing quotation marks and the markers that follow a full stop."""
        while True:
            self._need(end)
            if self._text[end : end + 1] and self._text[end] in _CLOSERS:
                end += 1
                continue
            space = _SPACE.match(self._text, end)
            start = space.end() if space else end
            self._need(start)
            if not self._text[start : start + 1] or self._text[start] not in "[［【":
                return end
            after = self._after_bracket(start)
            if after == start + 1:
                return end
            end = after

    def _word(self, end: int) -> str:
        """The word that follows, whole."""
        match = _WORD.match(self._text, end)
        if match is None:
            self._need(len(self._text))
            return ""
        if match.end() - match.start(1) < _LONGEST_WORD:
            self._need(match.end())
        return match.group(1)
