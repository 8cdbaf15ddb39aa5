"""`clausewatch backfill` and `check` over the real captures of ../shared/corpus, served by the replica on loopback.

`python -m bench.corpus` runs the real commands in processes of their own and prints what they say, then the versions
found for each document beside the changes that the peer labelled. Why they differ is told by `bench.corpus_changes`.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

from tests.flows.worlds import corpus_world

__all__ = ["main"]

SHARED = Path(__file__).resolve().parents[2] / "shared"


def main() -> None:
    """Run both commands and print the table."""
    if not SHARED.is_dir():
        sys.exit(f"needs the reference data in {SHARED}, which is not there")
    labels: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for line in (SHARED / "corpus" / "captures.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        labels[f"{row['vendor']}/{row['document']}".lower().replace(" ", "-")][str(row["label"])] += 1
    with tempfile.TemporaryDirectory() as folder, corpus_world(SHARED, Path(folder)) as world:
        for command in ("backfill", "check"):
            begun = time.perf_counter()
            done = world.cli(command)
            print(f"clausewatch {command}: exit {done.returncode}, {time.perf_counter() - begun:.0f} s")
            print(done.stdout[-4000:] + done.stderr[-2000:])
        with world.store() as store:
            print(f"{'document':44}{'captures':>9}{'peer first+change':>18}{'versions':>9}{'held':>6}")
            for document in store.documents():
                peer = labels[document.key]
                captures = len(store.captures(document.id))
                print(
                    f"{document.key:44}{captures:9}{peer['first'] + peer['change']:18}{document.versions:9}"
                    f"{len(store.holds(document.id)):6}"
                )


if __name__ == "__main__":
    main()
