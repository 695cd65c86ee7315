"""A Chroma server that offers the Search API, as far as qabot uses it.

``chroma run``, before which it stands, refuses sparse vectors and has no search. This keeps the
vectors, and compares with every one, by the definitions of Chroma's own engine; all else is done by
the real server.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from server_support_relay import Answer, Relay, relay_to

Json = dict[str, Any]


class SearchingServer:
    """What it does with requests; ``searches`` are those it was asked for."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._schemas: dict[str, Json] = {}
        self._sparse: dict[str, Json] = {}
        self.searches: list[list[Json]] = []

    def answer(self, method: str, path: str, body: bytes) -> Answer | None:
        """Its answer where the real server has none of its own."""
        last = path.rpartition("/")[2]
        if method == "POST" and last == "collections":
            return self._make(path, json.loads(body))
        if method == "GET" and path.rpartition("/")[0].endswith("/collections"):
            status, found = self._ask(method, path)
            return status, json.dumps(self._with_schema(path, found)).encode()
        if last == "add":
            return self._add(path, json.loads(body))
        if last == "search":
            return self._search(path.removesuffix("/search"), json.loads(body)["searches"])
        return None

    def _make(self, path: str, asked: Json) -> Answer:
        place, schema = f"{path}/{asked['name']}", asked.pop("schema")
        if schema:
            self._schemas.setdefault(place, schema)
            asked["configuration"] = {"hnsw": {"space": "cosine"}}
        status, made = self._ask("POST", path, asked)
        return status, json.dumps(self._with_schema(place, made)).encode()

    def _with_schema(self, place: str, collection: Json) -> Json:
        schema = self._schemas.get(place)
        return {**collection, "schema": schema} if schema and "id" in collection else collection

    def _add(self, path: str, asked: Json) -> Answer:
        for identifier, fields in zip(asked["ids"], asked["metadatas"], strict=True):
            sparse = [name for name, value in fields.items() if isinstance(value, dict)]
            for name in sparse:
                self._sparse[f"{name}:{identifier}"] = _checked(fields.pop(name))
        status, done = self._ask("POST", path, asked)
        return status, json.dumps(done).encode()

    def _search(self, collection: str, searches: list[Json]) -> Answer:
        self.searches.append(searches)
        legs = [self._leg(collection, one) for one in searches]
        found = {
            "ids": [[identifier for _, identifier in leg] for leg in legs],
            "scores": [[score for score, _ in leg] for leg in legs],
            "documents": [None] * len(legs),
            "embeddings": [None] * len(legs),
            "metadatas": [None] * len(legs),
            "select": [one["select"]["keys"] for one in searches],
        }
        return 200, json.dumps(found).encode()

    def _leg(self, collection: str, search: Json) -> list[tuple[float, str]]:
        asked = {"where": search["filter"], "include": ["embeddings"]}
        _, there = self._ask("POST", f"{collection}/get", asked)
        query = search["rank"]["$knn"]
        if query["key"] == "#embedding":
            vectors = np.array(there["embeddings"]).reshape(len(there["ids"]), -1)
            scores = (1 - vectors @ np.array(query["query"])).tolist() if len(vectors) else []
        else:
            scores = self._lacking(query, there["ids"])
        ranked = sorted(zip(scores, there["ids"], strict=True))
        return ranked[: min(query["limit"], search["limit"]["limit"])]

    def _lacking(self, query: Json, ids: list[str]) -> list[float]:
        """1 - query · document, as the engine has it, rare dimensions weighing more."""
        own = [self._sparse.get(f"{query['key']}:{one}", {}) for one in ids]
        every = [words for key, words in self._sparse.items() if key.startswith(query["key"])]
        sought = {}
        for dimension, value in _checked(query["query"]).items():
            having = sum(dimension in words for words in every)
            rarity = math.log1p((len(every) - having + 0.5) / (having + 0.5))
            sought[dimension] = value * rarity
        shared = (words.keys() & sought.keys() for words in own)
        return [
            1 - sum(sought[one] * words[one] for one in both)
            for words, both in zip(own, shared, strict=True)
        ]

    def _ask(self, method: str, path: str, asked: Json | None = None) -> tuple[int, Json]:
        got = self._relay.http.request(method, self._relay.target + path, json=asked)
        return got.status_code, got.json()


def _checked(vector: Json) -> dict[int, float]:
    """A sparse vector as the wire has it, by dimension."""
    assert vector["#type"] == "sparse_vector"
    dimensions, values = vector["indices"], vector["values"]
    assert dimensions == sorted(set(dimensions))
    assert all(0 <= one < 2**32 for one in dimensions)
    return dict(zip(dimensions, values, strict=True))


@contextmanager
def searching_server(target: str) -> Iterator[tuple[Relay, SearchingServer]]:
    """A server that offers it, before the one at ``target``."""
    with relay_to(target) as relay:
        server = SearchingServer(relay)
        relay.answer = server.answer
        yield relay, server
