"""The index on a Chroma server, which several bots share; each keeps a copy of the texts.

The copy is searched by words, and holds what is cited; the server is asked for what lies near a
question's meaning. While the server is away the copy answers alone, and ``trouble`` says so.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from qabot.addresses import ServerAddress
from qabot.catalog import Catalog
from qabot.chroma_collections import Collections
from qabot.chroma_server import ChromaServer
from qabot.errors import IndexLocked, IndexOutdated, IndexProblem, IndexUnavailable, QabotError
from qabot.following import COMMIT, Follower, open_copy
from qabot.index import legs_of
from qabot.protocols import Embedder
from qabot.records import digest_of
from qabot.server_writer import ServerWriter
from qabot.types import Leg, Vectors

_PAUSE = 1.0  # seconds between two looks whether something has changed
_QUESTION = 3.0  # seconds that a question waits for the server
_WORK = 60.0  # seconds that a call of a writer or a follower may take
_OPENING = 600.0  # seconds that another process may take to fetch the articles at first

_log = logging.getLogger("qabot.index")
_log.addHandler(logging.NullHandler())  # where nobody asked for lines, answers say it


class ServerIndex:
    """An open index on a Chroma server. Safe to share between threads, not with forked processes.

    Follows what others write to it, in a thread of its own.
    """

    def __init__(
        self,
        address: ServerAddress,
        home: Path,
        embedder: Embedder,
        notice: Callable[[str], None] = lambda line: None,
        create: bool = False,
        anew: bool = False,
    ) -> None:
        """Open it with the copy in ``home``, which is brought up to date, or made ``anew``.

        With ``create`` it may be one beside those of other embedding models.

        Raises IndexUnavailable where the server is away and there is no copy, IndexOutdated where
        the index was made with another embedding model or version, IndexLocked, StorageError.
        """
        self.address, self.embedder, self._create = address, embedder, create
        folder = home / "servers" / f"{address.digest}-{digest_of(embedder.fingerprint)[:8]}"
        self._asked = ChromaServer(address, _QUESTION)
        self._worked = ChromaServer(address, _WORK)
        self._questions: Collections | None = None
        self._catalog = open_copy(folder, embedder.fingerprint, anew)
        self._follower = Follower(self._catalog, folder, notice)
        self._work: Collections | None = None
        self._trouble, self._failed_at, self._followed_at = "", 0.0, time.monotonic()
        self._stop = threading.Event()
        try:
            self._follow(_OPENING)
        except IndexUnavailable:
            if not self._follower.has_followed:
                self.close()
                raise
        except BaseException:
            self.close()
            raise
        self._follower.notice = _log.info  # from now on nobody waits for it
        self._thread = threading.Thread(target=self._keep_following, name="index", daemon=True)
        self._thread.start()

    @property
    def catalog(self) -> Catalog:
        """The copy of the documents, their passages, and the words in these."""
        return self._catalog

    @property
    def store_name(self) -> str | None:
        """Names the current state of the copy: it changes with every commit."""
        return self._catalog.meta().get(COMMIT)

    @property
    def trouble(self) -> str:
        """Why the index cannot be searched whole just now, in a sentence; empty where it can."""
        return self._trouble

    @property
    def lag(self) -> float:
        """Seconds since the copy was last known to hold what the server does."""
        return time.monotonic() - self._followed_at

    @property
    def damaged(self) -> int:
        """How many documents of the server cannot be read whole."""
        return self._follower.damaged

    def close(self) -> None:
        """Let go of the server and of the copy."""
        self._stop.set()
        thread = getattr(self, "_thread", None)
        if thread:
            thread.join(2 * _PAUSE)
        self._asked.close()
        self._worked.close()
        self._catalog.close()

    def legs(
        self,
        vector: Vectors,
        wordings: Sequence[Sequence[str]],
        limit: int,
        among: Collection[str] | None = None,
    ) -> list[Leg]:
        """What vectors find, nothing while there is ``trouble``; then what each wording finds.

        See ``retrieve.Searched``. Words are looked up on the server where it ``searches_words``,
        else in the copy.
        """
        if self.searches_words:
            found = self._ask(vector, wordings, limit, among)
            if len(found) > 1:
                return found
        return legs_of(
            lambda: self.dense(vector, limit, among), self._catalog, wordings, limit, among
        )

    def dense(self, vector: Vectors, limit: int, among: Collection[str] | None = None) -> Leg:
        """The passages nearest to ``vector``, with their cosine; none while there is ``trouble``.

        With ``among`` only passages of these documents.
        """
        return self._ask(vector, (), limit, among)[0]

    @property
    def searches_words(self) -> bool:
        """Whether the server offers Chroma's Search API, and the index was made for it."""
        collections = self._questions or self._work
        return collections is not None and collections.searches_words

    def _ask(
        self,
        vector: Vectors,
        wordings: Sequence[Sequence[str]],
        limit: int,
        among: Collection[str] | None,
    ) -> list[Leg]:
        if self._trouble or (among is not None and not among):
            return [[]]
        try:
            if self._questions is None:
                self._questions = self._asked.collections(self.embedder.fingerprint, create=False)
            if self._questions is None:
                return [[]]
            return self._questions.legs(vector, wordings, limit, among, self._catalog.present)
        except IndexUnavailable as error:
            self._fail(error)
            return [[]]

    @contextmanager
    def writing(self, wait: float = 0) -> Iterator[ServerWriter]:
        """A writer, after clearing up after killed ones; others may write at the same time.

        Raises IndexUnavailable, StorageError.
        """
        work = self._worked.collections(self.embedder.fingerprint, create=True)
        assert work
        self._follower.follow(work, max(wait, _OPENING))
        yield ServerWriter(work, self._follower, self.embedder)

    def _follow(self, wait: float) -> None:
        """Bring the copy up to date. Raises IndexUnavailable, having noted it, and IndexLocked."""
        try:
            if self._work is None:
                self._work = self._worked.collections(self.embedder.fingerprint, create=False)
            work = self._work
            if work is not None:
                self._follower.follow(work, wait)
            elif self._follower.has_followed:
                raise IndexUnavailable(
                    f"The index at {self.address.shown} is gone. "
                    "Bring its articles back: qabot import FILE"
                )
            elif not self._create:
                self._check_others()
        except IndexUnavailable as error:
            self._fail(error)
            raise
        self._followed_at = time.monotonic()
        # A question that has just failed is to find why, though another call has gone well.
        if self._trouble and self._followed_at - self._failed_at >= _PAUSE:
            _log.warning("The index server at %s answers again.", self.address.shown)
            self._trouble = ""

    def _check_others(self) -> None:
        """Where there is no index, see that there is none of another embedding model."""
        # Another process may just have made the one that was not there.
        others = [one for one in self._worked.embedders() if one != self.embedder.fingerprint]
        if others:
            raise IndexOutdated(
                f"The index at {self.address.shown} was made with the embedding model "
                f"{others[0]}, not {self.embedder.fingerprint}. Unset QABOT_EMBEDDING, or bring "
                "its articles over: qabot export FILE, then with QABOT_EMBEDDING set qabot import "
                "FILE"
            )

    def _fail(self, error: IndexUnavailable) -> None:
        # What was found of the collections may be gone when the server is back.
        self._questions = self._work = None
        if not self._trouble and self._follower.has_followed:
            _log.warning("%s Until then questions are answered by words alone.", error)
        self._failed_at = time.monotonic()
        self._trouble = f"{error} Until then only words are compared, and news may be missing."

    def _keep_following(self) -> None:
        while not self._stop.wait(_PAUSE):
            try:
                self._follow(wait=0)
            except (IndexUnavailable, IndexLocked):
                continue
            except QabotError as error:
                self._trouble = str(error)
            except Exception as error:
                if not self._stop.is_set():
                    _log.error("Following the index server failed (%s).", type(error).__name__)
                    self._trouble = "The index server cannot be followed. Start qabot again."


def embedders_at(address: ServerAddress) -> list[str]:
    """The fingerprints of the embedding models that indexes on a server were made with.

    Raises IndexUnavailable.
    """
    server = ChromaServer(address, _QUESTION)
    try:
        return server.embedders()
    finally:
        server.close()


def copied_embedders(address: ServerAddress, home: Path) -> list[str]:
    """The fingerprints of the embedding models of the copies in ``home``."""
    found = []
    for path in sorted((home / "servers").glob(f"{address.digest}-*/catalog.sqlite3")):
        catalog = Catalog(path)
        try:
            found.append(catalog.meta().get("embedder", ""))
        except IndexProblem:
            continue
        finally:
            catalog.close()
    return found
