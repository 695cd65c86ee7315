"""The composition root: Settings -> Bot. The only place where parts are put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from qabot.bot import Bot
from qabot.embed import WordLlamaEmbedder
from qabot.errors import IndexLocked, LoadError
from qabot.index import Index
from qabot.ingest import Progress, Report, ingest, ingest_with
from qabot.rebuild import Rebuilt, rebuild
from qabot.resources import shipped
from qabot.settings import Settings
from qabot.storage import exists

Notice = Callable[[str], None]
"""Told in a sentence what takes time."""
_FIRST_USE_WAIT = 120.0  # seconds


def make_embedder(settings: Settings) -> WordLlamaEmbedder:
    """The embedding model that the settings name."""
    return WordLlamaEmbedder()


def open_index(settings: Settings, create: bool = False) -> Index:
    """The index of these settings; with ``create`` an empty one where there is none."""
    return Index(settings.index_folder, make_embedder(settings), create)


def open_bot(settings: Settings | None = None, notice: Notice = lambda line: None) -> Bot:
    """A bot over the index of ``settings`` (by default those of the environment).

    On first use, when nothing was ever ingested, the articles that come with the program are;
    ``notice`` is told so. Raises QabotError.
    """
    settings = settings or Settings.from_environment()
    embedder = make_embedder(settings)
    index = Index(settings.index_folder, embedder, create=not exists(settings.index_folder))
    try:
        if not index.is_used:
            _first_use(index, notice)
    except BaseException:
        index.close()
        raise
    return Bot(index, embedder, settings.top_k, settings.budget)


def _first_use(index: Index, notice: Notice) -> None:
    try:
        _ingest_shipped(index, notice, wait=0)
    except IndexLocked:
        notice("Another qabot is writing to the index; waiting until it has finished ...")
        _ingest_shipped(index, notice, _FIRST_USE_WAIT)


def _ingest_shipped(index: Index, notice: Notice, wait: float) -> None:
    with index.writing(wait) as writer:
        if index.is_used:
            return
        notice("First use: indexing the articles that come with qabot ...")
        report = ingest_with(writer, index, [shipped("seeds")])
        if report.failed:
            raise LoadError(str(report.failed[0]))


def open_existing_index(settings: Settings) -> Index:
    """The index for listing and showing; an empty one is made where there is none."""
    return open_index(settings, create=not exists(settings.index_folder))


def ingest_paths(settings: Settings, paths: Sequence[Path], progress: Progress) -> Report:
    """Bring the index of these settings up to date with files and folders."""
    index = open_index(settings, create=True)
    try:
        return ingest(index, paths, progress)
    finally:
        index.close()


def rebuild_index(settings: Settings, progress: Progress) -> Rebuilt:
    """Make the index of these settings anew from what can be read of it."""
    return rebuild(settings.index_folder, make_embedder(settings), progress)
