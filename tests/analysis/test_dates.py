"""Dates of a policy: phrasings, traps, precision, ambiguity. All texts are ours."""

from __future__ import annotations

import datetime

import pytest

from analysis.blocks import Block, BlockKind
from analysis.dates import PolicyDates, find_dates


def dates(*texts: str) -> PolicyDates:
    return find_dates([Block(BlockKind.PARAGRAPH, text) for text in texts])


def iso(found: PolicyDates) -> tuple[str | None, str | None]:
    return found.effective.iso if found.effective else None, found.updated.iso if found.updated else None


@pytest.mark.parametrize(
    ("line", "effective", "updated"),
    [
        ("Last updated: 4 March 2021", None, "2021-03-04"),
        ("Last Updated on March 4th, 2021", None, "2021-03-04"),
        ("_Last modified:_ _March 4, 2021_", None, "2021-03-04"),
        ("Last edited on 2021-03-04", None, "2021-03-04"),
        ("Date of Last Revision: March 4, 2021", None, "2021-03-04"),
        ("REVISED AND POSTED AS OF: MARCH 4, 2021", None, "2021-03-04"),
        ("This policy was reviewed on 28/02/2021 and last updated on 04/03/2021.", None, "2021-03-04"),
        ("Version: March 2021", None, "2021-03"),
        ("Last update: 03 - 2021", None, "2021-03"),
        ("Updated March, 2021", None, "2021-03"),
        ("Effective as of July 12 , 2023", "2023-07-12", None),
        ("Effective Date: The earlier of December 23, 2024, or acceptance", "2024-12-23", None),
        ("This policy applies from April 4, 2026. The previous version applies until then.", "2026-04-04", None),
        ("Effective: July 1, 2026. Last Revised: May 26, 2026.", "2026-07-01", "2026-05-26"),
        ("Effective date: 5/23/2012, last edit: 6/28/2013", "2012-05-23", "2013-06-28"),
        ("Last Updated/Effective Date: July 1, 2020", "2020-07-01", "2020-07-01"),
        ("These terms were last modified 3/28/2019 and are effective immediately.", "2019-03-28", "2019-03-28"),
        ("Effective July 20, 2012 (last updated October 08, 2013)", "2012-07-20", "2013-10-08"),
        ("Last updated: November 1. 2014", None, "2014-11-01"),
        ("Privacy at Vendor — Last updated: February 2, 2017.Introduction", None, "2017-02-02"),
    ],
)
def test_phrasings(line: str, effective: str | None, updated: str | None) -> None:
    assert iso(dates("Privacy Policy", line, "We respect your privacy.")) == (effective, updated)


@pytest.mark.parametrize(
    "line",
    [
        "This text was archived on 2015-09-05.",
        "Copyright © 2003 - 2015 Vendor. All rights reserved.",
        "We comply with the Data Act (as amended effective January 1, 2014).",
        "Regulation (EU) 2016/679 of 27 April 2016 applies to us.",
        "Under Commission Implementing Decision of 4 June 2021 we use the clauses.",
        "Earlier terms, effective from June 24, 2021, until October 6, 2025, are in the archive.",
        "On November 12, 2024, these guidelines will move to another page.",
        "Purchases made before March 1, 2020 keep their old terms.",
        "As of 18 September 2017, we plan to share some information with our group.",
        "See section 2.1.14 and version 10.4.21 of the software.",
        "Our founder was born on 3 May 1970.",
    ],
)
def test_dates_of_other_things_are_left_alone(line: str) -> None:
    assert iso(dates("Privacy Policy", "We care.", line, "The end of the page is near.")) == (None, None)


def test_cue_and_date_may_stand_in_two_blocks() -> None:
    blocks = [Block(BlockKind.HEADING, "Effective date", 2), Block(BlockKind.PARAGRAPH, "1 June 2022")]
    found = find_dates(blocks).effective
    assert found is not None
    assert (found.iso, found.block, found.start, found.cue) == ("2022-06-01", 1, 0, "Effective date")


def test_a_bare_date_below_the_title_counts_and_one_far_below_does_not() -> None:
    filler = ["We say many things about many matters here. " * 4] * 30
    assert iso(dates("Privacy Policy", "June 3, 2003", *filler)) == (None, "2003-06-03")
    assert iso(dates("Privacy Policy", *filler, "June 3, 2003", *filler)) == (None, None)


def test_day_and_month_that_could_be_swapped_are_flagged_and_settled_by_the_document() -> None:
    plain = dates("Updated: 11/05/2026").updated
    assert plain is not None and plain.ambiguous and plain.iso == "2026-11-05"
    european = dates("Updated: 11/05/2026", "Complaints go to the CNIL. Vendor SAS, R.C.S. Paris, France.").updated
    assert european is not None and european.ambiguous and european.iso == "2026-05-11"
    sure = dates("Updated: 23/05/2026").updated
    assert sure is not None and not sure.ambiguous and sure.iso == "2026-05-23"
    told = find_dates([Block(BlockKind.PARAGRAPH, "Updated: 11/05/2026")], day_first=True).updated
    assert told is not None and told.iso == "2026-05-11"


def test_month_precision_invents_no_day() -> None:
    found = dates("Last updated: June 2015").updated
    assert found is not None
    assert (found.precision, found.iso, found.date) == ("month", "2015-06", datetime.date(2015, 6, 1))


def test_upcoming_is_the_effective_date_after_today() -> None:
    found = dates("Effective: December 1, 2026")
    assert found.upcoming(datetime.date(2026, 11, 22)) is found.effective
    assert found.upcoming(datetime.date(2026, 12, 1)) is None


def test_impossible_dates_are_none() -> None:
    assert iso(dates("Last updated: February 30, 2021", "Effective: 45/45/2021")) == (None, None)


@pytest.mark.shared
def test_reference_labels(shared: object) -> None:
    from bench.gold import page, read

    folder = shared / "gold"  # type: ignore[operator]
    right = invented = dated = 0
    for row in read(folder / "dates.jsonl"):
        found = iso(find_dates(page((folder / row["text_file"]).read_text(encoding="utf-8"))))
        gold = (row["effective_date"], row["last_updated"])
        dated += any(gold)
        right += any(gold) and gold == found
        invented += not any(gold) and any(found)
    assert right / dated >= 0.95
    assert invented == 0
