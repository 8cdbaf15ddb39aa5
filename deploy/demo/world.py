"""The demo's little internet on free loopback ports: an archive, four vendors, a mail server and a webhook.

Its date is 1 October 2026. The archive lags behind the sites, as the real one does: it has captures until the middle of
August, so that two policies have just changed when one looks at the live pages. `tomorrow()` lets a third one change.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.demo.sinks import HookSink, MailSink
from deploy.demo.vendors import Vendor, fresh_tokens, load_vendors, write_world
from tests.replica import Replica, serve
from tests.replica.surt import stamp

__all__ = ["ARCHIVED_UNTIL", "TODAY", "TOMORROW", "DemoWorld"]

ARCHIVED_UNTIL = date(2026, 8, 15)
TODAY = date(2026, 10, 1)
TOMORROW = date(2026, 11, 16)

_ROBOTS = {
    "chatmoor.example": "User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\n",
    "www.helphaven.example": "User-agent: *\nDisallow: /Console/\n",
}


class DemoWorld:
    """Runs while its block does.

    What it received stays in `folder`, and so does its date: a world that has moved to tomorrow is there again at the
    next start, in this process or another.

    Parameters:
        folder: where the WARC file and the messages are put; made if it is missing.
        today: start at this date, whatever `folder` remembers.

    Attributes (those marked * once it runs):
        vendors: what is published, see `vendors.Vendor`.
        archive_url *: base URL of the archive, in the Internet Archive's dialect (`/cdx/search/cdx`, `/web/`).
        connect_to *: `{"chatmoor.example": "127.0.0.1:40123", ...}`: where each vendor's host is to be found.
        smtp_host, smtp_port *: the mail server, without TLS or password.
        slack_url, webhook_url *: the Slack-compatible webhook and the generic one.
        mail, hooks: the sinks with their `messages()` and `folder`.
        replica: archive and sites, with access log and faults.
    """

    smtp_host = "127.0.0.1"

    def __init__(self, folder: Path, *, today: date | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.vendors: tuple[Vendor, ...] = load_vendors()
        self._remembered = folder / "date.txt"
        warc = write_world(folder / "world.warc.gz", self.vendors)
        self.replica = Replica([warc], horizon=ARCHIVED_UNTIL, robots=_ROBOTS, rewrite=fresh_tokens)
        self.mail = MailSink(folder / "mail")
        self.hooks = HookSink(folder / "webhook")
        self.move_to(today or self._remember())
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            archive = stack.enter_context(serve(self.replica))
            hooks = stack.enter_context(serve(self.hooks.app))
            self.smtp_port = stack.enter_context(self.mail.serve())
            self._stack = stack.pop_all()
        self.archive_url = archive.url
        self.connect_to = {vendor.host: archive.address for vendor in self.vendors}
        self.slack_url = f"{hooks.url}/services/T000/B000/XXXXXXXX"
        self.webhook_url = f"{hooks.url}/hook/clausewatch"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def today(self) -> date:
        """The date of the live sites."""
        return self._today

    def move_to(self, day: date) -> None:
        """Let the live sites be at this date; the archive stays where it is."""
        self._today = day
        self.replica.date = stamp(day)
        self._remembered.write_text(f"{day.isoformat()}\n", "utf-8")

    def tomorrow(self) -> date:
        """Move on to the day on which ChatMoor publishes its next privacy policy."""
        self.move_to(TOMORROW)
        return TOMORROW

    def _remember(self) -> date:
        try:
            return date.fromisoformat(self._remembered.read_text("utf-8").strip())
        except (OSError, ValueError):
            return TODAY
