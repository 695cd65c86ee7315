"""One frozen ``Settings``, read once from the environment."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import platformdirs

from qabot.addresses import ServerAddress
from qabot.errors import SettingsError

LONGEST_QUESTION = 2_000
"""Code points in a question; a longer one is a pasted text, not a question."""
LARGEST_FILE = 8 * 1024 * 1024
"""Bytes in a file that ``ingest`` reads; an article is a few thousand."""
THRESHOLD = 1.0
"""Confidence below which the articles' own sentences are not given for an answer."""
EXTRACTIVE = "extractive"
"""In place of a model's name: the articles' own sentences."""

ModelKind = Literal["extractive", "file", "server"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside.

    ``home`` holds all state. ``top_k`` passages at most are read for an answer, ``budget`` code
    points at most together. Below ``threshold`` the confidence of an answer is too low to give it,
    when no language model is set. ``model`` is a model's name, the path of a GGUF file,
    ``extractive``, or empty. ``embedding`` is ``wordllama``, ``openai:MODEL``, or empty for the
    model that made the index; ``embedding_url`` its server's address, where that is not
    ``base_url``. ``chroma`` is the server that has the index, where it does not lie in ``home``.
    Without ``encoder`` the measured features alone choose what answers. ``price`` is in US dollars
    for a million tokens read and written. Articles are fetched from this machine and its network
    only if ``allow_private_addresses``.
    """

    home: Path
    top_k: int = 16
    budget: int = 12_000
    threshold: float = THRESHOLD
    model: str = ""
    api_key: str = field(default="", repr=False)
    base_url: str = field(default="", repr=False)
    embedding: str = ""
    embedding_url: str = field(default="", repr=False)
    encoder: bool = True
    second_opinion: bool = False
    log: bool = True
    price: tuple[float, float] | None = None
    chroma: ServerAddress | None = None
    allow_private_addresses: bool = False

    @property
    def index_folder(self) -> Path:
        return self.home / "index"

    @property
    def model_kind(self) -> ModelKind:
        """What would write the answers: a GGUF file, a server, or no language model."""
        if self.model:
            if self.model == EXTRACTIVE:
                return "extractive"
            return "file" if self.model.lower().endswith(".gguf") else "server"
        return "server" if self.api_key else "extractive"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read ``QABOT_*`` and ``OPENAI_*``; raises SettingsError naming the variable."""
        values = os.environ if environment is None else environment
        home = values.get("QABOT_HOME", "").strip()
        return cls(
            home=_folder(home).absolute(),
            top_k=_whole_number(values, "QABOT_TOP_K", 16),
            threshold=_number(values, "QABOT_THRESHOLD", THRESHOLD),
            model=values.get("QABOT_MODEL", "").strip(),
            api_key=values.get("OPENAI_API_KEY", "").strip(),
            base_url=values.get("OPENAI_BASE_URL", "").strip(),
            embedding=values.get("QABOT_EMBEDDING", "").strip(),
            embedding_url=values.get("QABOT_EMBEDDING_URL", "").strip(),
            encoder=_encoder(values),
            second_opinion=_verify(values),
            log=not is_set(values, "QABOT_NO_LOG"),
            price=_price(values),
            chroma=_chroma(values),
            allow_private_addresses=is_set(values, "QABOT_ALLOW_PRIVATE_ADDRESSES"),
        )


def _folder(home: str) -> Path:
    try:
        return Path(home).expanduser() if home else platformdirs.user_data_path("qabot", False)
    except RuntimeError as error:
        raise SettingsError(f"QABOT_HOME is {home!r}, a home folder that is not known.") from error


def _whole_number(values: Mapping[str, str], name: str, default: int) -> int:
    given = values.get(name, "").strip()
    if not given:
        return default
    try:
        number = int(given)
    except ValueError:
        number = 0
    if not 1 <= number <= 100:
        raise SettingsError(f"{name} must be a whole number from 1 to 100, not {given!r}.")
    return number


def _number(values: Mapping[str, str], name: str, default: float) -> float:
    given = values.get(name, "").strip()
    try:
        number = float(given) if given else default
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise SettingsError(f"{name} must be a number, not {given!r}.")
    return number


def _chroma(values: Mapping[str, str]) -> ServerAddress | None:
    given = values.get("QABOT_CHROMA", "").strip()
    token = values.get("QABOT_CHROMA_TOKEN", "").strip()
    return ServerAddress.parse(given, token) if given else None


def is_set(values: Mapping[str, str], name: str) -> bool:
    """Whether a variable says yes: anything but nothing, 0, no, false or off."""
    return values.get(name, "").strip().lower() not in ("", "0", "no", "false", "off")


def _encoder(values: Mapping[str, str]) -> bool:
    given = values.get("QABOT_ENCODER", "").strip().lower()
    if given not in ("", "on", "off"):
        raise SettingsError(f"QABOT_ENCODER can only be: on, off. It is {given!r}.")
    return given != "off"


def _verify(values: Mapping[str, str]) -> bool:
    given = values.get("QABOT_VERIFY", "").strip()
    if given not in ("", "model"):
        raise SettingsError(f"QABOT_VERIFY can only be: model. It is {given!r}.")
    return given == "model"


def _price(values: Mapping[str, str]) -> tuple[float, float] | None:
    given = values.get("QABOT_PRICE", "").strip()
    if not given:
        return None
    try:
        read, written = (float(part) for part in given.split("/"))
    except ValueError:
        read = written = math.nan
    if not (0 <= read < math.inf and 0 <= written < math.inf):
        raise SettingsError(
            "QABOT_PRICE must be the dollars for a million tokens read and written, such as "
            f"0.25/2.00, not {given!r}."
        )
    return read, written
