"""Policy pages for benchmarks: 60 KB each, deterministic, and a server for them in a process of its own.

`python -m bench.pages` serves; GET /set/nonce/1 puts a changing token into each answer, GET /set/version/2 changes the
wording of every tenth page, GET /p/17 is a page. The pages are modelled on those that the peers were measured with
(reference/page-monitors.md 6.2): style, script, menu, 340 lines of text.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["NUMBER", "page", "serving", "tell"]

NUMBER = 200
_SUBJECTS = ("We", "Our partners", "The company", "Your administrator", "Our service providers", "The platform")
_VERBS = ("collect", "store", "use", "disclose", "share", "process", "delete", "retain", "protect", "review")
_DATA = ("contact details", "usage data", "payment records", "chat transcripts", "device identifiers", "log files")
_ENDS = (
    "in order to provide the service to you",
    "when you have given your consent",
    "for as long as the account exists",
    "as required by applicable law",
    "to keep the service secure and to prevent abuse",
    "with recipients that are bound by contract",
)
_STYLE = "".join(f".c{n}{{margin:{n % 17}px;color:#{n:03x};padding:{n % 5}px}}\n" for n in range(260))
_SCRIPT = "".join(f"window.q=window.q||[];q.push(['event{n}',{n * 7}]);\n" for n in range(180))
_MENU = "".join(f'<li><a href="/menu/{n}">Product {n}</a></li>' for n in range(40))


def page(number: int, version: int = 1, nonce: str = "") -> bytes:
    """Page `number`. From version 2 on every tenth has another date, another sentence and a paragraph more."""
    draw = random.Random(number)
    lines = []
    for section in range(34):
        lines.append(f"<h2>{section + 1}. {draw.choice(_DATA).capitalize()}</h2>")
        lines += [f"<p>{_sentence(draw)} {_sentence(draw)}</p>" for _ in range(8)]
    changed = version > 1 and number % 10 == 0
    if changed:
        lines[30] = f"<p>We share chat transcripts with new recipients since version {version}.</p>"
        lines.insert(
            60, f"<p>Version {version}: we may use your data to train models unless you object in writing.</p>"
        )
    date = f"{version} June 2026" if changed else "1 May 2025"
    token = f'<input type="hidden" name="csrf" value="{nonce}"><script>var nonce="{nonce}"</script>' if nonce else ""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Privacy Policy of Vendor {number}</title>'
        f"<style>{_STYLE}</style><script>{_SCRIPT}</script></head><body><nav><ul>{_MENU}</ul></nav><main>"
        f"<h1>Privacy Policy</h1><p>Effective date: {date}</p>{''.join(lines)}</main>{token}"
        f"<footer><a href=/imprint>Imprint</a> Vendor {number}</footer></body></html>"
    ).encode()


def _sentence(draw: random.Random) -> str:
    return f"{draw.choice(_SUBJECTS)} {draw.choice(_VERBS)} {draw.choice(_DATA)} {draw.choice(_ENDS)}."


class _Server:
    def __init__(self) -> None:
        self.version, self.nonce = 1, False
        self.made: dict[tuple[int, int], bytes] = {}
        self.counter = itertools.count(1)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ", 2)[1].decode("ascii", "replace")
                body = self.body(path)
                status = b"200 OK" if body else b"404 Not Found"
                writer.write(
                    b"HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
                    % (status, len(body))
                    + body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def body(self, path: str) -> bytes:
        if found := re.fullmatch(r"/set/(version|nonce)/(\d+)", path):
            if found[1] == "version":
                self.version = int(found[2])
            else:
                self.nonce = found[2] == "1"
            return b"ok"
        if found := re.fullmatch(r"/p/(\d{1,6})", path):
            key = (int(found[1]), self.version)
            if key not in self.made:
                self.made[key] = page(*key, nonce="@@NONCE@@")
            token = (
                b"%032x" % random.Random(next(self.counter)).getrandbits(128) if self.nonce else b"0a1b2c3d4e5f6071" * 2
            )
            return self.made[key].replace(b"@@NONCE@@", token)
        return b""


async def _main() -> None:
    server = await asyncio.start_server(_Server().answer, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


@contextmanager
def serving() -> Iterator[str]:
    """The server in a process of its own. Gives its base URL."""
    with subprocess.Popen([sys.executable, "-m", "bench.pages"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def tell(base: str, what: str, value: int) -> None:
    """Set "version" or "nonce" at the server."""
    with urllib.request.urlopen(f"{base}/set/{what}/{value}", timeout=10) as answer:
        answer.read()


if __name__ == "__main__":
    asyncio.run(_main())
