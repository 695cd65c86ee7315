"""What can go wrong with a model server, told to a person: the SDK's errors mapped to ours.

Nothing that a server sent is repeated: it may hold a key, a prompt or a page of HTML.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence

from qabot.errors import (
    ContextOverflow,
    ModelError,
    ModelSetupError,
    ModelUnavailable,
    ReplyError,
)

# The wordings of OpenAI, vLLM, llama.cpp, Ollama and LM Studio for a prompt that is too long.
_OVERFLOW = re.compile(
    r"context_length_exceeded|exceed_context_size|string_above_max_length"
    r"|(?:maximum|available|model'?s) (?:context|model) (?:length|size|window)"
    r"|context (?:length|size|window) (?:has been |is |was )?(?:exceeded|of only)"
    r"|exceeds? the (?:context|configured limit)"
    r"|greater than the context length|context the overflows"
    r"|prompt is too long|prompt too long|too many input tokens",
    re.IGNORECASE,
)
_FILTERED = re.compile(r"content_filter|content management policy|content_policy", re.IGNORECASE)
_NO_CREDIT = re.compile(r"insufficient_quota|exceeded your current quota|billing", re.IGNORECASE)


def explain(error: Exception, name: str, host: str) -> ModelError:
    """Our error for anything raised while talking to the model ``name`` at ``host``."""
    import openai

    if isinstance(error, ModelError):
        return error
    if isinstance(error, openai.APIStatusError):
        return _status(error.status_code, _said(error), name, host)
    if isinstance(error, openai.APITimeoutError):
        return ModelUnavailable(
            f"The model {name!r} at {host} does not answer in time. Try again, or choose a faster "
            "one with --model."
        )
    if isinstance(error, openai.APIConnectionError):
        return _connection(error, name, host)
    if isinstance(error, openai.APIError):  # told in the middle of a stream
        return _status(500, _said(error), name, host)
    return _foreign(host)


def check_end(name: str, host: str, chunks: int, written: bool, reason: str | None) -> None:
    """Raise ModelError for a reply that ended, but not as one that can be used."""
    if not chunks:
        raise _foreign(host)
    if reason == "content_filter":
        raise ReplyError(
            f"The content filter withheld the reply of the model {name!r}. Put the question "
            "differently, or choose another model with --model."
        )
    if reason is None:
        raise ModelUnavailable(f"The reply of the model {name!r} at {host} broke off. Ask again.")
    if not written:
        spent = " before its tokens were spent" if reason == "length" else ""
        raise ReplyError(
            f"The model {name!r} wrote nothing{spent}. Ask again, or choose another model with "
            "--model."
        )


def scrub(error: BaseException, secrets: Sequence[str]) -> None:
    """Take keys and passwords out of the texts of an error and of all that it came from."""
    for each in _roots(error):
        for secret in secrets:
            each.args = tuple(
                part.replace(secret, "***") if isinstance(part, str) else part for part in each.args
            )
            if isinstance(getattr(each, "message", None), str):
                each.message = each.message.replace(secret, "***")  # type: ignore[attr-defined]


def _foreign(host: str) -> ModelSetupError:
    return ModelSetupError(
        f"What answers at {host} does not speak OpenAI's chat API. Check OPENAI_BASE_URL, which "
        "mostly ends in /v1."
    )


def _said(error: Exception) -> str:
    return f"{error} {getattr(error, 'code', '')} {getattr(error, 'body', '')}"


def _status(status: int, said: str, name: str, host: str) -> ModelError:
    if status not in (401, 403, 429) and _OVERFLOW.search(said):
        return ContextOverflow(
            f"The question with its passages is longer than the model {name!r} reads. Set a "
            "smaller QABOT_TOP_K, or choose another model with --model."
        )
    if status in (400, 403) and _FILTERED.search(said):
        return ReplyError(
            f"The content filter at {host} refused the question or its passages. Put the question "
            "differently, or choose another model with --model."
        )
    if status in (401, 403):
        return ModelSetupError(
            f"{host} does not accept the key for the model {name!r}. Check OPENAI_API_KEY."
        )
    if status in (404, 405):
        return _missing(said, name, host)
    if status == 429 and _NO_CREDIT.search(said):
        return ModelSetupError(
            f"The account at {host} has no credit left. Top it up, or use --model extractive."
        )
    if status == 429:
        return ModelUnavailable(f"{host} allows no more requests for now. Wait a minute.")
    if status == 408 or status == 409 or status >= 500:
        return ModelUnavailable(f"The model server at {host} has trouble ({status}). Try later.")
    return ReplyError(
        f"{host} refuses the request to the model {name!r} ({status}). Choose another model with "
        "--model."
    )


def _missing(said: str, name: str, host: str) -> ModelError:
    if name in said or re.search(r"model", said, re.IGNORECASE):
        return ModelSetupError(
            f"{host} has no model {name!r}. Name one that it has with --model or QABOT_MODEL."
        )
    return ModelSetupError(
        f"There is no chat API at this address of {host}. Check OPENAI_BASE_URL, which mostly ends "
        "in /v1."
    )


def _connection(error: Exception, name: str, host: str) -> ModelError:
    roots = list(_roots(error))
    if any(isinstance(root, socket.gaierror) for root in roots):
        return ModelUnavailable(
            f"There is no host {host} to be found. Check OPENAI_BASE_URL and the network."
        )
    if any(isinstance(root, ConnectionRefusedError) for root in roots):
        return ModelUnavailable(
            f"Nothing answers at {host}. Start the model server, or check OPENAI_BASE_URL."
        )
    if any("CERTIFICATE" in str(root).upper() for root in roots):
        return ModelSetupError(
            f"The certificate of {host} is not trusted. Check OPENAI_BASE_URL, or set "
            "SSL_CERT_FILE."
        )
    return ModelUnavailable(f"The connection to the model {name!r} at {host} broke. Ask again.")


def _roots(error: BaseException) -> list[BaseException]:
    """The error and all it came from, each once."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and not any(each is known for known in found):
            found.append(each)
            waiting += [each.__cause__, each.__context__]
    return found
