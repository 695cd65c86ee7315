"""The composition root: Settings -> Bot. The only place where parts are put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from qabot.bot import Bot
from qabot.embed import WordLlamaEmbedder
from qabot.errors import LoadError
from qabot.index import Index, exists
from qabot.ingest import Progress, Report, ingest
from qabot.rebuild import Rebuilt, rebuild
from qabot.resources import shipped
from qabot.settings import Settings

_FIRST_USE_WAIT = 120.0


def make_embedder(settings: Settings) -> WordLlamaEmbedder:
    """The embedding model that the settings name."""
    return WordLlamaEmbedder()


def open_index(settings: Settings, create: bool = False) -> Index:
    """The index of these settings; with ``create`` an empty one where there is none."""
    return Index(settings.index_folder, make_embedder(settings), create)


def open_bot(
    settings: Settings | None = None, notice: Callable[[str], None] = lambda line: None
) -> Bot:
    """A bot over the index of ``settings`` (by default those of the environment).

    On first use, when nothing was ever ingested, the articles that come with the program are;
    ``notice`` is told so. Raises QabotError.
    """
    settings = settings or Settings.from_environment()
    folder = settings.index_folder
    embedder = make_embedder(settings)
    index = Index(folder, embedder, create=not exists(folder))
    if not index.is_used:
        index.close()
        index = Index(folder, embedder, create=True)
        notice("First use: indexing the articles that come with qabot ...")
        report = ingest(index, [shipped("seeds")], wait=_FIRST_USE_WAIT)
        if report.failed:
            raise LoadError(str(report.failed[0]))
    return Bot(index, embedder, settings.top_k, settings.budget)


def open_existing_index(settings: Settings) -> Index:
    """The index for listing and showing: made with the shipped articles where there is none."""
    folder = settings.index_folder
    return open_index(settings, create=not exists(folder))


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
