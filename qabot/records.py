"""The records that say which passages on a Chroma server count. Pure.

Beside the collection of passages lies a small one. A document is in the index when a record there
names the write that brought its passages; a record without a write says that the document was taken
out. Writers note in it what they have begun and what is to be deleted, and change the record
``state`` with every commit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

STATE = "state"
"""The id of the record that changes with every commit."""
DOCUMENT, BEGUN, SPENT = "document", "begun", "spent"
"""What ``kind`` says of a record of a document, and of a note on writes that were begun or that no
longer count."""


@dataclass(frozen=True, slots=True)
class Record:
    """A document on the server: the write that brought it, and how many passages it has.

    ``write`` is empty where the document was taken out; ``changed`` is in milliseconds since 1970
    by the clock of the writer; ``source`` is what ``digest_of`` makes of it.
    """

    document_id: str
    write: str
    passages: int
    changed: int
    source: str

    @property
    def key(self) -> str:
        """The id of the record."""
        return key_of(self.document_id)

    def fields(self) -> dict[str, str | int]:
        """The metadata of the record: always all of them, since Chroma keeps what is not given."""
        return {"kind": DOCUMENT, **asdict(self)}


def key_of(document_id: str) -> str:
    """The id of a document's record, short whatever the document is called."""
    return f"document-{digest_of(document_id)}"


def digest_of(text: str) -> str:
    """A text as 32 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def write_of(version: str, nonce: str) -> str:
    """Names one write of a version of a document; no two writers ever use the same."""
    return f"{version}.{nonce}"


def version_in(write: str) -> str:
    """The version that a write brought."""
    return write.partition(".")[0]


def record_of(fields: Mapping[str, Any]) -> Record | None:
    """The record with this metadata; None for what is none."""
    try:
        texts = [fields[name] for name in ("document_id", "write", "source")]
        numbers = [fields["passages"], fields["changed"]]
    except (KeyError, TypeError):
        return None
    if not all(isinstance(text, str) for text in texts) or not texts[0]:
        return None
    if not all(isinstance(number, int) for number in numbers):
        return None
    return Record(texts[0], texts[1], numbers[0], numbers[1], texts[2])


def note_fields(kind: str, writes: Sequence[str], changed: int) -> dict[str, str | int]:
    """The metadata of a note that these writes are begun or are spent."""
    return {"kind": kind, "writes": json.dumps(list(writes)), "changed": changed}


def writes_in(fields: Mapping[str, Any]) -> list[str]:
    """The writes that such a note names."""
    try:
        writes = json.loads(str(fields["writes"]))
    except (KeyError, ValueError, RecursionError):
        return []
    return [write for write in writes if isinstance(write, str)] if isinstance(writes, list) else []
