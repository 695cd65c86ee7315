"""Row -> case: our own rows and those of the public benchmarks, as one kind of value. Pure.

Whatever is wrong with a row is a BadRow that says which field; the reader adds file and line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from qabot.dates import day_in_address
from qabot.evaluation.model import Case, Span
from qabot.types import Document, Origin, Turn

Corpus = Callable[[], tuple[Document, ...]]
"""The documents that all rows of a file share."""

_UNFIT = re.compile("[\0\ud800-\udfff]")
_ABSTAINED = ("UNANSWERABLE", "UNDERSPECIFIED")
_TWIN = "-twin-"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BadRow(ValueError):
    """A row is no case; the message goes on after the name of the row."""


def case_of(row: Any, corpus: Corpus, kind: str) -> Case:
    """The case that a row describes; ``kind`` is a tag for rows that bring none.

    A row with ``docs`` has documents of its own, one with ``gold`` those of its file; the others
    ask the bot's index. Characters that no article holds (NUL, half of a pair) become U+FFFD.
    """
    if not isinstance(row, Mapping):
        raise BadRow("is no object")
    if "claim" in row and "question" not in row:
        raise BadRow("is a claim to be checked, no question")
    identifier = _text(row, "id")
    turns, last = _turns(row.get("history") or [])
    documents = corpus() if "gold" in row else _documents(row, identifier)
    evidence = tuple(_fit(piece) for piece in _texts(row, "evidence"))
    question = _text(row, "question") if "question" in row or not last else last
    return Case(
        id=identifier,
        question=question,
        answerable=_answerable(row),
        answers=tuple(answer for answer in _texts(row, "answers") if answer.strip()),
        documents=documents,
        evidence=evidence,
        gold=_gold(row, documents, evidence),
        history=turns,
        tags=_tags(row, kind),
        cluster=_cluster(row, identifier, documents),
        twin=_text(row, "twin") if row.get("twin") is not None else None,
        asked_on=day_of_question(row),
    )


def corpus_of(rows: Iterable[Any]) -> tuple[Document, ...]:
    """The documents of a corpus file."""
    return _distinct(_document(row, number) for number, row in enumerate(rows, start=1))


def place_of(piece: str, texts: Mapping[str, str]) -> Span | None:
    """Where a piece of evidence first stands, document by document, or None."""
    for identifier, text in texts.items():
        start = text.find(piece)
        if start >= 0:
            return Span(identifier, start, start + len(piece))
    return None


def original_of(identifier: str) -> str | None:
    """The id of the case whose twin this one is by its name, or None."""
    return identifier.replace(_TWIN, "-", 1) if _TWIN in identifier else None


def _fit(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)


def _text(row: Mapping[str, Any], name: str) -> str:
    if name not in row:
        raise BadRow(f"lacks {name!r}")
    value = row[name]
    if not isinstance(value, str) or not value.strip():
        raise BadRow(f"has a {name!r} that is no text")
    return value


def _texts(row: Mapping[str, Any], name: str) -> Sequence[str]:
    values = row.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadRow(f"has {name!r} that are no list of texts")
    return values


def day_of_question(row: Mapping[str, Any]) -> date | None:
    """The day of a question: ``2024-05-24``, or with slashes; None where there is none."""
    try:
        return date.fromisoformat(str(row.get("date") or "").replace("/", "-"))
    except ValueError:
        return None


def _answerable(row: Mapping[str, Any]) -> bool:
    if "answerable" not in row and isinstance(row.get("label"), str):
        return row["label"] not in _ABSTAINED
    if "answerable" not in row:
        raise BadRow("lacks 'answerable'")
    if not isinstance(row["answerable"], bool):
        raise BadRow("has an 'answerable' that is neither true nor false")
    return row["answerable"]


def _turns(history: Any) -> tuple[tuple[Turn, ...], str]:
    """The turns of a conversation, and the question at its end that has no answer yet."""
    if not isinstance(history, list) or not all(isinstance(turn, Mapping) for turn in history):
        raise BadRow("has a 'history' that is no list of turns")
    turns: list[Turn] = []
    asked = ""
    for turn in history:
        if "speaker" not in turn:
            turns.append(Turn(_text(turn, "question"), str(turn.get("answer") or "")))
        elif turn["speaker"] == "user":
            if asked:
                turns.append(Turn(asked, ""))
            asked = _text(turn, "text")
        elif asked:
            turns.append(Turn(asked, str(turn.get("text") or "")))
            asked = ""
    return tuple(turns), asked


def _documents(row: Mapping[str, Any], identifier: str) -> tuple[Document, ...]:
    given = row.get("docs")
    if given is None:
        return ()
    if not isinstance(given, list):
        raise BadRow("has 'docs' that are no list")
    if not given:  # documents of its own, of which there are none: not those of the bot
        return (Document(f"{identifier}-none", "", "", ""),)
    return _distinct(_document(doc, number) for number, doc in enumerate(given, start=1))


def _document(given: Any, number: int) -> Document:
    if not isinstance(given, Mapping):
        raise BadRow(f"has a document {number} that is no object")
    identifier, text = given.get("id", given.get("document_id")), given.get("text")
    if not isinstance(identifier, str) or not identifier or not isinstance(text, str):
        raise BadRow(f"has a document {number} without a text 'id' or 'text'")
    source = given.get("url") or given.get("source") or ""
    title = given.get("title") or ""
    return Document(
        _fit(identifier), _fit(str(title)), _fit(str(source)), _fit(text), _origin(given)
    )


def _origin(given: Mapping[str, Any]) -> Origin:
    """What a document says of where it comes from; benchmarks call the publisher its source."""
    named = given.get("publisher") or given.get("source")
    publisher = named if isinstance(named, str) and "/" not in named else ""
    day = _DAY.match(str(given.get("date") or given.get("published_at") or ""))
    url = given.get("url")
    return Origin(
        url=_fit(url) if isinstance(url, str) else "",
        publisher=_fit(publisher),
        date=day.group() if day else day_in_address(str(url or "")),
    )


def _distinct(documents: Iterable[Document]) -> tuple[Document, ...]:
    found: dict[str, Document] = {}
    for document in documents:
        if found.setdefault(document.id, document).text != document.text:
            raise BadRow(f"has two documents with the id {document.id!r}")
    return tuple(found.values())


def _gold(
    row: Mapping[str, Any], documents: Sequence[Document], evidence: Sequence[str]
) -> tuple[Span, ...]:
    """The places that answer, as far as the row and its documents tell."""
    texts = {document.id: document.text for document in documents}
    if evidence:
        return _places(evidence, texts) if texts else ()
    if "gold" in row:
        named = row["gold"] if isinstance(row["gold"], list) else []
        whole = [name for name in named if isinstance(name, str) and texts.get(name)]
        return tuple(Span(name, 0, len(texts[name])) for name in whole)
    if not documents:
        return ()
    if row.get("evidence_offsets"):
        return _merged(documents[0], row["evidence_offsets"])
    if row.get("gold_sentences"):
        return _sentences(documents[0], row["docs"][0].get("sentences"), row["gold_sentences"])
    return ()


def _places(evidence: Sequence[str], texts: Mapping[str, str]) -> tuple[Span, ...]:
    found = []
    for piece in evidence:
        place = place_of(piece, texts) if piece else None
        if place is None:
            raise BadRow(f"has evidence that stands in none of its documents: {piece[:60]!r}")
        found.append(place)
    return tuple(found)


def _merged(document: Document, offsets: Any) -> tuple[Span, ...]:
    """Spans of a document; those that overlap are one, which several people have marked."""
    try:
        spans = sorted((int(start), int(end)) for start, end in offsets)
    except (TypeError, ValueError):
        return ()
    found: list[Span] = []
    for start, end in spans:
        if not 0 <= start < end <= len(document.text):
            return ()
        if found and start < found[-1].end:
            start, end = found[-1].start, max(end, found.pop().end)
        found.append(Span(document.id, start, end))
    return tuple(found)


def _sentences(document: Document, sentences: Any, numbers: Any) -> tuple[Span, ...]:
    """The places of some of the sentences that a document is made of, in order."""
    if not isinstance(sentences, list) or not all(isinstance(one, str) for one in sentences):
        return ()
    places, position = [], 0
    for sentence in sentences:
        piece = _fit(sentence).strip()
        start = document.text.find(piece, position)
        if start < 0:
            return ()
        position = start + len(piece)
        places.append(Span(document.id, start, position))
    try:
        return tuple(places[number] for number in numbers)
    except (IndexError, TypeError):
        return ()


def _tags(row: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    if "tags" in row:
        return tuple(dict.fromkeys(_texts(row, "tags")))
    named = [row.get(name) for name in ("type", "mode", "label", "collection")]
    found = [value.lower() for value in named if isinstance(value, str) and value]
    return tuple(dict.fromkeys([kind, *found]))


def _cluster(row: Mapping[str, Any], identifier: str, documents: Sequence[Document]) -> str:
    """What the case shares with others: its documents, or the original that it is a twin of."""
    original = original_of(identifier)
    if original:
        return original
    if not documents or "gold" in row:
        return identifier
    return hashlib.sha256("\0".join(one.text for one in documents).encode()).hexdigest()[:12]
