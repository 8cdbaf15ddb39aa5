"""A client for the archived history of a page: list its captures, play them back.

async with ArchiveClient(INTERNET_ARCHIVE, user_agent="clausewatch (+https://example.org/contact)") as archive:
    for row in await archive.list_captures("https://example.com/privacy", since="2019"):
        memento = await archive.memento(row)
        print(memento.time, memento.status, len(memento.body))
"""

from __future__ import annotations

import base64
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType

import anyio
import httpx

from scrapers.archive.cdx import (
    CaptureRow,
    CdxAnswer,
    CdxQuery,
    Identity,
    normalise_url,
    parse_cdx,
    raise_if_forbidden,
    same_page,
)
from scrapers.archive.exchange import Answer, Exchange, Traffic
from scrapers.archive.limits import ExchangeLimits
from scrapers.archive.listing import Listing, Position, start, utc_now
from scrapers.archive.memento import (
    Memento,
    Outcome,
    PastRedirect,
    Playback,
    original_headers,
    read_playback,
    sha1_digest,
)
from scrapers.archive.pace import Limiter
from scrapers.archive.profiles import ArchiveProfile, Endpoint
from scrapers.archive.timestamps import first_moment, format_timestamp, last_moment, parse_timestamp
from scrapers.errors import ArchiveExcluded, ArchiveFormat, ArchiveLoop, NotArchived, NotPlayable, OutsideWindow

__all__ = ["ArchiveClient", "CdxPage"]

DEFAULT_WINDOW = timedelta(days=1)
"""How far the capture at the end of a redirect, or the nearest one, may be from the moment that was asked for."""

MAX_HOPS = 20


@dataclass(frozen=True, slots=True)
class CdxPage:
    """One page of a listing, to be stored together with `resume_key` in one transaction.

    Rows are unique within one listing; across a resumption the identity of a row tells what is known already.
    `resume_key` continues the listing after this page and is "" when `complete`. `malformed` counts rows left out.
    """

    rows: tuple[CaptureRow, ...]
    resume_key: str
    malformed: int
    complete: bool


