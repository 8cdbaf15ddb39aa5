"""A message as e-mail: text and HTML, with the headers that make mail clients thread, filter and not answer it.

Apprise's own mail plugin is not used to build it: it makes the text from the HTML, always sets a fresh Message-ID (two
of them if one is given as "+Message-ID") and has no place for our text part (apprise 1.13.1, plugins/email/base.py).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from alerts.escape import clean, slug
from alerts.message import Message
from alerts.render_html import render_html
from alerts.render_text import render_text, title_of

__all__ = ["Envelope", "build_mail", "mail_bytes"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes to whom. Addresses are (name, address); `headers` are those that the user's URL adds."""

    sender: tuple[str, str]
    to: tuple[str, str]
    cc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    list_name: str = "alerts"


def build_mail(message: Message, envelope: Envelope, *, key: str, folder: Path | None = None) -> EmailMessage:
    """The mail for one recipient.

    The Message-ID is made from `key`, so an alert that has to be sent twice has the same one: mail systems that drop
    repeats recognise it. All messages of a document refer to one root, which is never sent itself: clients then show
    them as one thread.
    """
    domain = _domain(envelope.sender[1])
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = title_of(message)
    mail["From"] = _address(*envelope.sender)
    mail["To"] = _address(*envelope.to)
    if envelope.cc:
        mail["Cc"] = [_address("", address) for address in envelope.cc]
    if envelope.reply_to:
        mail["Reply-To"] = [_address("", address) for address in envelope.reply_to]
    mail["Date"] = format_datetime(message.created)
    mail["Message-ID"] = f"<{_hash(key)}@{domain}>"
    root = f"<thread-{_hash(message.thread)}@{domain}>"
    mail["In-Reply-To"] = root
    mail["References"] = root
    mail["List-Id"] = f"clausewatch {slug(envelope.list_name)} <{slug(envelope.list_name)}.clausewatch.{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Clausewatch-Kind"] = slug(message.kind.value)
    mail["X-Clausewatch-Severity"] = slug(message.severity)
    if message.document_key:
        mail["X-Clausewatch-Document"] = "/".join(slug(part) for part in message.document_key.split("/")[:2])
    for name, value in envelope.headers:
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,60}", name) and name.lower() not in _present(mail):
            mail[name] = clean(value, 500)
    mail.set_content(render_text(message, folder=folder), cte="quoted-printable")
    mail.add_alternative(render_html(message, folder=folder), subtype="html", cte="quoted-printable")
    return mail


def mail_bytes(mail: EmailMessage) -> bytes:
    """The mail as it is sent.

    A header whose text does not fit beside its name is put on the next line by Python 3.11, and read back with a
    space before it, which some clients show: the text goes up to its name again (998 characters are allowed).
    """
    head, gap, body = mail.as_bytes().partition(b"\r\n\r\n")
    return re.sub(rb"(?m)^([A-Za-z-]+):\r\n[ \t]", rb"\1: ", head) + gap + body


def _present(mail: EmailMessage) -> set[str]:
    return {name.lower() for name in mail} | {
        "content-type",
        "content-transfer-encoding",
        "mime-version",
        "bcc",
        "sender",
    }


def _address(name: str, address: str) -> Address:
    return Address(display_name=clean(name, 80).strip(), addr_spec=address)


def _domain(address: str) -> str:
    domain = address.rpartition("@")[2].lower()
    return domain if re.fullmatch(r"[a-z0-9.-]{1,200}", domain) else "clausewatch.invalid"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
