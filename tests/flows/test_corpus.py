"""Backfill over 635 real captures of 16 policies: how many versions it finds, and what they cost to keep."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.worlds import World, corpus_world

pytestmark = [pytest.mark.shared, pytest.mark.timeout(400), pytest.mark.xdist_group("corpus")]

VERSIONS = {
    "brevo/privacy-policy": 7,
    "buffer/copyright-claims-policy": 1,
    "buffer/developer-terms": 1,
    "buffer/privacy-policy": 7,
    "buffer/terms-of-service": 3,
    "github/copyright-claims-policy": 1,
    "github/privacy-policy": 9,
    "github/terms-of-service": 8,
    "open-collective/privacy-policy": 3,
    "open-collective/terms-of-service": 3,
    "open-terms-archive/accessibility-statement": 1,
    "open-terms-archive/brand-guidelines": 1,
    "open-terms-archive/imprint": 3,
    "open-terms-archive/privacy-policy": 4,
    "uptimerobot/privacy-policy": 7,
    "uptimerobot/terms-of-service": 6,
}
"""As read: the peer's other labels are of links, markup, or what a page says of itself."""


@dataclass
class Filled:
    world: World
    output: list[dict[str, object]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    shared = Path(__file__).resolve().parents[3] / "shared"
    if not shared.is_dir():
        pytest.skip(f"needs the reference data in {shared}, which is not there")
    with corpus_world(shared, tmp_path_factory.mktemp("corpus")) as world:
        done = world.run("backfill", "--json", timeout=390)
        assert done.returncode == 0, done.stderr
        yield Filled(world, json.loads(done.stdout))


def _labels(shared: Path) -> dict[str, dict[str, str | None]]:
    """The peer's label of each capture, by document and timestamp."""
    labels: defaultdict[str, dict[str, str | None]] = defaultdict(dict)
    for line in (shared / "corpus" / "captures.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        key = f"{row['vendor']}/{row['document']}".lower().replace(" ", "-")
        labels[key][row["timestamp"]] = row["label"]
    return dict(labels)


def test_every_document_gets_its_history(filled: Filled, shared: Path) -> None:
    labels = _labels(shared)
    assert len(filled.output) == 16 and all(result["outcome"] == "first" for result in filled.output)
    fetched = {str(result["document"]): result["captures"] for result in filled.output}
    found: dict[str, int] = {}
    unlabelled: Counter[str] = Counter()
    rows = []
    with filled.world.store() as store:
        for document in store.documents():
            peer = labels[document.key]
            versions = store.versions(document.id)
            begun = [peer.get(f"{version.first_seen:%Y%m%d%H%M%S}", "other") for version in versions]
            # a page that several documents share was captured for each at a time of its own: "other" is a sibling's
            unlabelled[document.key] = sum(label is None for label in begun)
            found[document.key] = len(versions)
            counts = Counter(peer.values())
            rows.append(
                f"{document.key:44}{len(peer):9}{fetched[document.key]!s:>9}{counts['first'] + counts['change']:6}"
                f"{counts['technical']:10}{len(versions):9}{unlabelled[document.key]:11}{len(store.holds(document.id)):6}"
            )
        assert not store.alerts()
    print(
        f"\n{'':44}{'captures':>9}{'fetched':>9}{'peer':>6}{'technical':>10}{'versions':>9}{'unlabelled':>11}{'held':>6}"
    )
    print("\n".join(rows))
    assert found == VERSIONS
    # the peer looked at Brevo's page once a month only from 2024 on; each of those versions was read, and is real
    assert sum(number for key, number in unlabelled.items() if key != "brevo/privacy-policy") <= 3


def test_a_capture_costs_little_to_keep(filled: Filled) -> None:
    with closing(sqlite3.connect(filled.world.folder / "data" / "clausewatch.sqlite")) as database:
        (stored, payloads), (captures,) = (
            database.execute("SELECT sum(stored), count(*) FROM payload").fetchone(),
            database.execute("SELECT count(*) FROM capture").fetchone(),
        )
    print(f"\n{captures} captures, {payloads} payloads, {stored / payloads / 1000:.2f} KB each")
    assert stored / payloads <= 7500


def test_another_backfill_fetches_nothing_and_finds_nothing(filled: Filled) -> None:
    before = len(filled.world.replica.log.of("playback"))
    done = filled.world.run("backfill", "--json", "buffer", "open-collective", timeout=200)
    assert {result["outcome"] for result in json.loads(done.stdout)} == {"unchanged"}
    assert len(filled.world.replica.log.of("playback")) == before


def test_killed_in_the_middle_it_comes_to_the_same(filled: Filled, shared: Path, tmp_path: Path) -> None:
    """kill -9 in the middle of a run over the corpus, of one vendor to keep it short."""
    vendor = "open-collective"
    with corpus_world(shared, tmp_path, [vendor]) as world:
        fetched = 0
        for number in (20, 25):
            command = world.start("backfill")
            world.when_asked("playback", number, command.kill)
            _, errors = command.communicate(timeout=120)
            assert command.returncode == -signal.SIGKILL, errors
            fetched += len(world.replica.log.of("playback"))
        world.replica.log.clear()
        done = world.run("backfill", timeout=120)
        assert done.returncode == 0, done.stderr
        fetched += len(world.replica.log.of("playback"))
        targets = []
        with world.store() as killed, filled.world.store() as whole:
            for document in killed.documents():
                other = whole.document(document.key)
                ours, theirs = (
                    [(v.fingerprint, v.first_seen, v.last_seen, v.sightings) for v in store.versions(one.id)]
                    for store, one in ((killed, document), (whole, other))
                )
                assert ours == theirs and len(ours) == VERSIONS[document.key]
                captures = [(c.time, c.url, c.digest, c.payload) for c in killed.captures(document.id)]
                assert len(set(captures)) == len(captures)
                assert set(captures) == {(c.time, c.url, c.digest, c.payload) for c in whole.captures(other.id)}
                targets += captures
            assert not killed.alerts()
        assert fetched <= len(targets) + 2 * 4  # each of two kills can cost what was under way
