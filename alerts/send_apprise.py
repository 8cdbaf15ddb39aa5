"""All other channels, through their Apprise plugin, with text that is literal there."""

from __future__ import annotations

import copy
import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

import anyio
import apprise
from anyio.to_thread import run_sync

from alerts.message import Message, dump_message, rank
from alerts.outcome import Outcome, Result
from alerts.render_html import render_html
from alerts.render_markdown import render_markdown
from alerts.render_text import render_text, title_of

__all__ = ["AppriseSender", "Plugin", "instantiate"]

# Clients that read Markdown in everything they get, whatever the plugin calls the format of its text.
_MARKDOWN = {
    "bark", "barks", "chime", "dingtalk", "discord", "evolution", "evolutions", "feishu", "flock", "fluxer",
    "gchat", "gitter", "gotify", "gotifys", "guilded", "humhub", "humhubs", "kook", "lark", "matrix", "matrixs",
    "mattermost", "mattermosts", "mmost", "mmosts", "msteams", "nctalk", "nctalks", "notifiarr", "ntfy", "ntfys",
    "pushplus", "reddit", "revolt", "rocket", "rockets", "ryver", "serverchan", "slack", "twist", "webex",
    "wecombot", "workflow", "workflows", "wxteams", "zulip",
}  # fmt: skip
# Mail services: they send HTML on as it is.
_HTML = {
    "azure", "brevo", "mailersend", "mailgun", "mailto", "mailtos", "o365", "postmark", "resend", "sendgrid",
    "sendpulse", "ses", "smtp2go", "sparkpost",
}  # fmt: skip
_JSON = {"json", "jsons"}


class Plugin(Protocol):
    """What is used of an Apprise plugin."""

    notify_format: apprise.NotifyFormat
    body_maxlen: int
    title_maxlen: int
    service_name: str
    payload_extras: dict[str, object]


def _asset() -> apprise.AppriseAsset:
    # No pictures: they would be loaded from another site by the reader's client.
    return apprise.AppriseAsset(
        app_id="clausewatch",
        app_desc="clausewatch",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        image_path_mask="",
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        async_mode=False,  # in our thread, where we hear what it logs
    )


def instantiate(url: str) -> Plugin | None:
    """The plugin of an Apprise URL, or None if Apprise does not accept it."""
    with _Heard():
        return cast("Plugin | None", apprise.Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True))


@dataclass(frozen=True, slots=True)
class AppriseSender:
    """Sends through one plugin, in a thread, since plugins block.

    A plugin says only that it failed; why is taken from what it logs meanwhile. Where that tells of an answer that did
    not come, the message may have arrived.
    """

    plugin: Plugin = field(repr=False)
    schema: str
    templates: Path | None = None

    async def send(self, message: Message, *, key: str, timeout: float) -> Outcome:
        with anyio.move_on_after(timeout):
            # a limiter of its own: a thread that hangs must not take the place of others
            return await run_sync(self._notify, message, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1))
        return Outcome(Result.UNKNOWN, f"no answer within {timeout:g} seconds")

    def _notify(self, message: Message) -> Outcome:
        plugin = copy.copy(self.plugin)  # an earlier attempt that hangs must not see this one's format and extras
        body, title, body_format = self._written(message, plugin)
        severe = {0: apprise.NotifyType.FAILURE, 1: apprise.NotifyType.WARNING}
        level = severe.get(rank(message.severity), apprise.NotifyType.INFO)
        with _Heard() as heard:
            try:
                # not the plugin's own `notify`: only Apprise's converts between formats
                service = apprise.Apprise(cast("apprise.NotifyBase", plugin), asset=_asset())
                sent = service.notify(body=body, title=title, notify_type=level, body_format=body_format)
            except Exception as error:  # 150 plugins by as many people: any error is a failed attempt, recorded as such
                return Outcome(Result.FAILED, f"the plugin failed: {error.__class__.__name__}")
        if sent:
            return Outcome(Result.SENT, "accepted")
        return Outcome(Result.UNKNOWN if heard.no_answer else Result.FAILED, heard.reason or "the service refused it")

    def _written(self, message: Message, plugin: Plugin) -> tuple[str, str, apprise.NotifyFormat]:
        """Body, title and format. The format in the user's URL is not used: another one than ours makes text live."""
        if self.schema in _HTML:
            plugin.notify_format = apprise.NotifyFormat.HTML
            html = render_html(message, limit=plugin.body_maxlen or 30_000, folder=self.templates)
            return html, title_of(message), apprise.NotifyFormat.HTML
        if self.schema in _MARKDOWN or type(self.plugin).notify_format == apprise.NotifyFormat.MARKDOWN:
            plugin.notify_format = apprise.NotifyFormat.MARKDOWN
            # no title: each plugin makes other markup of it, escaped by some and not by others
            return render_markdown(message, limit=plugin.body_maxlen or 4_000), "", apprise.NotifyFormat.MARKDOWN
        # TEXT, or HTML, into which Apprise escapes text (Telegram)
        plugin.notify_format = type(self.plugin).notify_format
        if self.schema in _JSON:
            plugin.payload_extras = {**plugin.payload_extras, "alert": dump_message(message)}
        title = title_of(message, plugin.title_maxlen) if plugin.title_maxlen > 0 else ""
        text = render_text(message, limit=plugin.body_maxlen or 2_000, folder=self.templates)
        return text, title, apprise.NotifyFormat.TEXT


class _Heard:
    """What Apprise logs in this thread. It goes nowhere else: its lines hold URLs, and those are passwords."""

    _local = threading.local()

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []

    def __enter__(self) -> _Heard:
        self._local.current = self
        return self

    def __exit__(self, *_: object) -> None:
        self._local.current = None

    @classmethod
    def hear(cls, record: logging.LogRecord) -> bool:
        """As a filter of Apprise's logger: keeps the line for whoever listens in this thread, and lets none through."""
        current: _Heard | None = getattr(cls._local, "current", None)
        if current is not None and len(current.lines) < 50:
            current.lines.append((record.levelno, record.getMessage()[:300]))
        return False

    @property
    def reason(self) -> str:
        """The last warning, where it is a sentence without an address."""
        said = [line for level, line in self.lines if level >= logging.WARNING and "://" not in line]
        return said[-1].strip() if said else ""

    @property
    def no_answer(self) -> bool:
        signs = ("Read timed out", "RemoteDisconnected", "Connection aborted", "IncompleteRead", "Connection reset")
        return any(sign in line for _, line in self.lines for sign in signs)


def _listen() -> None:
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)
    logger.addFilter(_Heard.hear)
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # at DEBUG it writes the path of each request


_listen()
