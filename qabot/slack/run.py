"""The bot from start to end: everything opened, run until told to stop, drained and closed."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress
from typing import Any, TypeVar

from slack_bolt.async_app import AsyncApp

from qabot.bot import Bot
from qabot.build import open_bot
from qabot.errors import IndexLocked, SettingsError
from qabot.log import Log
from qabot.settings import Settings
from qabot.slack import web
from qabot.slack.answering import Answering
from qabot.slack.app import identify, make_app
from qabot.slack.client import SlackClient, SlackProblem, SlackRefused, make_client
from qabot.slack.health import Health, watched
from qabot.slack.inbox import Inbox
from qabot.slack.lines import say_on
from qabot.slack.listeners import register
from qabot.slack.metrics import Metrics
from qabot.slack.settings import SlackSettings
from qabot.slack.sockets import SocketMode
from qabot.slack.thread import Identity
from qabot.slack.worker import Desk
from qabot.storage import locked

Result = TypeVar("Result")
Place = tuple[str, int]
"""A host and a port to listen on."""

_LAST_WORD = 1.0  # seconds for a thread to notice that nobody waits for its answer
_SUCCESSION = 30.0  # seconds that the bot before may take to end
_LONGEST_PAUSE = 30.0  # seconds between attempts to reach Slack

_log = logging.getLogger("qabot.slack")


def serve(settings: Settings, slack: SlackSettings, http: Place | None = None) -> int:
    """Answer in Slack until SIGTERM or Ctrl-C, then let running answers end; the exit code.

    With ``http`` signed requests are taken there, else Socket Mode is used. Raises QabotError where
    the bot cannot start.
    """
    slack.check(http is not None)
    say_on(slack)
    with ExitStack() as stack:
        stack.enter_context(_alone(settings))
        bot = stack.enter_context(closing(open_bot(settings, _log.info)))
        log = stack.enter_context(closing(Log(settings.home))) if settings.log else None
        # What is open now stays open; of what comes, nothing may pile up over days.
        gc.collect()
        gc.freeze()
        gc.set_threshold(2_000, 10, 10)
        asyncio.run(_serve(bot, log, settings, slack, http))
    _leave_behind_what_hangs()
    return 0


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """See that no other bot answers from the same inbox; one that is ending is waited for."""
    try:
        with locked(settings.home / "slack", wait=_SUCCESSION):
            yield
    except IndexLocked as error:
        raise SettingsError(
            "Another qabot slack runs with this QABOT_HOME. Stop it, or set another QABOT_HOME."
        ) from error


def _leave_behind_what_hangs() -> None:
    """End at once where the interpreter would wait for a model that says nothing for minutes.

    Everything is closed by now, and the question is in the inbox for the next start.
    """
    patience = time.monotonic() + _LAST_WORD
    for thread in threading.enumerate():
        if thread.name.startswith("answer"):
            thread.join(max(0.0, patience - time.monotonic()))
            if thread.is_alive():
                logging.shutdown()
                os._exit(0)


async def _serve(
    bot: Bot, log: Log | None, settings: Settings, slack: SlackSettings, http: Place | None
) -> None:
    stop, metrics = _stop_signal(), Metrics()
    health = Health(bot, metrics, http is not None)
    answering = Answering(bot, log, settings.price, _log.warning, slack.sources, metrics.observe)
    client = make_client(slack)
    try:
        async with watched(health, slack.health):
            found = await _until(stop, _identified(client))
            if found is None:
                return
            identity, name = found
            _log.info("Answering as %s with %s.", name, bot.model or "the articles' own sentences")
            async with _desk(answering, settings, slack, client, identity) as desk:
                health.desk = desk
                app = make_app(client, identity)
                register(app, desk)
                if http is None:
                    await _over_sockets(app, client, slack, stop, health)
                else:
                    await _over_http(app, slack, http, stop, health)
                _log.info("Stopping: running answers are finished, new questions wait.")
    finally:
        await client.close()


@asynccontextmanager
async def _desk(
    answering: Answering,
    settings: Settings,
    slack: SlackSettings,
    client: SlackClient,
    identity: Identity,
) -> AsyncIterator[Desk]:
    """The desk with what was left in the inbox; drained at the end. Raises InboxError."""
    desk = Desk(
        answering,
        Inbox(settings.home),
        client,
        identity,
        slack.allows,
        slack.workers,
        client.pacer.expected_wait,
        slack.log_text,
    )
    try:
        left = await desk.start()
        if left:
            _log.info("Going on with questions left from before: %d.", left)
        yield desk
    finally:
        await desk.close()


async def _over_sockets(
    app: AsyncApp, client: SlackClient, slack: SlackSettings, stop: asyncio.Event, health: Health
) -> None:
    sockets = health.sockets = SocketMode(app, client, slack.app_token)
    try:
        await _until(stop, sockets.listen(lambda: _log.info("Connected to Slack.")))
    finally:
        await sockets.close()


async def _over_http(
    app: AsyncApp, slack: SlackSettings, http: Place, stop: asyncio.Event, health: Health
) -> None:
    gate = web.Gate(app, slack.signing_secret, is_well=lambda: bool(health.state()["ok"]))
    application = gate.application()
    runner, port = await web.listen(application, *http)
    try:
        host = f"[{http[0]}]" if ":" in http[0] else http[0]
        _log.info("Listening at http://%s:%d%s", host, port, web.PATH)
        await stop.wait()
    finally:
        await runner.cleanup()


async def _identified(client: SlackClient) -> tuple[Identity, str]:
    """Who the bot is, asked until Slack can be reached. Raises SlackRefused."""
    pause = 1.0
    while True:
        try:
            return await identify(client)
        except SlackRefused:
            raise
        except SlackProblem as error:
            if pause == 1.0:
                _log.warning("%s It is tried until it can.", error)
        await asyncio.sleep(pause)
        pause = min(_LONGEST_PAUSE, 2 * pause)


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, Result]) -> Result | None:
    """What ``work`` returns or raises; None if it was stopped before."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


def _stop_signal() -> asyncio.Event:
    """Set by the first SIGTERM or Ctrl-C; the second ends the process as it would any other."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def told() -> None:
        stop.set()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)

    with suppress(NotImplementedError):  # Windows: Ctrl-C ends it, the inbox keeps what is left
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, told)
    return stop
