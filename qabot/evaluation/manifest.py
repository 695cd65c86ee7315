"""What a run was made with, so that it can be made again: versions, model, prompts, data."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from qabot import prompts
from qabot.bot import Bot
from qabot.settings import EXTRACTIVE, Settings

_PACKAGES = (
    "qabot", "chromadb", "llama-index-core", "numpy", "openai", "PyStemmer", "wordllama",
    "xllamacpp",
)  # fmt: skip
_PATIENCE = 10.0  # seconds that git may take


def bot_object(bot: Bot, settings: Settings) -> dict[str, Any]:
    """All of a bot that shapes its answers, but for the program itself; as JSON holds it."""
    return {
        "model": bot.model or EXTRACTIVE,
        "prompts": {name: prompt.hash for name, prompt in prompts.load_all().items()},
        "embedding": bot.index.embedder.fingerprint,
        "top_k": settings.top_k,
        "budget": settings.budget,
        "threshold": settings.threshold,
        "second_opinion": settings.second_opinion,
        "articles": _articles(bot.index.catalog.versions()),
    }


def manifest_object(
    bot: Mapping[str, Any], files: Sequence[Path], more: Mapping[str, Any]
) -> dict[str, Any]:
    """Revision, versions, the bot, and the hashes of the files that the cases came from."""
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("qabot"),
        "revision": revision(),
        **bot,
        "data": {_named(path): _hash(path) for path in files},
        "versions": {"python": platform.python_version(), **_versions()},
        "platform": f"{platform.system()} {platform.machine()}",
        **more,
    }


def revision() -> str | None:
    """The commit of the program's source, with ``+`` where it was changed since, or None."""
    folder = Path(__file__).resolve().parents[1]
    if _git(folder, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None  # installed, in a folder that may belong to another project
    commit = _git(folder, "rev-parse", "--short=12", "HEAD")
    return commit and commit + ("+" if _git(folder, "status", "--porcelain", "--", ".") else "")


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says; None where it has nothing to say or is not there."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None


def _articles(versions: Mapping[str, str]) -> str:
    """Names what the index holds."""
    listed = "\n".join(f"{name}\t{versions[name]}" for name in sorted(versions))
    return hashlib.sha256(listed.encode()).hexdigest()[:12]


def _named(path: Path) -> str:
    """A file without the folders of whoever ran this."""
    return path.name if path.is_absolute() else path.as_posix()


def _hash(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
