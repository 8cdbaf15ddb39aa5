"""From a route's URLs to senders: who can be sent to, under a name that may be shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from apprise.plugins.email import NotifyEmail
from apprise.plugins.slack import NotifySlack, SlackMode
from pydantic import SecretStr

from alerts.escape import clean
from alerts.mail import Envelope
from alerts.message import Message
from alerts.outcome import Outcome, Result, Sender
from alerts.send_apprise import AppriseSender, instantiate
from alerts.send_mail import MailSender, SmtpServer
from alerts.send_slack import SlackSender
from alerts.settings import Route, SecretMissing

__all__ = ["Endpoint", "TargetInvalid", "endpoints", "open_url"]


class TargetInvalid(ValueError):
    """A URL that neither Apprise nor we can send to. The text names the scheme, never the URL."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place that messages are sent to: one recipient of a mail URL, one channel of a webhook.

    `id` is a hash of the URL and recipient, which is stored with deliveries; `label` is what may be shown.
    """

    id: str
    label: str
    sender: Sender


def endpoints(route: Route, *, base: Path = Path(), templates: Path | None = None) -> tuple[Endpoint, ...]:
    """All endpoints of a route, each once.

    A target that cannot be opened becomes an endpoint whose every attempt fails and says why: so it is logged, given up
    in the end and told to the operators like any other, and the route's other targets are served.
    """
    found: list[Endpoint] = []
    for index, target in enumerate(route.to):
        try:
            for url in target.urls(base):
                found += open_url(url, list_name=route.name, templates=templates)
        except (SecretMissing, TargetInvalid) as error:
            name = f"target {index + 1} of route {route.name}"
            found.append(Endpoint(_id("broken", name, str(error)), name, _Broken(str(error))))
    return tuple({end.id: end for end in found}.values())


@dataclass(frozen=True, slots=True)
class _Broken:
    why: str

    async def send(self, message: Message, *, key: str, timeout: float) -> Outcome:
        return Outcome(Result.FAILED, self.why)


def open_url(url: SecretStr, *, list_name: str = "alerts", templates: Path | None = None) -> tuple[Endpoint, ...]:
    """The endpoints of one URL. Raises TargetInvalid."""
    text = url.get_secret_value().strip()
    schema = text.partition(":")[0].lower()
    if schema in ("slackhook", "slackhooks"):
        return (_hook(text),)
    plugin = instantiate(text)
    if plugin is None:
        known = f"{schema}://…" if schema.isalnum() and len(schema) < 20 and "://" in text else "it"
        raise TargetInvalid(
            f"{known} is not a URL that Apprise accepts; see https://appriseit.com for each service's form"
        )
    if isinstance(plugin, NotifyEmail) and plugin.pgp_mode == "no":
        return tuple(_mail(plugin, list_name, templates))
    if isinstance(plugin, NotifySlack):
        return tuple(_slack(text, plugin))
    # e.g. mailto:// with PGP, which Apprise encrypts; https://discord.com/api/webhooks/… is discord://
    schema = _schema(plugin, schema)
    name = clean(plugin.service_name, 40)
    host = f" at {urlsplit(text).hostname}" if schema in ("json", "jsons", "xml", "xmls", "form", "forms") else ""
    return (Endpoint(_id(text), f"{name}{host} ({_id(text)[:6]})", AppriseSender(plugin, schema, templates)),)


def _schema(plugin: object, given: str) -> str:
    if given not in ("http", "https"):
        return given
    for attribute in ("secure_protocol", "protocol"):
        value = getattr(plugin, attribute, None)
        if value:
            return str(value if isinstance(value, str) else value[0])
    return given


def _id(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _hook(url: str) -> Endpoint:
    rest = url.partition("://")[2]
    secure = url.lower().startswith("slackhooks:")
    try:
        parts = urlsplit(f"https://{rest}" if secure else f"http://{rest}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host:
        raise TargetInvalid("slackhook:// needs a host: slackhook://host:port/path")
    label = f"webhook at {host}{f':{port}' if port else ''} ({_id(url)[:6]})"
    return Endpoint(_id(url), label, SlackSender(parts.geturl()))


def _mail(plugin: NotifyEmail, list_name: str, templates: Path | None) -> Iterable[Endpoint]:
    server = SmtpServer(
        plugin.smtp_host,
        int(plugin.port or 25),
        str(plugin.secure_mode),
        plugin.user or "",
        plugin.password or "",
        bool(plugin.verify_certificate),
    )
    for index, (name, address) in enumerate(plugin.targets):
        first = index == 0  # copies go with the first recipient's mail, not once with everyone's
        envelope = Envelope(
            sender=(str(plugin.from_addr[0] or "clausewatch"), str(plugin.from_addr[1])),
            to=(str(name or ""), str(address)),
            cc=tuple(sorted(plugin.cc)) if first else (),
            reply_to=tuple(sorted(plugin.reply_to)),
            headers=tuple(plugin.headers.items()),
            list_name=list_name,
        )
        bcc = tuple(sorted(plugin.bcc)) if first else ()
        label = f"mail to {clean(address, 100)} through {clean(plugin.smtp_host, 80)}"
        identity = _id(
            "mail", server.host, str(server.port), server.user, address
        )  # without the password, which may be weak
        yield Endpoint(identity, label, MailSender(server, envelope, bcc, templates))


def _slack(url: str, plugin: NotifySlack) -> Iterable[Endpoint]:
    verify, username = bool(plugin.verify_certificate), plugin.user or ""
    match plugin.mode:
        case SlackMode.WORKFLOW | SlackMode.WORKFLOW_TRIGGER:
            base = plugin.workflow_trigger_url if plugin.mode == SlackMode.WORKFLOW_TRIGGER else plugin.workflow_url
            address = "/".join([base, *plugin.workflow_path])
            yield Endpoint(
                _id(url), f"Slack workflow ({_id(url)[:6]})", SlackSender(address, plain=True, verify=verify)
            )
            return
        case SlackMode.BOT:
            address, token = plugin.api_url.format("chat.postMessage"), plugin.access_token or ""
        case _:
            base = plugin.webhook_gov_url if plugin.mode == SlackMode.WEBHOOK_GOV else plugin.webhook_url
            address, token = f"{base}/{plugin.token_a}/{plugin.token_b}/{plugin.token_c}", ""
    for channel in plugin.channels:
        name = _channel(channel)
        label = f"Slack {name}".strip() + f" ({_id(url)[:6]})"
        sender = SlackSender(address, token=token, channel=name, username=username, verify=verify)
        yield Endpoint(_id(url, name), label, sender)


def _channel(channel: str | None) -> str:
    """Apprise's way of writing a channel ("+C024BE91L" is an id) as Slack takes it."""
    if not channel:
        return ""
    if "@" in channel[1:] or ":" in channel:
        raise TargetInvalid(
            "a Slack address of a person or a thread cannot be sent to here; name a channel or a user id (+U…)"
        )
    if channel[0] == "+":
        return channel[1:]
    return channel if channel[0] in "#@" else f"#{channel}"
