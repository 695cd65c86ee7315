"""Answer -> the object that ``--json`` prints: a contract, described in docs/json.md."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from qabot.types import Answer, Citation, Closest, Explanation, Hit, Twin

_UNSEEN = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""Control characters, marks of direction and others without a look of their own."""


_ORIGIN = ("url", "author", "publisher", "date")


def answer_object(answer: Answer) -> dict[str, Any]:
    """The answer as the contract has it; ``explanation`` is there only if the answer carries one.

    Offsets are half-open and count code points: ``text[start:end] == quote`` in the decoded file.
    """
    found: dict[str, Any] = {
        "question": answer.question,
        "status": answer.status,
        "text": answer.text,
        "claims": [
            {"text": claim.text, "markers": list(claim.markers), "verdict": claim.verdict}
            for claim in answer.claims
        ],
        "citations": [
            {
                "marker": citation.marker,
                **_place(citation),
                "also": [_article(twin) for twin in citation.also],
            }
            for citation in answer.citations
        ],
        "rejected": [
            {"marker": rejected.marker, "text": rejected.text, "reason": rejected.reason}
            for rejected in answer.rejected
        ],
        "closest": [
            {**_place(closest), "score": round(closest.score, 6)} for closest in answer.closest
        ],
        "notes": list(answer.notes),
        "model": answer.model,
        "usage": dict(answer.usage) if answer.usage is not None else None,
        "timings_ms": dict(answer.timings_ms),
    }
    if answer.explanation is not None:
        found["explanation"] = {
            **_explanation(answer.explanation),
            "standalone": answer.standalone,
            "prompt_hash": answer.prompt_hash,
        }
    return found


def to_json(value: Mapping[str, Any], ascii_only: bool = False) -> str:
    """One object as text; letters as they are, unless ``ascii_only``.

    Characters that could act on a terminal, and lone surrogates, stand as escapes. Raises
    ValueError for a number that JSON does not have.
    """
    text = json.dumps(value, ensure_ascii=ascii_only, indent=2, allow_nan=False)
    return _UNSEEN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]


def _article(where: Citation | Closest | Twin) -> dict[str, Any]:
    return {
        "document_id": where.document_id,
        "title": where.title,
        "source": where.source,
        **{name: getattr(where.origin, name) or None for name in _ORIGIN},
    }


def _place(where: Citation | Closest) -> dict[str, Any]:
    return {
        **_article(where),
        "start": where.start,
        "end": where.end,
        "quote": where.quote,
        "page": where.page or None,
    }


def _explanation(explanation: Explanation) -> dict[str, Any]:
    return {
        "reason": explanation.reason,
        "signals": dict(explanation.signals),
        "hits": [_hit(hit) for hit in explanation.hits],
    }


def _hit(hit: Hit) -> dict[str, Any]:
    passage = hit.passage
    return {
        "document_id": passage.document_id,
        "start": passage.start,
        "end": passage.end,
        "kind": passage.kind,
        "heading": passage.heading,
        "lexical": hit.lexical,
        "dense": hit.dense,
        "score": hit.score,
        "text": passage.text,
    }
