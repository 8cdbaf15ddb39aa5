"""Real receivers on loopback: SMTP servers and webhooks that accept, refuse, hang or break off."""

from __future__ import annotations

import asyncio
import datetime as dt
import email
import email.policy
import ipaddress
import json
import ssl
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class MailSink:
    """What an SMTP server got. `mode`: accept, refuse (the recipient), refuse-data; hang and drop after the DATA."""

    mode: str = "accept"
    received: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    port: int = 0
    release: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)

    @property
    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.received]

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.mode == "refuse" or address.startswith("nobody@"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.mode == "refuse-data":
            return "452 no room"
        self.received.append(envelope.content)
        self.recipients += envelope.rcpt_tos
        self.reached.set()
        if self.mode == "drop":
            server.transport.abort()
        if self.mode == "hang":
            await asyncio.to_thread(self.release.wait, 60)
        return "250 taken"


class _Controller(Controller):
    """On a free port: aiosmtpd itself connects to the port it was given, which is then 0."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class Smtp:
    """A running SMTP server."""

    def __init__(self, sink: MailSink, *, tls: ssl.SSLContext | None = None, starttls: bool = False) -> None:
        options: dict[str, Any] = {}
        if tls and starttls:
            options = {"tls_context": tls, "require_starttls": True}
        elif tls:
            options = {"ssl_context": tls}
        self.sink = sink
        self._controller = _Controller(sink, hostname="127.0.0.1", port=0, **options)

    def __enter__(self) -> MailSink:
        self._controller.start()
        self.sink.port = self._controller.port
        return self.sink

    def __exit__(self, *_: object) -> None:
        self.sink.release.set()
        self._controller.stop()


class HttpSink:
    """A webhook receiver. The first part of the path says how it answers: ok, refuse, busy, hang, drop; else ok."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.release = threading.Event()
        self.broken = False  # for tests that need one URL to change its mind
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                sink.requests.append((self.path, dict(self.headers), body))
                mode = "drop" if sink.broken else self.path.split("/")[1].split("?")[0]
                if mode == "drop":
                    self.close_connection = True
                    return
                if mode == "hang":
                    sink.release.wait(60)
                    self.close_connection = True
                    return
                status, extra = {"refuse": (500, ""), "busy": (429, "1200")}.get(mode, (200, ""))
                answer = b'{"ok": true, "id": "1"}' if "ok" not in mode else b"ok"
                self.send_response(status)
                if extra:
                    self.send_header("Retry-After", extra)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self) -> HttpSink:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def to(self, path: str) -> list[Any]:
        """The JSON bodies that came to a path."""
        return [json.loads(body) for where, _, body in self.requests if where.split("?")[0] == path]


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context and its self-signed certificate for 127.0.0.1, valid for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file, private = folder / "cert.pem", folder / "key.pem"
    file.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, private)
    return context, file
