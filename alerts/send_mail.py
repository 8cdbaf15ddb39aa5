"""SMTP, step by step, so that it is always known whether a mail can have arrived.

`smtplib.sendmail` does not tell a connection lost before the message from one lost after it. Certificates are verified
(unless the URL says `verify=no`), every wait is bounded (reference/page-monitors.md 4.1: both peers do neither).
"""

from __future__ import annotations

import smtplib
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from anyio.to_thread import run_sync

from alerts.escape import clean
from alerts.mail import Envelope, build_mail, mail_bytes
from alerts.message import Message
from alerts.outcome import Outcome, Result
from alerts.tls import context

__all__ = ["MailSender", "SmtpServer"]


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`security` is "starttls", "ssl" or "insecure" (Apprise's words)."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)
    verify: bool = True


@dataclass(slots=True)
class _Progress:
    """What the sending thread and the waiting task both know. `begun` is set when the text of the mail goes out."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    begun: bool = False
    given_up: bool = False


class _GivenUp(Exception):
    """The task no longer waits: the thread must not send any more."""


@dataclass(frozen=True, slots=True)
class MailSender:
    """Sends to one recipient (with the copies its URL asks for)."""

    server: SmtpServer
    envelope: Envelope
    bcc: tuple[str, ...] = ()
    templates: Path | None = None

    async def send(self, message: Message, *, key: str, timeout: float) -> Outcome:
        try:
            data = mail_bytes(build_mail(message, self.envelope, key=key, folder=self.templates))
        except (ValueError, UnicodeError) as error:  # an address that is none
            return Outcome(Result.FAILED, f"the mail could not be written: {clean(str(error), 200)}")
        recipients = (self.envelope.to[1], *self.envelope.cc, *self.bcc)
        progress = _Progress()
        with anyio.move_on_after(timeout):
            return await run_sync(
                self._deliver,
                data,
                recipients,
                timeout,
                progress,
                abandon_on_cancel=True,
                limiter=anyio.CapacityLimiter(1),
            )  # a limiter of its own: a thread that hangs must not take the place of others
        with progress.lock:
            progress.given_up = True
            begun = progress.begun
        detail = f"no answer within {timeout:g} seconds"
        return (
            Outcome(Result.UNKNOWN, detail + " after the mail was handed over")
            if begun
            else Outcome(Result.FAILED, detail)
        )

    def _deliver(self, data: bytes, recipients: Sequence[str], timeout: float, progress: _Progress) -> Outcome:
        server = self.server
        # The name for EHLO is given, because smtplib asks the resolver for one otherwise, which can take long.
        name = self.envelope.sender[1].rpartition("@")[2] or "localhost"
        connection: smtplib.SMTP | None = None
        try:
            if server.security == "ssl":
                connection = smtplib.SMTP_SSL(
                    server.host, server.port, name, timeout=timeout, context=context(server.verify)
                )
            else:
                connection = smtplib.SMTP(server.host, server.port, name, timeout=timeout)
            if server.security == "starttls":
                connection.starttls(context=context(server.verify))
            connection.ehlo_or_helo_if_needed()
            if server.user and server.password:
                connection.login(server.user, server.password)
            return self._converse(connection, data, recipients, progress)
        except _GivenUp:
            return Outcome(Result.FAILED, "given up")
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return Outcome(Result.UNKNOWN if progress.begun else Result.FAILED, _said(error, progress.begun))
        finally:
            if connection is not None:
                with suppress(OSError, smtplib.SMTPException):
                    connection.close()

    def _converse(self, smtp: smtplib.SMTP, data: bytes, recipients: Sequence[str], progress: _Progress) -> Outcome:
        """MAIL, RCPT, DATA, and the answer to the final dot, which alone says that the mail was accepted."""
        code, answer = smtp.mail(self.envelope.sender[1])
        if code != 250:
            return _refused("the sender", code, answer)
        refused = []
        for recipient in recipients:
            code, answer = smtp.rcpt(recipient)
            if code not in (250, 251):
                if recipient == recipients[0]:
                    return _refused("the recipient", code, answer)
                refused.append(f"copy to {recipient} refused with {code}")
        code, answer = smtp.docmd("DATA")
        if code != 354:
            return _refused("the mail", code, answer)
        stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in data.split(b"\r\n"))
        smtp.send(stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n")
        with progress.lock:  # until the final dot is sent, a server must not keep the mail: it can still be taken back
            if progress.given_up:
                raise _GivenUp
            progress.begun = True
        smtp.send(b".\r\n")
        code, answer = smtp.getreply()
        if code != 250:
            return _refused("the mail", code, answer)
        with suppress(OSError, smtplib.SMTPException):
            smtp.docmd("QUIT")
        return Outcome(Result.SENT, "; ".join([f"accepted with {code} {_words(answer)}".strip(), *refused]))


def _refused(what: str, code: int, answer: bytes) -> Outcome:
    if code == -1:  # smtplib's word for a connection that broke
        return Outcome(Result.FAILED, "the connection broke before the mail was handed over")
    return Outcome(Result.FAILED, f"the server refused {what} with {code} {_words(answer)}".strip())


def _words(answer: bytes) -> str:
    return clean(answer.decode("utf-8", "replace"), 200).strip()


def _said(error: Exception, begun: bool) -> str:
    """One sentence; the text of smtplib's errors can hold what the server sent, never the password."""
    when = " after the mail was handed over" if begun else ""
    match error:
        case smtplib.SMTPAuthenticationError():
            return f"the server refused the login with {error.smtp_code}"
        case smtplib.SMTPServerDisconnected():
            return f"the server closed the connection{when}"
        case smtplib.SMTPResponseException():
            code, answer = error.smtp_code, error.smtp_error
            return (
                f"the server answered {code} {_words(answer if isinstance(answer, bytes) else answer.encode())}{when}"
            )
        case ssl.SSLCertVerificationError():
            return f"the server's certificate is not valid: {clean(error.verify_message, 150)}"
        case TimeoutError():
            return f"the server did not answer in time{when}"
        case ConnectionRefusedError():
            return "the connection was refused"
        case _:
            return f"{error.__class__.__name__}: {clean(str(error), 200)}{when}"
