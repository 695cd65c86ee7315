"""One error tree. Each message is one line for a person and ends with what to do about it."""

from __future__ import annotations


class QabotError(Exception):
    """Anything qabot raises on purpose; ``str(error)`` is fit to be shown as it is."""


class SettingsError(QabotError):
    """A setting has a value that cannot be used."""


class QuestionError(QabotError):
    """The question cannot be asked: empty, or too long."""


class LoadError(QabotError):
    """A file cannot be read as an article; the message names the file."""


class UnknownReference(QabotError):
    """A document or a place in one does not exist."""


class IndexProblem(QabotError):
    """The index cannot be used."""


class IndexCorrupt(IndexProblem):
    """The index is damaged or half-written; ``qabot ingest --rebuild`` mends it."""


class IndexOutdated(IndexProblem):
    """The index was made by another version or with another embedding model."""


class IndexLocked(IndexProblem):
    """Another process is writing to the index."""


class IndexUnavailable(IndexProblem):
    """The server of the index cannot be reached, refuses or fails; later it may answer."""


class StorageError(IndexProblem):
    """The disk is full, read-only or otherwise refuses."""


class LogError(QabotError):
    """The log of questions cannot be read or written; the answers do not depend on it."""


class EmbeddingError(QabotError):
    """The embedding model cannot be loaded."""


class PromptError(QabotError):
    """A prompt file is missing or its placeholders do not match."""


class ModelError(QabotError):
    """A language model gave no reply that can be used."""


class ModelSetupError(ModelError):
    """A key, an address, a model's name, a file or an extra is missing or wrong."""


class ModelUnavailable(ModelError):
    """The model cannot be reached, is overloaded, too slow, or broke off; later it may answer."""


class ContextOverflow(ModelError):
    """The prompt is longer than the model reads; with fewer passages it may fit."""


class ReplyError(ModelError):
    """The model's reply is empty, withheld, cut off or not what was asked for."""


def was_interrupted(error: BaseException | None) -> bool:
    """Whether it is Ctrl-C, or came of it: Python's own imports wrap it in other errors."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False
