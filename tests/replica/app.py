"""The ASGI application: an archive, the vendors' sites and a control desk behind one port.

| request | answer |
|---|---|
| Host: the archive's (`127.0.0.1`, `localhost`, `web.archive.org`, ...) `/cdx/search/cdx` | the index |
| ... `/web/...` | playback, timegate, timemaps |
| ... `/live/{host}/{path}` | the vendor's site |
| ... `/_control` | GET: date, faults, counts; POST: `date`, `horizon`, `faults`, `clear_log` in a JSON object |
| ... `/_log?since=N` | the requests so far as JSON |
| Host: anything else, or a proxy request for it | the vendor's site |
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date as day
from datetime import datetime
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from tests.replica import cdx, playback, sites
from tests.replica.answers import Answer, Struck, broken, compressed, deliver, html, text
from tests.replica.faults import AccessLog, Area, Fault, Faults
from tests.replica.surt import stamp
from tests.replica.warc import Index

__all__ = ["Replica"]

_END = "99991231235959"


class Replica:
    """Any WARC files as an archive in the Internet Archive's dialect and as live sites.

    Parameters:
        warcs: the files, or an index already made of them.
        date: the live sites show the newest capture at or before it; default is the newest of all.
        horizon: captures after it are not archived yet; default is that all are.
        faults: what goes wrong; `replica.faults.set([...])` changes it later.
        robots: robots.txt by host.
        rewrite: what a live site puts into each response anew; see `sites.Rewrite`.
        archive_hosts: host names under which the archive is reached; all others are vendors.
        limits: most requests per 60 s for an area (`{"cdx": 30}`); what exceeds them is answered 429.
        redirect_style: how historical redirects are written in `Location` (three ways are recorded of the real one).
    """

    def __init__(
        self,
        warcs: Iterable[Path] | Index,
        *,
        date: str | day | datetime | None = None,
        horizon: str | day | datetime | None = None,
        faults: Iterable[Fault] = (),
        robots: Mapping[str, str] | None = None,
        rewrite: sites.Rewrite | None = None,
        archive_hosts: Iterable[str] = ("127.0.0.1", "localhost", "web.archive.org"),
        limits: Mapping[Area, int] | None = None,
        redirect_style: playback.RedirectStyle = "absolute",
    ) -> None:
        self.index = warcs if isinstance(warcs, Index) else Index(warcs)
        self.date = stamp(date) if date else _END
        self.horizon = stamp(horizon) if horizon else _END
        self.faults = Faults(faults)
        self.robots = dict(robots or {})
        self.rewrite = rewrite
        self.archive_hosts = frozenset(archive_hosts)
        self.limits: dict[Area, int] = dict(limits or {})
        self.redirect_style: playback.RedirectStyle = redirect_style
        self.log = AccessLog()
        self._visits: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        if scope["type"] != "http":
            return None
        request = Request(scope, receive)
        host, target = _where(scope, request)
        area, rest = self._area(host, target)
        client = scope.get("client") or ("", 0)
        struck: Struck = self.faults.strike(area, f"{host}{target}") if area != "control" else {}
        over = self._over(area)
        entry = self.log.add(
            area=area,
            method=scope["method"],
            host=host,
            target=target,
            user_agent=request.headers.get("user-agent", ""),
            connection=f"{client[0]}:{client[1]}",
            faults=tuple(struck),
        )
        if over:
            answer = html(429, "<html><body><h1>429 Too Many Requests</h1></body></html>")
        elif area == "control":
            answer = await self._control(request, target)
        else:
            answer = broken(self._answer(area, rest, request, struck), struck)
        if area != "live" and not {"truncated-gzip", "false-gzip"} & set(struck):
            answer = compressed(answer, request.headers.get("accept-encoding", ""))
        entry.status = answer.status
        return await deliver(answer, struck, scope, receive, send)

    def _area(self, host: str, target: str) -> tuple[Area, str]:
        """Which part answers, and what is asked of it."""
        if host.rsplit(":", 1)[0] not in self.archive_hosts:
            return "live", f"http://{host.removesuffix(':80')}{target}"
        if target.startswith("/live/"):
            return "live", "http://" + target.removeprefix("/live/")
        if target.startswith(("/cdx/search/cdx", "/web/timemap/")):
            return "cdx", target
        if target.startswith("/web/"):
            return "playback", target.removeprefix("/web/")
        return "control", target

    def _over(self, area: Area) -> bool:
        limit = self.limits.get(area)
        if limit is None:
            return False
        since = time.monotonic() - 60
        return sum(1 for entry in self.log.of(area) if entry.time > since) >= limit

    def _answer(self, area: Area, rest: str, request: Request, struck: Struck) -> Answer:
        base = f"http://{request.headers.get('host', '127.0.0.1')}"
        if area == "live":
            self._visits[rest] += 1
            headers = {name.lower(): value for name, value in request.headers.items()}
            number = self._visits[rest]
            return sites.visit(rest, self.index, self.date, headers, self.robots, self.rewrite, number)
        if area == "playback":
            wanted = request.headers.get("accept-datetime", "")
            return playback.play(rest, self.index, self.horizon, base, struck, wanted, self.redirect_style)
        if rest.startswith("/web/timemap/"):
            form, _, url = rest.removeprefix("/web/timemap/").partition("/")
            if form == "link":
                return playback.timemap(url, self.index, self.horizon, base)
            url, _, query = url.partition("?")
            params = QueryParams(query + ("&output=json" if form == "json" else ""))
            return cdx.search(params, self.index, self.horizon, struck, url=url)
        return cdx.search(request.query_params, self.index, self.horizon, struck)

    async def _control(self, request: Request, target: str) -> Answer:
        path = urlsplit(target).path
        if path == "/_log":
            since = int(request.query_params.get("since", "0"))
            return _json([entry.as_dict() for entry in list(self.log.entries)[since:] if entry.area != "control"])
        if path != "/_control":
            return html(404, "<html><body><h1>Not Found</h1></body></html>")
        if request.method == "POST":
            try:
                self._set(cast("dict[str, object]", await request.json()))
            except (ValueError, TypeError, KeyError) as error:
                return text(400, f"{error}\n")
        state = {
            "date": self.date,
            "horizon": self.horizon,
            "faults": [asdict(fault) for fault in self.faults],
            "fired": self.faults.fired(),
            "captures": len(self.index.rows),
            "requests": len(self.log.entries),
        }
        return _json(state)

    def _set(self, wanted: dict[str, object]) -> None:
        unknown = set(wanted) - {"date", "horizon", "faults", "clear_log"}
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        if "date" in wanted:
            self.date = stamp(str(wanted["date"])) if wanted["date"] else _END
        if "horizon" in wanted:
            self.horizon = stamp(str(wanted["horizon"])) if wanted["horizon"] else _END
        if "faults" in wanted:
            self.faults.set(Fault(**values) for values in cast("list[dict[str, str]]", wanted["faults"]))  # type: ignore[arg-type]
        if wanted.get("clear_log"):
            self.log.clear()


def _where(scope: Scope, request: Request) -> tuple[str, str]:
    """Host and undecoded target; a request to a proxy names both in its first line."""
    target = cast("bytes", scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = cast("bytes", scope.get("query_string", b"")).decode("latin-1")
    if query:
        target += f"?{query}"
    if target.startswith("http://"):
        host, slash, path = target.removeprefix("http://").partition("/")
        return host.lower(), slash + path or "/"
    return request.headers.get("host", "").lower(), target


def _json(value: object) -> Answer:
    return Answer(200, (("Content-Type", "application/json"),), json.dumps(value).encode())


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
