"""An archive in the Internet Archive's dialect, and vendors' live sites, from any WARC file, on loopback.

    with serve(Replica([Path("some.warc.gz")], date="2026-06-30")) as server:
        httpx.get(f"{server.url}/cdx/search/cdx?url=vendor.example/privacy&output=json")
        httpx.get(f"{server.url}/web/20200101000000id_/http://vendor.example/privacy")
        httpx.get(f"{server.url}/privacy", headers={"Host": "vendor.example"})

A client reaches `http://vendor.example/privacy` itself by connecting to `server.address` instead (curl calls it
`--connect-to`), or by using `server.url` as its HTTP proxy.
"""

from tests.replica.app import Replica
from tests.replica.faults import Access, AccessLog, Fault
from tests.replica.server import Served, serve
from tests.replica.warc import Index, Page, Record, Row, digest_of, write_warc

__all__ = [
    "Access",
    "AccessLog",
    "Fault",
    "Index",
    "Page",
    "Record",
    "Replica",
    "Row",
    "Served",
    "digest_of",
    "serve",
    "write_warc",
]
