"""Small worlds for the flow tests: a replica that serves pages of ours, and the config.toml that watches them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import anyio.to_thread

from deploy.demo.sinks import HookSink, MailSink
from flows.backfills import BackfillOptions, backfill_documents, plan_documents
from flows.checks import check_documents, deliver, due_keys
from flows.cli import main
from flows.config_file import read_config
from flows.opening import open_store
from flows.outcomes import CheckResult
from flows.run import open_run
from flows.targets import select_keys
from storage.store import Store
from tests.replica import Access, AccessLog, Index, Page, Replica, serve, write_warc

__all__ = ["DOCUMENT", "URL", "World", "config_text", "corpus_world", "dated", "page", "policy", "policy_page", "world"]

URL = "http://acme.example/privacy"
DOCUMENT = f'type = "Privacy Policy"\nurl = "{URL}"'
"""The one document of most of these worlds: its key is acme/privacy-policy."""

_ROOT = Path(__file__).resolve().parents[2]
_CONFIG = """\
data = "data"
[prefect]
mode = "{prefect}"
[check]
confirm_after = {confirm_after}
[alerts]
first_retry_seconds = 0.01
[fetch]
host_pause = 0
retries = 1
retry_wait = 0
allow_addresses = ["127.0.0.0/8"]
connect_to = {{ {connect_to} }}
[[archives]]
name = "replica"
index_url = "{archive}/cdx/search/cdx"
memento_prefix = "{archive}/web/"
dialect = "text"
rates = {{ index = 1000, playback = 1000, save = 1000 }}
override_rates = true
{more}
"""
_ROUTES = """
[[routes]]
name = "legal"
to = ["{hook}"]
[[routes]]
name = "operators"
to = ["{mail}"]
operator = true
"""


class _Tripwire(AccessLog):
    def __init__(self, area: str, number: int, then: Callable[[], object]) -> None:
        super().__init__()
        self.area, self.left, self.then = area, number, then

    def add(self, **values: object) -> Access:
        entry = super().add(**values)
        if values["area"] == self.area:
            self.left -= 1
            if self.left == 0:
                self.then()
        return entry


class Hooks(HookSink):
    """A webhook that does something at the moment in which a message has come, before it says so."""

    then: Callable[[int], object] | None = None

    def _store(self, target: str, payload: object) -> None:
        super()._store(target, payload)
        if self.then is not None:
            self.then(len(self.messages()))


@dataclass
class World:
    """A running replica and the configuration that watches it; `hooks` and `mails` get the alerts, where asked for."""

    folder: Path
    config: Path
    replica: Replica
    url: str
    address: str
    hooks: Hooks
    mails: MailSink

    def store(self) -> Store:
        return open_store(read_config(self.config))

    def publish(self, pages: Sequence[Page]) -> None:
        """The replica has these captures from now on, and no others."""
        number = len(list(self.folder.glob("world*.warc.gz")))
        self.replica.index = Index([write_warc(self.folder / f"world{number}.warc.gz", list(pages))])

    def edit(self, old: str, new: str) -> None:
        """Change config.toml as a user would."""
        text = self.config.read_text("utf-8")
        assert old in text
        self.config.write_text(text.replace(old, new), "utf-8")

    async def check(
        self, *names: str, wait: bool = True, dry: bool = False, due: bool = False, send: bool = True
    ) -> dict[str, CheckResult]:
        """What `clausewatch check` does, in this process: the results by key."""
        async with open_run(self.config, dry=dry) as run:
            keys = select_keys(run.config, names)
            results = await check_documents(run, due_keys(run, keys) if due else keys, wait=wait)
            if send and not dry:
                await deliver(run)
        return {result.key: result for result in results}

    async def look(self, *, wait: bool = True, dry: bool = False, send: bool = True) -> CheckResult:
        """Check the only document."""
        (result,) = (await self.check(wait=wait, dry=dry, send=send)).values()
        return result

    async def backfill(
        self, *names: str, dry: bool = False, options: BackfillOptions | None = None, later: timedelta = timedelta(0)
    ) -> dict[str, CheckResult]:
        """What `clausewatch backfill` does, in this process and so much later than now: the results by key."""
        async with open_run(self.config) as run:
            run.now = lambda: datetime.now(UTC) + later
            work = plan_documents if dry else backfill_documents
            results = await work(run, select_keys(run.config, names), options or BackfillOptions())
        return {result.key: result for result in results}

    def when_asked(self, area: str, number: int, then: Callable[[], object]) -> None:
        """Do something at the moment in which the replica gets its `number`th request of an area from now on."""
        self.replica.log = _Tripwire(area, number, then)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "flows.cli", *arguments, "--config", str(self.config)]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The real command, running."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=_ROOT,
            env=_environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """The real command, to its end."""
        return subprocess.run(
            self.command(*arguments),
            cwd=_ROOT,
            env=_environment(),
            text=True,
            capture_output=True,
            timeout=timeout,
            check=False,
        )

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command line's own `main` in this process, which is quicker; not where a loop runs (see `acli`)."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        command = self.command(*arguments)
        argv, sys.argv = sys.argv, ["clausewatch", *command[3:]]
        code = 0
        try:
            with redirect_stdout(out), redirect_stderr(err):
                main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        finally:
            sys.argv = argv
        texts = []
        for stream in (out, err):
            stream.flush()
            assert isinstance(stream.buffer, io.BytesIO)
            texts.append(stream.buffer.getvalue().decode())
        return subprocess.CompletedProcess(command, code, *texts)

    async def acli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`cli` in a thread: commands start a loop of their own."""
        return await anyio.to_thread.run_sync(partial(self.cli, *arguments))


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CLAUSEWATCH_")}