class ArchiveClient:
    """Reads one archive. All methods keep its pace and share its connections; use it from many tasks.

    Parameters:
        profile: the archive, e.g. `INTERNET_ARCHIVE` or `ArchiveProfile.pywb(...)`.
        user_agent: who asks, with an address where its people can be reached.
        limiter: shared by everything that talks to the archive; without it this client has its own.
        transport: an httpx transport to use instead of the network.
        limits: timeouts, sizes, tries.
        sleep, jitter: waiting and randomness between tries (tests).
    """

    def __init__(
        self,
        profile: ArchiveProfile,
        *,
        user_agent: str,
        limiter: Limiter | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        limits: ExchangeLimits | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.profile = profile
        self._exchange = Exchange(
            profile,
            user_agent=user_agent,
            limiter=limiter,
            transport=transport,
            limits=limits,
            sleep=sleep,
            jitter=jitter,
        )

    async def __aenter__(self) -> ArchiveClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._exchange.aclose()

    @property
    def traffic(self) -> Traffic:
        """Requests, retries and bytes so far."""
        return self._exchange.traffic

    # ------------------------------------------------------------------------------------------------ listing

    async def list_pages(
        self,
        url: str,
        *,
        since: str | datetime = "",
        until: str | datetime = "",
        resume_key: str = "",
        limit: int | None = None,
        match: str = "exact",
        filters: Sequence[str] = (),
        resolve_revisits: bool = False,
    ) -> AsyncIterator[CdxPage]:
        """List the captures of a URL, page by page, oldest first.

        Parameters:
            url: matched as archives do: scheme, www and default ports are ignored.
            since, until: inclusive bounds, 4 to 14 digits or a time with a zone; "" is no bound.
            resume_key: of the last page that was stored, with the same other arguments; "" begins anew.
            limit: rows per page; the profile's by default.
            match: exact, prefix, host or domain. Archives leave captures out of all but the first.
            filters: in the Internet Archive's words; translated for pywb. `statuscode:200` drops every revisit.
            resolve_revisits: ask the archive to do it. Its staff advise against: use `plan.resolve_revisits`.

        Raises:
            ArchiveExcluded, ArchiveBlockedByRobots: the archive may not tell.
            ArchiveRateLimited, ArchiveRefusing, ArchiveUnavailable: try again later, from the last resume key.
            ArchiveFormat: the answer is no index, or goes round in circles.
        """
        position = Position.decode(resume_key) if resume_key else start(first_moment(since), last_moment(until))
        listing = Listing(
            position,
            dialect=self.profile.dialect,
            limit=limit or self.profile.page_limit,
            exact=match == "exact",
            now=utc_now(),
        )
        seen: set[Identity] = set()
        while not listing.complete():
            here = listing.current
            query = CdxQuery(
                url, here.since, here.until, here.key, listing.limit, match, tuple(filters), resolve_revisits
            )
            answer = await self._ask_index(query, hand_back=True)
            if answer is None and listing.give_up():
                continue
            if answer is None:
                answer = await self._ask_index(query, hand_back=False)
                assert answer is not None
            listing.take(answer)
            rows: dict[Identity, CaptureRow] = {}
            for row in answer.rows:
                if row.identity not in seen:
                    rows.setdefault(row.identity, row)
            seen.update(rows)
            key = "" if listing.complete() else listing.current.encode()
            yield CdxPage(tuple(rows.values()), key, answer.malformed, listing.complete())

    async def list_captures(
        self,
        url: str,
        since: str | datetime = "",
        until: str | datetime = "",
        *,
        limit: int | None = None,
        match: str = "exact",
        filters: Sequence[str] = (),
    ) -> list[CaptureRow]:
        """All captures of a URL, unique, in the order of the index; see `list_pages`. A failed page raises."""
        rows: list[CaptureRow] = []
        async for page in self.list_pages(url, since=since, until=until, limit=limit, match=match, filters=filters):
            rows += page.rows
        return rows

    async def _ask_index(self, query: CdxQuery, *, hand_back: bool) -> CdxAnswer | None:
        """One page of the index; None where it gave up (504) and that is to be handed back instead of retried."""
        answer = await self._exchange.request(
            self.profile.index_url,
            Endpoint.INDEX,
            parameters=query.parameters(self.profile.dialect),
            hand_back=frozenset({504}) if hand_back else frozenset(),
        )
        if answer.status == 504:
            return None
        text = answer.text
        if answer.status == 200:
            return parse_cdx(text, asked=query.url)
        raise_if_forbidden(text, "", query.url, answer.status)
        if answer.status in (403, 451):
            raise ArchiveExcluded("the archive does not list it", url=query.url, status=answer.status)
        said = " ".join(text.split())[:200]
        raise ArchiveFormat(f"the index answered {answer.status}: {said}", url=query.url, status=answer.status)

    # ------------------------------------------------------------------------------------------------ playback

    async def memento(
        self,
        url: str | CaptureRow,
        timestamp: str | datetime = "",
        *,
        exact: bool = True,
        window: timedelta | None = DEFAULT_WINDOW,
        follow_redirects: bool = True,
        modifier: str | None = None,
    ) -> Memento:
        """Play a capture back: its bytes as they were archived, with what the archive says of them.

        Parameters:
            url: of the page, of a memento of this archive, or a row of its index (then the digest is compared, too).
            timestamp: when; not needed for a row or a memento's address.
            exact: only the capture of that very second will do; else the nearest within `window`.
            window: how far the nearest capture, or the capture at the end of a historical redirect, may be away in
                time. None is any distance.
            follow_redirects: follow the redirects that the site gave at the time, inside the archive. If false, such
                a redirect is itself the result, its `location` header as the site gave it.
            modifier: another way of playing back than the raw bytes ("" is the view for people).

        An archived 404, 429 or 503 is a memento like any other. All hops are charged to the pace.

        Raises:
            NotArchived: there is no capture of this URL at all.
            NotPlayable: listed, but not played back; or another capture than the one asked for.
            OutsideWindow: the nearest capture is too far away.
            ArchiveLoop: redirects that lead back to where they began.
            ArchiveExcluded, ArchiveBlockedByRobots: the archive may not show it.
            ArchiveRateLimited, ArchiveRefusing, ArchiveUnavailable: try again later.
        """
        row = url if isinstance(url, CaptureRow) else None
        page, stamp = (row.url, row.timestamp) if row else self._page_and_stamp(str(url), timestamp)
        walk = _Walk(self.profile, page, parse_timestamp(stamp), exact, window)
        address_of = self.profile.memento_url
        while True:
            address = walk.visit(address_of(page, stamp, modifier))
            answer = await self._exchange.request(address, Endpoint.PLAYBACK)
            try:
                playback = read_playback(self.profile, answer, page)
            except NotArchived as error:
                if row is None and not walk.history:
                    raise
                raise NotPlayable("listed, but the archive has it not", url=address, status=404) from error
            if playback.outcome is Outcome.ARCHIVE_REDIRECT:
                assert playback.target is not None
                stamp, page = walk.redirected(page, playback.target)
                continue
            walk.check(page, playback)
            if playback.outcome is Outcome.PAST_REDIRECT and follow_redirects:
                assert playback.target is not None
                walk.follow(page, playback, address)
                stamp, page = playback.target
                continue
            return self._memento(walk, answer, playback, row)

    def _page_and_stamp(self, url: str, timestamp: str | datetime) -> tuple[str, str]:
        if timestamp:
            return url.partition("#")[0], first_moment(timestamp)
        parts = self.profile.split_memento_url(url)
        if parts is None:
            raise ValueError(f"neither a timestamp nor an address of a memento of {self.profile.name}: {url[:200]!r}")
        return parts[2].partition("#")[0], first_moment(parts[0])

    def _memento(self, walk: _Walk, answer: Answer, playback: Playback, row: CaptureRow | None) -> Memento:
        notes = [*walk.notes, *answer.body.notes]
        digest = sha1_digest(answer.body.data)
        row_digest = row.digest if row and not walk.history else ""
        matches: bool | None = None
        if row_digest:
            matches = row_digest in (digest, base64.b32encode(answer.wire_digest).decode("ascii"))
            if not matches:
                notes.append(f"the digest differs from the index's: {digest} instead of {row_digest}")
        headers = original_headers(answer.headers.multi_items(), self.profile.dialect)
        if playback.location:
            headers = (
                *((name, value) for name, value in headers if name != "location"),
                ("location", playback.location),
            )
        return Memento(
            archive=self.profile.name,
            asked=walk.asked,
            url=playback.url or walk.asked,
            time=playback.time or walk.anchor,
            memento_url=walk.visited[-1],
            status=playback.status,
            headers=headers,
            body=answer.body.data,
            links=playback.links or {},
            history=tuple(walk.history),
            visited=tuple(walk.visited),
            digest=digest,
            row_digest=row_digest,
            row_digest_matches=matches,
            notes=tuple(notes),
            elapsed=answer.elapsed,
            wire_bytes=answer.body.wire_bytes,
        )


class _Walk:
    """The way from what was asked for to a memento: what was visited, and what may still count as the answer."""

    def __init__(
        self, profile: ArchiveProfile, asked: str, moment: datetime, exact: bool, window: timedelta | None
    ) -> None:
        self.asked = asked
        self.anchor = moment  # what the next memento's time is compared with
        self.history: list[PastRedirect] = []
        self.visited: list[str] = []
        self.notes: list[str] = []
        self._profile = profile
        self._exact = exact
        self._window = window

    def visit(self, address: str) -> str:
        if address in self.visited:
            raise ArchiveLoop("its redirects lead back to where they began", url=address, hop=len(self.visited))
        if len(self.visited) >= MAX_HOPS:
            raise ArchiveLoop(f"more than {MAX_HOPS} redirects", url=address, hop=len(self.visited))
        self.visited.append(address)
        return address

    def redirected(self, page: str, target: tuple[str, str]) -> tuple[str, str]:
        """The archive points to another of its captures: may it stand for the one that was asked for?"""
        stamp, url = target
        try:
            time = parse_timestamp(stamp)
        except ValueError as error:
            raise NotPlayable("the archive points to no moment", url=self.visited[-1]) from error
        if self._exact and not self.history and time != self.anchor:
            raise NotPlayable(f"not played back; the archive points to its capture of {stamp}", url=self.visited[-1])
        if not same_page(page, url):
            raise NotPlayable(f"the archive points to another page: {url[:500]}", url=self.visited[-1])
        self._require_near(time)
        return stamp, url

    def check(self, page: str, playback: Playback) -> None:
        """What came is a memento: is it the one? Archives answer with the nearest they have, and with twins."""
        if playback.time is None:  # the page that view mode shows instead of a redirect
            return
        if self._exact and not self.history and playback.time != self.anchor:
            stamp = format_timestamp(playback.time)
            raise NotPlayable(f"not played back; the archive gave its capture of {stamp}", url=self.visited[-1])
        self._require_near(playback.time)
        if not same_page(page, playback.url):
            raise NotPlayable(f"the archive gave another page: {playback.url[:500]}", url=self.visited[-1])
        if playback.url != normalise_url(page):
            self.notes.append(f"the capture is of {playback.url[:500]}")

    def follow(self, page: str, playback: Playback, address: str) -> None:
        self.anchor = playback.time or self.anchor
        url = playback.url or page
        self.history.append(PastRedirect(url, self.anchor, playback.status, playback.location, address))

    def _require_near(self, time: datetime) -> None:
        if self._window is not None and abs(time - self.anchor) > self._window:
            away = abs(time - self.anchor)
            raise OutsideWindow(f"the nearest capture is {away.days} days away", url=self.visited[-1])
