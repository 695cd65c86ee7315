"""A Chroma server as the index needs it: an end to every call, its faults, the index there.

Chroma's own client waits for a server as long as it takes, so it is given another HTTP session.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from qabot.addresses import CLOUD, ServerAddress
from qabot.chroma_collections import Collections
from qabot.chroma_search import is_not_offered, searched_schema
from qabot.errors import IndexOutdated
from qabot.nodes import PREFIX, collection_name
from qabot.server_faults import bounded_session, translated

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection as ChromaCollection

FORMAT = "1"
"""The format of what is kept on a server."""
_RECORDS = "-records"
_CLOUD_PAGE, _PAGE = 300, 2_000  # records in a call; the first is what Chroma Cloud allows
_MOST = 10_000  # results of a query


class ChromaServer:
    """One database on a Chroma server. Safe to share between threads."""

    def __init__(self, address: ServerAddress, longest: float) -> None:
        """Nothing is asked yet; ``longest`` is the seconds that a call may take."""
        from chromadb.api import ServerAPI
        from chromadb.config import Settings, System

        self.address = address
        host = f"[{address.host}]" if ":" in address.host else address.host
        settings = Settings(
            anonymized_telemetry=False,
            chroma_api_impl="chromadb.api.fastapi.FastAPI",
            chroma_server_host=host,
            chroma_server_http_port=address.port,
            chroma_server_ssl_enabled=address.scheme == "https",
            chroma_server_ssl_verify=False,  # of a session that is not used: quicker made
        )
        self._api: Any = cast("Any", System(settings).instance)(ServerAPI)
        self._longest = longest
        self._session = bounded_session(address, self._api.get_request_headers(), longest)
        self._api._session = self._session
        self._place = {"tenant": address.tenant, "database": address.database}
        self._page = _CLOUD_PAGE if address.host == CLOUD else _PAGE

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn what goes wrong inside with the server into IndexUnavailable with the remedy."""
        try:
            yield
        except Exception as error:
            raise translated(error, self.address, self._longest) from error

    def version(self) -> str:
        """The version of Chroma that the server names."""
        with self.guarded():
            return str(self._api.get_version())[:50]

    def embedders(self) -> list[str]:
        """The fingerprints of the embedding models that there are indexes of."""
        with self.guarded():
            found = self._api.list_collections(**self._place)
            return sorted(
                str((one.metadata or {}).get("embedder", ""))
                for one in found
                if one.name.startswith(PREFIX) and one.name.endswith(_RECORDS)
            )

    def collections(self, embedder: str, create: bool) -> Collections | None:
        """The index made with an embedding model; None where there is none and none is made.

        Raises IndexOutdated where another version of qabot made it.
        """
        name = collection_name(embedder)
        meta = {"format": FORMAT, "embedder": embedder}
        with self.guarded():
            if create:
                passages = self._found(name) or self._made(name)
                records = self._api.get_or_create_collection(
                    name + _RECORDS, metadata=meta, **self._place
                )
            else:
                passages, records = self._found(name), self._found(name + _RECORDS)
                if passages is None or records is None:
                    return None
        if dict(records.metadata or {}) != meta:
            raise IndexOutdated(
                f"The index at {self.address.shown} was made by another version of qabot. "
                "Export it with that one, then: qabot import FILE"
            )
        with self.guarded():
            limit = min(int(self._api.get_max_batch_size()), self._page)
        most = _CLOUD_PAGE if self.address.host == CLOUD else _MOST
        return Collections(
            self._wrapped(passages), self._wrapped(records), max(1, limit), most, self.guarded
        )

    def _made(self, name: str) -> Any:
        """A collection of passages, which is searched by words where the server can do that."""
        try:
            return self._api.get_or_create_collection(name, schema=searched_schema(), **self._place)
        except Exception as error:
            if not is_not_offered(error):
                raise
        space = cast("Any", {"hnsw": {"space": "cosine"}})
        return self._api.get_or_create_collection(name, configuration=space, **self._place)

    def _found(self, name: str) -> Any:
        from chromadb.errors import NotFoundError

        try:
            return self._api.get_collection(name, **self._place)
        except NotFoundError:
            return None

    def _wrapped(self, model: Any) -> ChromaCollection:
        from chromadb.api.models.Collection import Collection

        return Collection(client=self._api, model=model, embedding_function=None)