def config_text(
    archive: str,
    hosts: Mapping[str, str],
    documents: Mapping[str, Sequence[str]],
    *,
    confirm_after: float = 0,
    more: str = "",
    prefect: str = "off",
) -> str:
    """A config.toml. `documents` maps a vendor's slug to TOML tables of its documents, without their headers."""
    connect_to = ", ".join(f'"{host}" = "{place}"' for host, place in hosts.items())
    text = _CONFIG.format(
        archive=archive, connect_to=connect_to, confirm_after=confirm_after, more=more, prefect=prefect
    )
    for vendor, tables in documents.items():
        text += f'\n[vendors.{vendor}]\nname = "{vendor.title()}"\n'
        text += "".join(f"\n[[vendors.{vendor}.documents]]\n{table}\n" for table in tables)
    return text


def page(title: str, *paragraphs: str, furniture: str = "") -> bytes:
    """A page as vendors have them: menu, title, policy, footer."""
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return (
        f"<!DOCTYPE html><html lang=en><head><title>{title}</title></head>"
        "<body><nav><a href=/>Home</a> <a href=/x>Chat</a></nav>"
        f"<main><h1>{title}</h1>{body}</main><footer>{furniture}<a href=/terms>Terms</a></footer></body></html>"
    ).encode()


def policy(sharing: str = "", notice: str = "30 days", contact: str = "privacy@acme.example") -> tuple[str, ...]:
    """The paragraphs of a privacy policy of our own writing."""
    return (
        "This privacy policy explains which personal information Acme collects when you use our chat service.",
        "We collect your name, your e-mail address and the messages that you send to us through the chat window.",
        "We use your personal information to provide the service, to answer your questions and to bill you for it.",
        sharing or "We do not share your personal information with third parties for their own marketing.",
        "We keep the record of each conversation for twelve months and delete it afterwards, unless a law forbids it.",
        "Our site sets cookies which remember your settings; you can refuse them in your browser at any time.",
        f"We may change this policy. Changes take effect {notice} after we have posted them on this page.",
        f"If you have questions about your privacy, write to {contact} and we will answer you.",
    )


def policy_page(*, furniture: str = "", **changes: str) -> bytes:
    return page("Privacy Policy", *policy(**changes), furniture=furniture)


def dated(bodies: Mapping[str, bytes | Page], url: str = URL) -> list[Page]:
    """Captures of one address by day ("20240131"): pages, or other captures whose address and time are filled in."""
    return [
        Page(url, f"{day}120000", body)
        if isinstance(body, bytes)
        else Page(url, f"{day}120000", body.body, body.status, body.headers, body.revisit)
        for day, body in bodies.items()
    ]


@contextmanager
def world(
    folder: Path,
    pages: Sequence[Page],
    documents: Mapping[str, Sequence[str]] | None = None,
    *,
    confirm_after: float = 0,
    more: str = "",
    hosts: Sequence[str] = ("acme.example",),
    sinks: bool = False,
    prefect: str = "off",
) -> Iterator[World]:
    """Serve pages as an archive and as live sites at the newest date; with `sinks`, receive alerts."""
    warc = write_warc(folder / "world.warc.gz", list(pages))
    replica = Replica([warc])
    with ExitStack() as stack:
        served = stack.enter_context(serve(replica))
        hooks, mails = Hooks(folder / "hooks"), MailSink(folder / "mails")
        if sinks:
            hook = stack.enter_context(serve(hooks.app)).url.replace("http://", "slackhook://")
            port = stack.enter_context(mails.serve())
            more += _ROUTES.format(
                hook=f"{hook}/services/T/B/X",
                mail=f"mailto://127.0.0.1:{port}/?from=watch@clausewatch.example&to=ops@clausewatch.example",
            )
        config = folder / "config.toml"
        text = config_text(
            served.url,
            dict.fromkeys(hosts, served.address),
            documents or {"acme": [DOCUMENT]},
            confirm_after=confirm_after,
            more=more,
            prefect=prefect,
        )
        config.write_text(text, "utf-8")
        yield World(folder, config, replica, served.url, served.address, hooks, mails)


@contextmanager
def corpus_world(shared: Path, folder: Path, vendors: Sequence[str] = ()) -> Iterator[World]:
    """The real captures of ../shared/corpus as an archive and as live pages, watched by the peer's own selectors.

    Addresses are those of the corpus with http, as the replica speaks no TLS; archives take both for one.
    """
    replica = Replica([shared / "corpus" / "saas-vendors.warc.gz"])
    documents: dict[str, list[str]] = {}
    hosts: set[str] = set()
    for path in sorted((shared / "corpus" / "declarations").glob("*.json")):
        declaration = json.loads(path.read_text("utf-8"))
        slug = declaration["name"].lower().replace(" ", "-")
        if vendors and slug not in vendors:
            continue
        documents[slug] = []
        for type_, terms in declaration["terms"].items():
            url = terms["fetch"].replace("https://", "http://")
            hosts.add(urlsplit(url).hostname or "")
            documents[slug].append(
                f"type = {json.dumps(type_)}\nurl = {json.dumps(url)}\nselect = {json.dumps(terms['select'])}"
            )
    with serve(replica) as served:
        config = folder / "config.toml"
        places = dict.fromkeys(sorted(hosts), served.address)
        config.write_text(config_text(served.url, places, documents), "utf-8")
        yield World(
            folder,
            config,
            replica,
            served.url,
            served.address,
            Hooks(folder / "hooks"),
            MailSink(folder / "mails"),
        )
