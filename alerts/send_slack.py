"""Slack and what speaks like it: incoming webhooks, workflow triggers, bots.

Apprise's plugin puts all text into one section (Slack takes 3,000 characters there) and, in its default format, makes
"<!channel>" and "<http://x|y>" live again even where they were escaped (apprise 1.13.1, plugins/slack.py). So its URLs
are parsed by it, and the blocks are posted by us. `slackhook://host:port/path` (http) and `slackhooks://` (https) are
ours: a webhook of any server that takes Slack's payload, such as Mattermost, or a sink on one's own machine.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

import anyio
import httpx

from alerts.escape import clean
from alerts.message import Message
from alerts.outcome import Outcome, Result
from alerts.render_slack import render_slack, slack_text
from alerts.tls import context

__all__ = ["SlackSender", "post_json"]

_sending: ContextVar[bool] = ContextVar("clausewatch_alert_sending", default=False)


def _not_a_secret_url(record: logging.LogRecord) -> bool:
    """httpx logs every URL that it requests; that of a webhook is a password."""
    return not _sending.get()


for _name in ("httpx", "httpcore", "httpcore.connection", "httpcore.http11", "httpcore.http2"):
    logging.getLogger(_name).addFilter(_not_a_secret_url)


@dataclass(frozen=True, slots=True)
class SlackSender:
    """Posts to one URL. `token` is a bot's; `channel` overrides the webhook's own; `plain` is for workflow triggers."""

    url: str = field(repr=False)
    token: str = field(default="", repr=False)
    channel: str = ""
    username: str = ""
    plain: bool = False
    verify: bool = True

    async def send(self, message: Message, *, key: str, timeout: float) -> Outcome:
        payload: dict[str, object] = {"text": slack_text(message)} if self.plain else render_slack(message)
        if self.channel:
            payload["channel"] = self.channel
        if self.username:
            payload["username"] = clean(self.username, 80)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        outcome, answer = await post_json(self.url, payload, headers=headers, timeout=timeout, verify=self.verify)
        if outcome.result is Result.SENT and self.token and not answer.get("ok"):
            return Outcome(Result.FAILED, f"Slack answered {clean(str(answer.get('error', 'without ok')), 100)}")
        return outcome


async def post_json(
    url: str, payload: Mapping[str, object], *, headers: Mapping[str, str], timeout: float, verify: bool
) -> tuple[Outcome, Mapping[str, object]]:
    """One POST, `timeout` seconds in all, redirects not followed. Gives outcome and answer, if that is an object."""
    mark = _sending.set(True)
    begun = False
    try:
        with anyio.move_on_after(timeout):
            async with httpx.AsyncClient(timeout=timeout, verify=context(verify), follow_redirects=False) as client:
                request = client.build_request(
                    "POST", url, json=dict(payload), headers={"User-Agent": "clausewatch", **headers}
                )
                begun = True
                response = await client.send(request, stream=True)
                try:
                    body = await _some(response)
                finally:
                    await response.aclose()
            return _judged(response), _object(body)
        return Outcome(Result.UNKNOWN if begun else Result.FAILED, f"no answer within {timeout:g} seconds"), {}
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.WriteError, httpx.WriteTimeout) as error:
        return Outcome(Result.FAILED, f"could not be reached: {error.__class__.__name__}"), {}
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        return Outcome(Result.FAILED, "the URL cannot be requested"), {}
    except httpx.HTTPError as error:  # the request went out, and no whole answer came back
        return Outcome(Result.UNKNOWN, f"no answer: {error.__class__.__name__}"), {}
    finally:
        _sending.reset(mark)


async def _some(response: httpx.Response) -> bytes:
    """The beginning of the answer: all that is needed, however much a broken server sends."""
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > 20_000:
            break
    return body[:20_000]


def _judged(response: httpx.Response) -> Outcome:
    if response.is_success:
        return Outcome(Result.SENT, f"accepted with {response.status_code}")
    wait = response.headers.get("retry-after", "")
    seconds = min(float(wait), 86_400.0) if wait.isascii() and wait.isdigit() else None
    return Outcome(Result.FAILED, f"the server answered {response.status_code}", seconds)


def _object(body: bytes) -> Mapping[str, object]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
