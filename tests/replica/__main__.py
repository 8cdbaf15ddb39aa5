"""`python -m tests.replica WARC...`: serve WARC files as an archive and as live sites until interrupted."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from pathlib import Path

from tests.replica import Replica, serve


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.replica", description=__doc__)
    parser.add_argument("warc", nargs="+", type=Path, help="WARC files, plain or gzipped by record")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument(
        "--live-date", default=None, help="date of the live sites, such as 2024-06-30 (default: newest)"
    )
    options = parser.parse_args(arguments)
    missing = [str(path) for path in options.warc if not path.is_file()]
    if missing:
        print(f"no such file: {', '.join(missing)}", file=sys.stderr)
        return 2
    replica = Replica(options.warc, date=options.live_date)
    with serve(replica, port=options.port) as server:
        print(server.url, flush=True)
        print(f"{len(replica.index.rows)} captures; Ctrl-C ends", file=sys.stderr, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
