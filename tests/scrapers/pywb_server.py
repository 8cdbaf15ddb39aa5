"""A real pywb over a WARC that the tests write, in an environment of its own.

pywb's pins clash with the product's, so it is installed (once, hash-pinned by tests/requirements-pywb.txt) into a
cache folder: the one that CLAUSEWATCH_PYWB_VENV names, else ~/.cache/clausewatch/pywb-<hash of the lock>.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

LOCK = Path(__file__).resolve().parents[1] / "requirements-pywb.txt"
INSTALL_SECONDS = 300


class PywbUnavailable(Exception):
    """The environment could not be made; the message says why."""


def environment() -> Path:
    """The interpreter of pywb's environment; makes it where it is not there."""
    name = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clausewatch"
    folder = Path(os.environ.get("CLAUSEWATCH_PYWB_VENV") or cache / f"pywb-{name}")
    python = folder / "bin" / "python"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with folder.with_name(folder.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes: one installs, the others wait
            ready = folder / "ready"
            if not ready.exists():
                _run([sys.executable, "-m", "venv", "--clear", str(folder)])
                pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(LOCK)]
                _run([*pip, "--disable-pip-version-check"])
                ready.touch()
    except OSError as error:
        raise PywbUnavailable(f"pywb's environment {folder} cannot be made: {error}") from error
    return python


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise PywbUnavailable(f"{command[2]} took longer than {INSTALL_SECONDS} s") from error
    if done.returncode:
        raise PywbUnavailable(f"{' '.join(command[:4])} failed: {done.stderr.strip()[-500:]}")


@contextlib.contextmanager
def serve(folder: Path, warc: Path, collection: str = "policies") -> Iterator[str]:
    """Serves the WARC as a collection; gives the server's base URL."""
    bin_ = environment().parent
    for arguments in (["init", collection], ["add", collection, str(warc)]):
        done = subprocess.run(
            [str(bin_ / "python"), str(bin_ / "wb-manager"), *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode:
            raise PywbUnavailable(f"wb-manager {arguments[0]} failed: {done.stderr[-500:]}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (folder / "pywb.log").open("w")
    server = subprocess.Popen(
        [str(bin_ / "python"), str(bin_ / "wayback"), "-b", "127.0.0.1", "-p", str(port)],
        cwd=folder,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        base = f"http://127.0.0.1:{port}"
        _wait_until_ready(server, f"{base}/{collection}/cdx?url=example.com", folder / "pywb.log")
        yield base
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)
        log.close()


def _wait_until_ready(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    give_up = time.monotonic() + 40
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise PywbUnavailable(f"pywb ended at once: {log.read_text()[-500:]}")
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, timeout=5, trust_env=False).status_code < 500:
                return
        time.sleep(0.1)
    raise PywbUnavailable(f"pywb did not answer within 40 s: {log.read_text()[-500:]}")
