# ruff: noqa: E501 - texts of pages, one line each where they are written so
"""The gate: walls, errors, shells and cuts are held, real deletions and rewrites are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.blocks import Extraction
from scrapers.errors import ExtractError
from scrapers.extract import Selectors, extract
from scrapers.gate import Expected, Verdict, judge_capture
from tests.scrapers.walls import FOREIGN, WALLS, Wall, truncated

URL = "https://vendor.example/legal/privacy"
SECTIONS = (
    "Information we collect", "How we use it", "Whom we share it with", "How long we keep it", "Your rights", "Cookies",
    "Children", "Transfers", "Security", "Changes to this policy", "Contact",
)  # fmt: skip


def policy(sections: tuple[str, ...] = SECTIONS, *, extra: str = "") -> bytes:
    body = "".join(
        f"<h2>{name}</h2><p>This section of the policy is about {name.lower()}. We process the personal data that you give us"
        " when you create an account, and we disclose it to third parties only with your consent.</p><p>You may object to"
        f" this at any time by writing to us; {name.lower()} is explained further in our help pages.</p>"
        for name in sections
    )
    return (
        "<!doctype html><html lang=en><head><title>Privacy Policy | Vendor</title></head><body><div><main>"
        f"<h1>Privacy Policy</h1><p>Last updated 3 March 2026.</p>{body}{extra}</main></div></body></html>"
    ).encode()


def judge(body: bytes, expected: Expected, wall: Wall | None = None, **changes: object) -> Verdict:
    found = extract(body, content_type="text/html; charset=utf-8", url=URL)
    final = URL
    if wall is not None and wall.final:
        final = wall.final if "://" in wall.final else "https://vendor.example" + wall.final
    facts: dict[str, object] = {
        "status": wall.status if wall else 200,
        "url": URL,
        "final_url": final,
        "headers": wall.headers if wall else (),
        "extraction": found,
        "expected": expected,
        "body": body,
        **changes,
    }
    return judge_capture(**facts)  # type: ignore[arg-type]


def known() -> Expected:
    found = extract(policy(), content_type="text/html", url=URL)
    return Expected.after(found, document="Privacy Policy", final_urls=[URL], closed=True)


FIRST = Expected(document="Privacy Policy", language="en")


@pytest.mark.parametrize("wall", [*WALLS, *FOREIGN], ids=lambda wall: f"{wall.kind}, {wall.name}")
@pytest.mark.parametrize("expected", [FIRST, known()], ids=["first", "later"])
def test_walls_are_held(wall: Wall, expected: Expected) -> None:
    try:
        verdict = judge(wall.html.encode(), expected, wall)
    except ExtractError as error:
        assert wall.kind in ("loading shell", "bot challenge"), error
        return
    assert not verdict.believed and verdict.score >= 1
    assert verdict.evidence and all(one.sentence.endswith(".") and one.name for one in verdict.evidence)
    assert not verdict.only_length


@pytest.mark.parametrize("expected", [FIRST, known(), Expected()], ids=["first", "later", "nothing known"])
def test_the_document_is_believed(expected: Expected) -> None:
    verdict = judge(policy(), expected)
    assert verdict.believed and verdict.score == 0 and verdict.reasons == ""


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9, 0.995])
@pytest.mark.parametrize("expected", [FIRST, known()], ids=["first", "later"])
def test_cut_bytes_are_held(share: float, expected: Expected) -> None:
    verdict = judge(truncated(policy(), share), expected)
    assert not verdict.believed and "truncated" in {one.name for one in verdict.evidence}


@pytest.mark.parametrize("left", [10, 8, 6, 5])
def test_deletions_are_believed(left: int) -> None:
    assert judge(policy(SECTIONS[:left]), known()).believed
    assert judge(policy(SECTIONS[-left:]), known()).believed


def test_loss_of_nearly_everything_is_held_for_that_alone() -> None:
    verdict = judge(policy(SECTIONS[-1:]), replace(known(), headings=()))
    assert not verdict.believed and verdict.only_length and "release it" in verdict.reasons


def test_rewrite_under_the_same_title_is_believed() -> None:
    verdict = judge(policy(tuple(f"Part {number}" for number in range(12))), known())
    assert verdict.believed and {one.name for one in verdict.evidence} == {"headings-lost"}


def test_another_document_at_the_address_is_held() -> None:
    terms = policy(tuple(f"Clause {number}" for number in range(12))).replace(b"Privacy Policy", b"Terms of Service")
    assert not judge(terms.replace(b"policy", b"contract"), known()).believed


def test_growth_and_a_new_path_are_believed_with_a_remark() -> None:
    verdict = judge(
        policy((*SECTIONS, *(f"{name} in {place}" for name in SECTIONS for place in ("Norway", "Chile", "Japan")))),
        known(),
        final_url="https://vendor.example/legal/privacy-policy",
    )
    assert verdict.believed and {one.name for one in verdict.evidence} == {"redirected", "length"}


def test_moves_between_www_and_http_are_no_evidence() -> None:
    for final in ("https://www.vendor.example/legal/privacy/", "http://vendor.example/legal/privacy"):
        assert judge(policy(), FIRST, final_url=final).score == 0
    archived = "https://archive.example/web/20240101000000id_/https://vendor.example/legal/privacy"
    assert judge(policy(), FIRST, url=archived, final_url=archived).score == 0


def test_words_of_walls_inside_a_policy_are_no_evidence() -> None:
    extra = (
        "<h2>Signing in</h2><p>When you sign in, or if you forgot your password, we process your e-mail address. If a page is"
        " not found (error 404), we log the address. We use a captcha to verify that you are human, and cookies that you"
        " may accept or reject.</p><p>If this domain is for sale one day, your data will not be.</p>"
    )
    assert judge(policy(extra=extra), FIRST).score == 0
    assert judge(policy(SECTIONS[:3], extra=extra), FIRST).believed


def test_status_alone_holds() -> None:
    assert [one.name for one in judge(policy(), FIRST, status=404).evidence] == ["status"]
    assert not judge(policy(), FIRST, status=404).believed


def test_lost_selector_is_mentioned() -> None:
    found = extract(policy(), content_type="text/html", url=URL, selectors=Selectors.of(".gone"))
    verdict = judge(policy(), known(), extraction=found)
    assert verdict.believed and [one.name for one in verdict.evidence] == ["selector-lost"]


def test_a_page_that_never_closed_its_tags_is_not_cut() -> None:
    loose = policy().replace(b"</main></div></body></html>", b"").replace(b"<div><main>", b"")
    assert judge(loose, FIRST).believed
    assert judge(loose, replace(known(), closed=False)).believed


def test_short_documents_in_other_languages_are_believed() -> None:
    body = (
        "<html lang=de><head><title>Impressum</title></head><body><h1>Impressum</h1><p>Angaben gemäß § 5 DDG: Hafenlicht GmbH,"
        " Am Kai 1, 20457 Hamburg, vertreten durch die Geschäftsführerin Ada Kühn.</p><p>Handelsregister: Amtsgericht"
        " Hamburg, HRB 12345. Umsatzsteuer-Identifikationsnummer: DE123456789.</p><p>Kontakt: Telefon 040 123456,"
        " hafen@licht.example</p></body></html>"
    ).encode()
    assert judge(body, Expected(document="Imprint", language="de")).believed


def test_judging_needs_no_body() -> None:
    found = extract(policy(), content_type="text/html", url=URL)
    for extraction, believed in ((found, True), (Extraction("", None, ()), False)):
        verdict = judge_capture(status=200, url=URL, final_url=URL, headers=(), extraction=extraction, expected=known())
        assert verdict.believed is believed


@pytest.mark.shared
def test_real_captures(shared: Path) -> None:
    """A sample of the corpus: all but the shells are believed, and everything bad in their place is held."""
    from bench.gate import captures, injected, judged

    every = captures(shared)
    kept = [capture for number, capture in enumerate(every) if capture.label or number % 6 == 0]
    last = {}
    for capture, found, verdict, expected in judged(kept):
        shell = "You should be redirected" in found.text
        assert verdict.believed != shell, (capture.vendor, capture.document, capture.time, verdict.reasons)
        if verdict.believed:
            last[capture.vendor, capture.document] = capture, expected
    assert len(kept) > 120 and len(last) == 16
    for capture, expected in last.values():
        for kind, name, when, verdict_of_bad in injected(capture, expected):
            assert verdict_of_bad is None or not verdict_of_bad.believed, (kind, name, when, capture.document)
