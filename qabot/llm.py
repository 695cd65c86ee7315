"""Language models, through the OpenAI SDK: OpenAI itself, or a server that speaks its chat API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qabot.closing import Closes
from qabot.errors import ContextOverflow, ModelError, ReplyError
from qabot.faults import check_end
from qabot.openai_client import Connection
from qabot.protocols import Usage

DEFAULT_MODEL = "gpt-6-luna"
# Of the SDK's list (openai.types.shared.chat_model) the smallest model of the newest family:
# choosing a sentence from given passages needs no larger one.

_LIMITS = ("max_tokens", "max_completion_tokens")


class OpenAIModel(Closes):
    """A chat model at an address; safe to share between threads.

    ``timeout`` is in seconds and bounds each silence (connecting, waiting for the next bytes);
    ``longest`` bounds a call with all its retries, to which one ``timeout`` may come on top.
    """

    def __init__(
        self,
        name: str = DEFAULT_MODEL,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 60.0,
        max_retries: int = 2,
        longest: float = 180.0,
    ) -> None:
        self.name = name
        self._unknown: set[str] = set()
        self._connection = Connection(base_url, api_key, timeout, max_retries, longest)
        self._connection.check_key("use --model extractive")
        self.host = self._connection.host

    def stream(self, messages: Sequence[Mapping[str, str]], max_tokens: int = 1024) -> Reply:
        """Ask, and return the reply as it comes; close it, or use it as a context manager.

        Raises ModelError here when the request fails, from the reply when that breaks off.
        """
        return self._ask(messages, max_tokens, None)

    def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        max_tokens: int = 256,
        schema: Mapping[str, Any] | None = None,
    ) -> tuple[str, Usage | None]:
        """The whole of a short reply, and its tokens; with ``schema``, JSON that was asked to fit.

        Raises ModelError, also for a reply that stops at ``max_tokens`` or is not JSON.
        """
        with self._ask(messages, max_tokens, schema) as reply:
            text = "".join(reply).strip()
        if reply.finish_reason == "length":
            raise ReplyError(
                f"The model {self.name!r} was cut off after {max_tokens} tokens. Ask for less, "
                "or choose another model with --model."
            )
        if schema is not None:
            try:
                json.loads(text)
            except ValueError as error:
                raise ReplyError(
                    f"The model {self.name!r} did not write the JSON that it was asked for. "
                    "Choose another model with --model."
                ) from error
        return text, reply.usage

    def close(self) -> None:
        """Let go of every connection; a reply that is still open ends. The next call opens anew."""
        self._connection.close()

    def _ask(
        self,
        messages: Sequence[Mapping[str, str]],
        max_tokens: int,
        schema: Mapping[str, Any] | None,
    ) -> Reply:
        client = self._connection.call()
        sent: list[Any] = [dict(message) for message in messages]
        while True:
            fields = self._fields(max_tokens, schema)
            try:
                answer = client.chat.completions.create(
                    model=self.name, messages=sent, stream=True, **fields
                )
                return Reply(self, answer)
            except Exception as error:
                # Servers differ in the fields they know: leave out the one this one complains of.
                if not self._learn(error, fields):
                    raise self._explained(error) from error

    def _fields(self, max_tokens: int, schema: Mapping[str, Any] | None) -> dict[str, Any]:
        """The request's optional fields, less those that the server is known to refuse."""
        fields: dict[str, Any] = {"stream_options": {"include_usage": True}}
        if not self._connection.at_openai:
            fields["temperature"] = 0
        elif re.match(r"gpt-[5-9]", self.name):
            fields["reasoning_effort"] = "none"
        if schema is not None:
            form = {"name": "reply", "strict": True, "schema": dict(schema)}
            fields["response_format"] = {"type": "json_schema", "json_schema": form}
        fields = {name: value for name, value in fields.items() if name not in self._unknown}
        # OpenAI's models refuse the old name, many other servers do not know the new one.
        names = reversed(_LIMITS) if self._connection.at_openai else _LIMITS
        limit = next((name for name in names if name not in self._unknown), None)
        return fields if limit is None else {**fields, limit: max_tokens}

    def _learn(self, error: Exception, fields: Mapping[str, Any]) -> bool:
        """Whether the server refused a field that can be left out; it is from now on."""
        if getattr(error, "status_code", None) not in (400, 422):
            return False
        said = f"{error} {getattr(error, 'body', '')}"
        refused = {name for name in fields if re.search(rf"\b{name}\b", said)}
        if not refused or isinstance(self._explained(error), ContextOverflow):
            return False
        self._unknown |= refused
        return True

    def _explained(self, error: Exception) -> ModelError:
        return self._connection.explained(error, self.name)

    def _check_end(self, chunks: int, written: bool, reason: str | None) -> None:
        check_end(self.name, self._connection.host, chunks, written, reason)


class Reply(Closes):
    """A reply as it comes: iterate over its pieces of text, once; close it at any time.

    When it has ended, ``finish_reason`` is ``stop`` or ``length``, and ``usage`` holds
    ``prompt_tokens`` and ``completion_tokens`` where the server counts them.
    """

    def __init__(self, model: OpenAIModel, answer: Any) -> None:
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self._model, self._answer = model, answer
        self._closed = False
        self._pieces = self._read()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._pieces)

    def close(self) -> None:
        """End the reply and its connection, which tells the server to stop writing."""
        self._closed = True
        self._answer.close()

    def _read(self) -> Iterator[str]:
        chunks, written = 0, False
        try:
            for chunk in self._answer:
                chunks += 1
                text = self._take(chunk)
                if text:
                    written = written or not text.isspace()
                    yield text
        except Exception as error:
            if self._closed:
                return
            raise self._model._explained(error) from error
        finally:
            self._answer.close()
        if not self._closed:
            self._model._check_end(chunks, written, self.finish_reason)

    def _take(self, chunk: Any) -> str:
        usage = getattr(chunk, "usage", None)
        counts = (getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None))
        if isinstance(counts[0], int) and isinstance(counts[1], int):
            self.usage = {"prompt_tokens": counts[0], "completion_tokens": counts[1]}
        choices = getattr(chunk, "choices", None)
        if not isinstance(choices, list) or not choices:
            return ""
        self.finish_reason = getattr(choices[0], "finish_reason", None) or self.finish_reason
        text = getattr(getattr(choices[0], "delta", None), "content", None)
        return text if isinstance(text, str) else ""
