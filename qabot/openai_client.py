"""The way to a server that speaks OpenAI's API: address and key checked, the SDK opened on use.

The SDK is imported with the first request and not before: an answer in the articles' own words
needs none of it. Its retries and back-off are used as they are.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qabot.errors import ModelError, ModelSetupError
from qabot.faults import explain, scrub

if TYPE_CHECKING:
    import openai

    from qabot.transport import Bounds

OPENAI_HOST = "api.openai.com"
_OPENAI_ADDRESS = f"https://{OPENAI_HOST}/v1"


class Connection:
    """One server's address and key, and the SDK's client for it; safe to share between threads.

    ``timeout`` is in seconds and bounds each silence (connecting, waiting for the next bytes);
    ``longest`` bounds a call with all its retries, to which one ``timeout`` may come on top.
    ``host`` is the server's name with its port, fit to be shown. ``lasting`` is what a server says
    with status 500 that would be no different another time: there is no retry then.
    """

    def __init__(
        self,
        base_url: str | None,
        api_key: str | None,
        timeout: float,
        max_retries: int,
        longest: float,
        lasting: re.Pattern[str] | None = None,
    ) -> None:
        """Raises ModelSetupError for an address that is none; without one it is OpenAI's own."""
        self._key = (api_key or "").strip()
        self._address = (base_url or "").strip() or _OPENAI_ADDRESS
        self._timeout, self._max_retries, self._longest = timeout, max_retries, longest
        self._lasting = lasting
        self.host, password = _checked(self._address)
        self.at_openai = self.host.partition(":")[0].endswith((".openai.com", ".azure.com"))
        self._secrets = tuple(filter(None, (self._key, password)))
        self._opened: tuple[openai.OpenAI, Bounds] | None = None
        self._opening = threading.Lock()

    def check_key(self, instead: str) -> None:
        """Raise ModelSetupError without a key that can be sent; ``instead`` is what needs none."""
        if not self._key and self.at_openai:
            raise ModelSetupError(
                "No key for OpenAI. Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your "
                f"own, or {instead}."
            )
        # The HTTP library's own complaint would quote the key.
        if not re.fullmatch(r"[\x21-\x7e]*", self._key):
            raise ModelSetupError(
                "OPENAI_API_KEY has characters that no key has, such as a blank. Set it again."
            )

    def call(self) -> openai.OpenAI:
        """The client for a call that begins now, in this thread."""
        with self._opening:
            if self._opened is None:
                self._opened = self._open()
            client, bounds = self._opened
        bounds.start()
        return client

    def _open(self) -> tuple[openai.OpenAI, Bounds]:
        import openai

        from qabot.transport import Bounds

        bounds = Bounds(self.host, self._longest)
        silence = openai.Timeout(self._timeout, connect=min(self._timeout, 10.0))
        http_client = bounds.client(silence)
        hooks = http_client.event_hooks
        http_client.event_hooks = {**hooks, "response": [*hooks["response"], self._look]}
        client = openai.OpenAI(
            api_key=self._key or "none",
            base_url=self._address,
            timeout=silence,
            max_retries=self._max_retries,
            http_client=http_client,
        )
        return client, bounds

    def _look(self, response: Any) -> None:
        if self._lasting and response.status_code == 500:
            response.read()
            if self._lasting.search(response.text):
                response.headers["x-should-retry"] = "false"  # which the SDK obeys

    def explained(self, error: Exception, name: str) -> ModelError:
        """Our error for what a call to the model ``name`` raised; no secret is left in it."""
        scrub(error, self._secrets)
        return explain(error, name, self.host)

    def close(self) -> None:
        """Let go of the server, and end what is under way; the next call opens anew."""
        with self._opening:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened[0].close()


def _checked(address: str) -> tuple[str, str]:
    """Host and port of an address, fit to be shown, and the password in it, which is not."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", address):
        raise ModelSetupError(
            "OPENAI_BASE_URL is not an address such as http://localhost:11434/v1. Set it again."
        )
    return parts.hostname + port, parts.password or ""
