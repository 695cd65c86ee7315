"""Where a Chroma server is, as ``QABOT_CHROMA`` says it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from qabot.errors import SettingsError

CLOUD = "api.trychroma.com"
"""The host of Chroma Cloud."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,4000}")
_PORTS = {"http": 8000, "https": 443}
_EXAMPLE = "http://chroma.example.org:8000 or https://api.trychroma.com/TENANT/DATABASE"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A database on a Chroma server; ``headers`` hold the secrets that open it."""

    scheme: str
    host: str
    port: int
    tenant: str = "default_tenant"
    database: str = "default_database"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, address: str, token: str = "") -> ServerAddress:
        """Read ``http(s)://[user:password@]host[:port][/tenant/database]``.

        A ``token`` is sent both as a bearer's and as Chroma Cloud takes it. Raises SettingsError,
        which repeats no secret.
        """
        try:
            parts = urlsplit(address)
            port, host = parts.port, parts.hostname or ""
        except ValueError as error:
            raise _unusable() from error
        names = [unquote(name) for name in parts.path.split("/") if name]
        if parts.scheme not in _PORTS or not re.fullmatch(r"[\w.:-]{1,253}", host) or port == 0:
            raise _unusable()
        if parts.query or parts.fragment or len(names) not in (0, 2):
            raise _unusable()
        if not all(map(_NAME.fullmatch, names)):
            raise _unusable()
        if host == CLOUD and not (names and token):
            raise SettingsError(
                f"Chroma Cloud needs QABOT_CHROMA=https://{CLOUD}/TENANT/DATABASE and its key in "
                "QABOT_CHROMA_TOKEN."
            )
        headers = _headers(unquote(parts.username or ""), unquote(parts.password or ""), token)
        tenant, database = names or ("default_tenant", "default_database")
        return cls(parts.scheme, host, port or _PORTS[parts.scheme], tenant, database, headers)

    @property
    def shown(self) -> str:
        """What a person is told: the host with its port, and the database where one is named."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        named = (self.tenant, self.database) != ("default_tenant", "default_database")
        return f"{host}:{self.port}" + f"/{self.tenant}/{self.database}" * named

    @property
    def digest(self) -> str:
        """Tells databases apart: 16 hex digits, the same whatever opens the server."""
        place = (self.scheme, self.host, str(self.port), self.tenant, self.database)
        return hashlib.sha256("\0".join(place).encode()).hexdigest()[:16]


def _headers(user: str, password: str, token: str) -> dict[str, str]:
    if token and not _TOKEN.fullmatch(token):
        raise SettingsError("QABOT_CHROMA_TOKEN is no token: copy it anew.")
    if token:
        return {"Authorization": f"Bearer {token}", "X-Chroma-Token": token}
    if user or password:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        return {"Authorization": f"Basic {pair}"}
    return {}


def _unusable() -> SettingsError:
    return SettingsError(f"QABOT_CHROMA must be the address of a Chroma server: {_EXAMPLE}.")
