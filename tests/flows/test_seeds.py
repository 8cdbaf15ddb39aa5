"""The two Live2Support policies of ../shared/seeds, as two captures of one address twelve years apart."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from storage.records import CheckOutcome
from tests.flows.worlds import page, world
from tests.replica import Page

pytestmark = [pytest.mark.shared, pytest.mark.anyio]

URL = "http://www.live2support.com/privacyls.php"
KEY = "live2support/privacy-policy"


def _pages(shared: Path) -> list[Page]:
    """Each seed's text wrapped in simple HTML, without the line that says where it is from."""
    pages = []
    for name, time in (
        ("live2support-2003-06-22.md", "20030622233757"),
        ("live2support-2015-09-05.txt", "20150905000000"),
    ):
        lines = (shared / "seeds" / name).read_text("utf-8").splitlines()[1:]
        texts = [html.escape(re.sub(r"^#+ |\*\*", "", line).strip()) for line in lines if line.strip()]
        pages.append(Page(URL, time, page("Live2Support privacy policy", *texts)))
    return pages


async def test_the_seeds_give_one_change_with_what_it_means(shared: Path, tmp_path: Path) -> None:
    document = f'type = "Privacy Policy"\nurl = "{URL}"'
    with world(
        tmp_path, _pages(shared), {"live2support": [document]}, hosts=["www.live2support.com"], sinks=True
    ) as made:
        result = (await made.backfill())[KEY]
        assert (result.outcome, result.versions) == (CheckOutcome.FIRST, 2)
        with made.store() as store:
            (found,) = store.changes()
            change = store.change(found.id)
        clauses = change.clauses
        policy_change = [c for c in clauses if c.category == "policy_change"]
        said = [
            c for c in policy_change if "without prior notice" in c.after and "without prior notice" not in c.before
        ]
        assert said, [(c.category, c.kind, c.after[:80]) for c in clauses]
        # fifteen days are fifteen days, however they are written
        facts = json.dumps([dict(fact) for c in clauses for fact in c.facts] + [dict(fact) for fact in change.facts])
        assert not re.search(r"\b15\b[^\"]*(->|→)|(->|→)[^\"]*\b15\b", facts), facts
        contact = [c for c in clauses if "privacy@Live2Support.com" in c.before and "webmaster" in c.after]
        contact = contact or [c for c in clauses if c.category == "contact" and "webmaster" in str(c.facts)]
        assert contact or ("privacy@" in facts.lower() and "webmaster" in facts.lower()), facts
        assert not change.live and change.announced is None
        # the page is as it was in 2015: the first look at it is no news
        looked = (await made.check())[KEY]
        assert looked.outcome is CheckOutcome.UNCHANGED and looked.versions == 2
        assert not made.hooks.messages() and not made.mails.messages()
        shown = await made.acli("diff", KEY)
        assert shown.returncode == 0 and "without prior notice" in shown.stdout
