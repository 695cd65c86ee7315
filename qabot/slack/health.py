"""How the bot stands, for whoever watches the process: ``/healthz`` and ``/metrics``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from qabot.bot import Bot
from qabot.errors import QabotError
from qabot.slack.metrics import TYPE, Metrics
from qabot.slack.sockets import SocketMode
from qabot.slack.web import listen
from qabot.slack.worker import Desk

_log = logging.getLogger("qabot.slack")


class Health:
    """What there is to know of a running bot. Its parts are told as they come to be."""

    def __init__(self, bot: Bot, metrics: Metrics, is_http: bool) -> None:
        """``is_http`` where Slack sends requests, and no connection is held."""
        self._bot, self._metrics, self._is_http = bot, metrics, is_http
        self.desk: Desk | None = None
        self.sockets: SocketMode | None = None
        watch = metrics.watch
        index = bot.index
        watch("index_passages", "Passages in the index.", lambda: index.catalog.count())
        watch("index_lag_seconds", "Seconds since the index was known to be up to date.", self._lag)
        watch("index_trouble", "1 while the index cannot be searched whole.", self._trouble)
        watch("inbox_questions", "Questions that are not answered yet.", self._waiting)
        watch("slack_connected", "1 while Slack can reach the bot.", lambda: self.is_reachable)
        watch("slack_connections", "Connections to Slack since the start.", self._connections)

    @property
    def is_reachable(self) -> bool:
        """Whether questions come in."""
        if self.desk is None:
            return False
        return self._is_http or (self.sockets is not None and self.sockets.is_connected)

    def state(self) -> dict[str, Any]:
        """Everything as one JSON object; ``ok`` where questions come in and can be answered."""
        trouble, index = "", self._bot.index
        try:
            articles, waiting = len(index.catalog.versions()), self._waiting()
            trouble, is_readable = index.trouble, True
        except QabotError as error:
            articles, waiting, trouble, is_readable = 0, 0, str(error), False
        return {
            "ok": is_readable and self.is_reachable,
            "index": {
                "readable": is_readable,
                "articles": articles,
                "trouble": trouble,
                "followed_seconds_ago": round(self._lag(), 1),
            },
            "slack": {"reachable": self.is_reachable, "connections": self._connections()},
            "inbox": {"waiting": waiting},
            "model": {"name": self._bot.model, "last_reply_ok": self._metrics.is_model_well},
        }

    def _lag(self) -> float:
        return float(getattr(self._bot.index, "lag", 0.0))

    def _trouble(self) -> float:
        return float(bool(self._bot.index.trouble))

    def _waiting(self) -> int:
        return self.desk.waiting() if self.desk else 0

    def _connections(self) -> int:
        return self.sockets.connections if self.sockets else 0

    def application(self) -> web.Application:
        """The two routes, which show nothing that people wrote."""
        application = web.Application(client_max_size=1)
        application.add_routes(
            [web.get("/healthz", self._healthz), web.get("/metrics", self._metrics_page)]
        )
        return application

    async def _healthz(self, request: web.Request) -> web.Response:
        state = await asyncio.to_thread(self.state)
        return web.json_response(state, status=200 if state["ok"] else 503)

    async def _metrics_page(self, request: web.Request) -> web.Response:
        text = await asyncio.to_thread(self._metrics.text)
        return web.Response(body=text, headers={"Content-Type": TYPE})


@asynccontextmanager
async def watched(health: Health | None, place: tuple[str, int] | None) -> AsyncIterator[None]:
    """Tell whoever asks at ``place``, if there is one. Raises SettingsError where that is taken."""
    if health is None or place is None:
        yield
        return
    runner, port = await listen(health.application(), *place, option="QABOT_HEALTH_PORT")
    try:
        host = f"[{place[0]}]" if ":" in place[0] else place[0]
        _log.info("Health at http://%s:%d/healthz, figures at /metrics.", host, port)
        yield
    finally:
        await runner.cleanup()
