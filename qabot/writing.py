"""What whoever brings articles needs of an index, be it on the disk or on a server."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from qabot.catalog import Catalog
from qabot.types import Document


class DocumentWriter(Protocol):
    """Puts documents into an index and takes them out.

    ``cleared`` counts what interrupted writers had left behind.
    """

    cleared: int

    def put(self, documents: Iterable[Document]) -> None:
        """Write documents, each in place of its older version; each whole or not at all."""
        ...

    def has(self, document: Document) -> bool:
        """Whether the index holds this very version of the document."""
        ...

    def remove(self, *document_ids: str) -> bool:
        """Take documents out; False if none of them was in."""
        ...


class WritableIndex(Protocol):
    """An index that articles can be put into."""

    @property
    def catalog(self) -> Catalog:
        """What is in the index."""
        ...

    def writing(self, wait: float = 0) -> AbstractContextManager[DocumentWriter]:
        """A writer. Raises IndexLocked after ``wait`` seconds where there can be but one."""
        ...
