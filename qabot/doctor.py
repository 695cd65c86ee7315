"""What ``qabot doctor`` finds: one line for each thing that must be right, with its remedy."""

from __future__ import annotations

import importlib.metadata
import platform
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from qabot.addresses import ServerAddress
from qabot.build import make_embedder, open_index
from qabot.errors import IndexUnavailable, ModelError, QabotError, StorageError
from qabot.index import Index
from qabot.llm import DEFAULT_MODEL, OpenAIModel
from qabot.local import check_file
from qabot.resources import shipped
from qabot.settings import Settings
from qabot.storage import REBUILD, exists

_NO_KEY = "because neither QABOT_MODEL nor OPENAI_API_KEY is set"
_PACKAGES = ("chromadb", "llama-index-core", "llama-index-vector-stores-chroma", "wordllama")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; ``remedy`` says what to do when it is not ``ok``."""

    name: str
    ok: bool
    text: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """Look at the installation, the state and the model, in this order."""
    yield Finding("Python", True, f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}")
    yield _full_text_search()
    for name in _PACKAGES:
        yield _package(name)
    yield _guarded("seeds", lambda: f"{shipped('seeds')}", "Install again: pip install qabot")
    try:
        settings = Settings.from_environment()
    except QabotError as error:
        yield Finding("settings", False, str(error), "Correct or unset that variable.")
        return
    yield _home(settings.home)
    remedy = "pip install --force-reinstall wordllama"
    if settings.embedding not in ("", "wordllama"):
        remedy = "Correct that, or set QABOT_EMBEDDING=wordllama"
    yield _guarded("embedding model", lambda: _embedding(settings), remedy)
    yield _index(settings) if settings.chroma is None else _server(settings, settings.chroma)
    yield _model(settings)


def _model(settings: Settings) -> Finding:
    """Which model would answer and why; it is not asked anything."""
    if settings.model_kind == "extractive":
        why = _NO_KEY if not settings.model else "because QABOT_MODEL says so"
        return Finding("answers", True, f"extractive: the articles' own sentences, {why}")
    name = settings.model or DEFAULT_MODEL
    source = "QABOT_MODEL names it" if settings.model else "OPENAI_API_KEY is set"
    try:
        if settings.model_kind == "file":
            check_file(Path(name).expanduser())
            return Finding("answers", True, f"{name}, a file, because {source}")
        with closing(OpenAIModel(name, settings.base_url, settings.api_key)) as model:
            return Finding("answers", True, f"{name} at {model.host}, because {source}")
    except ModelError as error:
        return Finding("answers", False, str(error), "Mend that, or set QABOT_MODEL=extractive")


def _full_text_search() -> Finding:
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("CREATE VIRTUAL TABLE t USING fts5 (a)")
    except sqlite3.Error:
        remedy = "Use a Python whose sqlite3 module has FTS5, such as python.org's."
        return Finding("full-text search", False, "this Python's SQLite lacks FTS5", remedy)
    return Finding("full-text search", True, "FTS5")


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, "not installed", f"pip install {name}")


def _home(home: Path) -> Finding:
    made: list[Path] = []
    try:
        made += [place for place in (home, *home.parents) if not place.exists()]
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"written")
    except OSError as error:
        remedy = "Set QABOT_HOME to a folder that you can write to."
        return Finding("home", False, f"cannot write to {home}: {error.strerror}", remedy)
    finally:
        for place in made:
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()
    return Finding("home", True, f"{home} can be written to")


def _embedding(settings: Settings) -> str:
    embedder = make_embedder(settings)
    embedder.embed(["a word"])
    return embedder.fingerprint


def _index(settings: Settings) -> Finding:
    folder = settings.index_folder

    def look() -> str:
        if not exists(folder):
            return f"none yet at {folder}; the first question makes it"
        with closing(Index(folder, make_embedder(settings))) as index:
            store = index.vectors
            return (
                f"{folder}: {len(index.catalog.versions()):,} articles, "
                f"{index.catalog.count():,} passages, {store.count() if store else 0:,} vectors"
            )

    try:
        return Finding("index", True, look())
    except StorageError as error:
        return Finding("index", False, str(error), "Mend the home first, then look again.")
    except QabotError as error:
        return Finding("index", False, str(error), f"Mend it: {REBUILD}")


def _server(settings: Settings, address: ServerAddress) -> Finding:
    """The index on a Chroma server, with the copy kept here brought up to date."""
    try:
        with closing(open_index(settings)) as index:
            articles, passages = len(index.catalog.versions()), index.catalog.count()
            text = f"{address.shown}: {articles:,} articles, {passages:,} passages"
            if index.trouble:
                return Finding("index server", False, f"{text} in the copy", index.trouble)
            damaged = getattr(index, "damaged", 0)
            place = "there" if getattr(index, "searches_words", False) else "in the copy"
    except IndexUnavailable as error:
        return Finding("index server", False, str(error), "Mend that, then look again.")
    except QabotError as error:
        return Finding("index server", False, str(error), "Do as it says, then look again.")
    if damaged:
        remedy = "Put them in again: qabot ingest or qabot import"
        return Finding("index server", False, f"{text}; {damaged:,} cannot be read whole", remedy)
    return Finding("index server", True, f"{text}; words are looked up {place}")


def _guarded(name: str, look: Callable[[], str], remedy: str) -> Finding:
    try:
        return Finding(name, True, look())
    except QabotError as error:
        return Finding(name, False, str(error), remedy)
