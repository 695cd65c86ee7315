"""The composition root: Settings -> Bot. The only place where parts are put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from qabot.archive import import_into
from qabot.bot import Bot
from qabot.condense import Condenser
from qabot.conversation import Conversation
from qabot.embed import WordLlamaEmbedder
from qabot.encoder import OnnxEncoder
from qabot.errors import IndexLocked, IndexUnavailable, LoadError, SettingsError
from qabot.index import Index
from qabot.ingest import Given, Progress, Report, ingest, ingest_with
from qabot.loading.model import PLAIN, Intake
from qabot.log import Log
from qabot.protocols import Embedder, LanguageModel, WordVectors
from qabot.rebuild import Rebuilt, made_with, rebuild, reembed
from qabot.remote_embed import RemoteEmbedder, embedder_of
from qabot.resources import shipped
from qabot.settings import Settings
from qabot.storage import exists

if TYPE_CHECKING:
    from qabot.server_index import ServerIndex
    from qabot.write import Writer

Notice = Callable[[str], None]
"""Told in a sentence what takes time."""
AnyIndex: TypeAlias = "Index | ServerIndex"
_FIRST_USE_WAIT = 120.0  # seconds


def make_embedder(settings: Settings) -> Embedder:
    """The embedding model that is set, else the one that made the index, else WordLlama.

    Raises SettingsError, ModelSetupError.
    """
    kind, _, name = settings.embedding.partition(":")
    address = settings.embedding_url or settings.base_url
    if kind == "openai":
        return RemoteEmbedder(name.strip(), address, settings.api_key)
    if settings.embedding not in ("", "wordllama"):
        raise SettingsError(
            "QABOT_EMBEDDING must be wordllama or openai:MODEL, such as "
            f"openai:text-embedding-3-small, not {settings.embedding!r}."
        )
    made = "" if settings.embedding else _made_with(settings)
    return embedder_of(made, address, settings.api_key) or WordLlamaEmbedder()


def _made_with(settings: Settings) -> str:
    """The fingerprint of the model that made the index; empty where there is none yet."""
    if settings.chroma is None:
        return made_with(settings.index_folder) or ""
    from qabot.server_index import copied_embedders, embedders_at

    try:
        found = embedders_at(settings.chroma)
    except IndexUnavailable:
        found = copied_embedders(settings.chroma, settings.home)
    if len(found) > 1 and WordLlamaEmbedder.fingerprint not in found:
        raise SettingsError(
            f"There are indexes of several embedding models at {settings.chroma.shown}. "
            "Set QABOT_EMBEDDING to the one to be used."
        )
    return found[0] if len(found) == 1 else ""


def _changed_embedder(settings: Settings, stack: ExitStack, notice: Notice) -> Embedder:
    """The embedding model, closed by ``stack``, after it has embedded again what another had."""
    embedder = make_embedder(settings)
    if isinstance(embedder, RemoteEmbedder):
        stack.callback(embedder.close)
    if settings.embedding and settings.chroma is None:
        reembed(settings.index_folder, embedder, notice, wait=_FIRST_USE_WAIT)
    return embedder


def open_index(settings: Settings, create: bool = False) -> AnyIndex:
    """The index of these settings; with ``create`` an empty one where there is none."""
    if settings.chroma is None:
        settings = replace(settings, embedding="")
    return _index(settings, make_embedder(settings), create)


def _index(
    settings: Settings,
    embedder: Embedder,
    create: bool,
    notice: Notice = lambda line: None,
    anew: bool = False,
) -> AnyIndex:
    """The index where it is; one on a server with its copy made ``anew`` if so wanted."""
    if settings.chroma is None:
        return Index(settings.index_folder, embedder, create)
    from qabot.server_index import ServerIndex

    return ServerIndex(settings.chroma, settings.home, embedder, notice, create, anew)


def open_bot(
    settings: Settings | None = None,
    notice: Notice = lambda line: None,
    around: Callable[[LanguageModel], LanguageModel] | None = None,
) -> Bot:
    """A bot over the index of ``settings`` (by default those of the environment).

    On first use, when nothing was ever ingested, the articles that come with the program are;
    ``notice`` is told so. ``around`` may stand something before the model, such as a cache. Close
    it when a model is set. Raises QabotError.
    """
    settings = settings or Settings.from_environment()
    with ExitStack() as stack:
        embedder = _changed_embedder(settings, stack, notice)
        create = settings.chroma is None and not exists(settings.index_folder)
        index = _index(settings, embedder, create, notice)
        stack.callback(index.close)
        if isinstance(index, Index) and not index.is_used:
            _first_use(index, notice)
        words = embedder if isinstance(embedder, WordLlamaEmbedder) else WordLlamaEmbedder()
        model = open_model(settings, stack, notice)
        model = around(model) if model and around else model
        writer = _writer(model, words, settings) if model else None
        opened = stack.pop_all()
        return Bot(
            index,
            words,
            settings.top_k,
            settings.budget,
            settings.threshold,
            writer,
            Condenser(model),
            opened.close,
            OnnxEncoder() if settings.encoder else None,
        )
    raise AssertionError  # for the type checker: the stack swallows nothing


def _writer(model: LanguageModel, words: WordVectors, settings: Settings) -> Writer:
    from qabot.write import Writer

    return Writer(model, words, settings.second_opinion)


def open_conversation(
    settings: Settings, notice: Notice = lambda line: None, go_on: bool = False
) -> Conversation:
    """A conversation with the bot of these settings, logged unless they say otherwise.

    ``go_on`` goes on with the last one. Raises QabotError.
    """
    log = Log(settings.home) if settings.log or go_on else None
    conversation = Conversation(
        open_bot(settings, notice), log, settings.price, notice, settings.log
    )
    try:
        if go_on and not conversation.resume():
            notice("There is no conversation to go on with: this question begins one.")
    except BaseException:
        conversation.close()
        raise
    return conversation


def open_model(settings: Settings, stack: ExitStack, notice: Notice) -> LanguageModel | None:
    """The model that writes the answers, closed by ``stack``; None for the articles' own words.

    Raises ModelSetupError when a key, a file or an extra is missing.
    """
    if settings.model_kind == "extractive":
        return None
    from qabot.llm import DEFAULT_MODEL, OpenAIModel

    if settings.model_kind == "file":
        from qabot.local import check_file, serve

        path = Path(settings.model).expanduser()
        check_file(path)
        notice(f"Loading {path} ...")
        server = stack.enter_context(serve(path))
        model = OpenAIModel(server.name, server.base_url, server.api_key)
    else:
        name = settings.model or DEFAULT_MODEL
        model = OpenAIModel(name, settings.base_url, settings.api_key)
    stack.callback(model.close)
    return model


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


def open_existing_index(settings: Settings) -> AnyIndex:
    """The index for listing and showing; an empty one is made where there is none."""
    return open_index(settings, settings.chroma is None and not exists(settings.index_folder))


def ingest_paths(
    settings: Settings,
    given: Sequence[Given],
    progress: Progress,
    notice: Notice = lambda line: None,
    intake: Intake = PLAIN,
) -> Report:
    """Bring the index of these settings up to date with files, folders and addresses."""
    intake = replace(intake, allow_private=settings.allow_private_addresses)
    with ExitStack() as stack:
        embedder = _changed_embedder(settings, stack, notice)
        create = settings.chroma is None
        index = stack.enter_context(closing(_index(settings, embedder, create, notice)))
        return ingest(index, given, progress, intake=intake)
    raise AssertionError  # for the type checker: the stack swallows nothing


def import_articles(
    settings: Settings,
    source: BinaryIO,
    name: str,
    progress: Progress,
    notice: Notice = lambda line: None,
) -> Report:
    """Put the articles of an exported file, called ``name`` in errors, into the index."""
    with ExitStack() as stack:
        embedder = _changed_embedder(settings, stack, notice)
        index = stack.enter_context(closing(_index(settings, embedder, True, notice)))
        return import_into(index, source, name, progress)
    raise AssertionError  # for the type checker: the stack swallows nothing


def rebuild_index(settings: Settings, progress: Progress) -> Rebuilt:
    """Make the index of these settings anew from what can be read of it."""
    if settings.chroma is None:
        return rebuild(settings.index_folder, make_embedder(settings), progress)
    from qabot.server_index import ServerIndex

    embedder = make_embedder(settings)
    with closing(ServerIndex(settings.chroma, settings.home, embedder, anew=True)) as server:
        with server.writing() as writer:
            writer.sweep()
        return Rebuilt(len(server.catalog.versions()), None)
