"""The texts that cases are about: their own documents, else those of the bot's index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from qabot.evaluation.bootstrap import FEWEST
from qabot.evaluation.cases import CaseError
from qabot.evaluation.model import Case, Span
from qabot.evaluation.rows import place_of
from qabot.retrieve import Searched


class Texts:
    """Texts by document id, read once from the index that answers cases without documents.

    Safe to share between threads.
    """

    def __init__(self, index: Searched) -> None:
        self._index = index
        self._known: dict[str, str] = {}
        self._is_whole = False

    def of(self, case: Case, ids: Iterable[str]) -> dict[str, str]:
        """The texts of some documents, as far as there are such. Raises IndexProblem."""
        own = {document.id: document.text for document in case.documents}
        wanted = dict.fromkeys(ids)
        if case.documents:
            return {name: own[name] for name in wanted if name in own}
        return {name: text for name in wanted if (text := self._read(name)) is not None}

    def placed(self, case: Case) -> Case:
        """The case with the places of its evidence in the index.

        Cases whose evidence stands in one document belong to one cluster, where the index has
        enough documents to draw from. Raises IndexProblem, and CaseError for evidence that stands
        in no document.
        """
        if case.documents or not case.evidence:
            return case
        texts = self._all()
        places = tuple(_place(case, piece, texts) for piece in case.evidence)
        cluster = places[0].document_id if len(texts) >= FEWEST else case.cluster
        return replace(case, gold=places, cluster=cluster)

    def shown(self, case: Case, answer: Mapping[str, Any] | None) -> dict[str, str]:
        """The texts of what is evidence, cited or closest, of an answer as ``--json`` has it."""
        found = answer or {}
        cited = [place["document_id"] for place in found.get("citations", ())]
        closest = [place["document_id"] for place in found.get("closest", ())]
        return self.of(case, [*(span.document_id for span in case.gold), *cited, *closest])

    def _read(self, name: str) -> str | None:
        if name not in self._known:
            document = self._index.catalog.document(name)
            if document is None:
                return None
            self._known[name] = document.text
        return self._known[name]

    def _all(self) -> Mapping[str, str]:
        if not self._is_whole:
            for name in self._index.catalog.versions():
                self._read(name)
            self._is_whole = True
        return self._known


def _place(case: Case, piece: str, texts: Mapping[str, str]) -> Span:
    place = place_of(piece, texts) if piece else None
    if place is None:
        raise CaseError(
            f"The evidence of the case {case.id!r} stands in no article of the index: "
            f"{piece[:60]!r}. Put the article in: qabot ingest PATH"
        )
    return place
