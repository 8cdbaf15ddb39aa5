"""A small world of our own writing for the pages: three vendors, one of them hostile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage.records import CheckOutcome, DocumentSpec, SourceSpec, VendorSpec
from storage.store import Store
from tests.reports.filling import Look, check, fill, policy

__all__ = ["FLOW_RUN", "HOSTILE", "NOW", "fill_world"]

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

FLOW_RUN = "0198c2a4-7b1e-7c7a-9d53-2f0e6d1c9a44"  # as Prefect names them

# Each would do something if it were ever taken for markup, script, a URL to follow, or a template.
HOSTILE = (
    "<script>window.pwned=1</script><img src=x onerror=window.pwned=2> \"'`<b>& {{7*7}} {%raw%} --> ]]> "
    "</title></textarea></svg><svg onload=window.pwned=3> javascript:window.pwned=4 \u202e\u0000\u2028"
)

_GARDEN = (
    "# Privacy Policy",
    "Effective date: 1 March 2015",
    "## What we collect",
    "We collect your name, e-mail address and the messages that you send through the garden planner.",
    "- seed orders",
    "- watering schedules",
    "## How long we keep it",
    "We keep your personal data for 30 days after you close your account, then we delete it.",
    "## Who else sees it",
    "We do not sell your personal data to anyone.",
    "Purpose | Recipient",
    "Payments | Coinwright Ltd",
    "## Changes of this policy",
    "We may change this policy and will give you 30 days' notice by e-mail before a change takes effect.",
)


def _garden(**replaced: str) -> tuple[str, ...]:
    return tuple(replaced.get(f"l{number}", line) for number, line in enumerate(_GARDEN))


def fill_world(store: Store) -> None:
    """Register the vendors and give their documents histories and checks."""
    store.register(
        (
            VendorSpec(
                "sproutly",
                "Sproutly",
                "https://sproutly.example/",
                ("garden", "crm"),
                (
                    DocumentSpec(
                        "privacy",
                        "Privacy Policy",
                        "Privacy Policy",
                        "en",
                        (SourceSpec("https://sproutly.example/privacy"),),
                    ),
                    DocumentSpec(
                        "terms",
                        "Terms of Service",
                        "Terms of Service",
                        "en",
                        (SourceSpec("https://sproutly.example/terms"),),
                    ),
                ),
            ),
            VendorSpec(
                "tidewell",
                "Tidewell",
                "",
                (),
                (
                    DocumentSpec(
                        "privacy", "Privacy Policy", "Privacy Notice", "en", (SourceSpec("https://tidewell.example/p"),)
                    ),
                ),
            ),
            VendorSpec(
                f"../{HOSTILE[:40]}",
                HOSTILE,
                "javascript:alert(1)",
                (HOSTILE,),
                (DocumentSpec("../../" + HOSTILE[:20], HOSTILE, HOSTILE, "", (SourceSpec("javascript:alert(2)"),)),),
            ),
        )
    )
    _sproutly(store)
    _tidewell(store)
    _hostile(store)


def _sproutly(store: Store) -> None:
    first = policy(*_GARDEN)
    second = policy(
        *_garden(
            l1="Effective date: 4 May 2019", l7="We keep your personal data for 24 months after you close your account."
        )
    )
    third = policy(
        *_garden(
            l1="Effective date: 1 January 2027",
            l7="We keep your personal data for 24 months after you close your account.",
            l9="We may sell your personal data to advertising partners.",
            l13="We may change this policy at any time without notice.",
            l3="We collect your name, e\u2011mail address and the messages that you send through the garden planner!",
        )
    )
    archive = "Internet Archive"
    fill(
        store,
        "sproutly/privacy",
        [
            Look(datetime(2015, 4, 1, 12, tzinfo=UTC), first, archive),
            Look(datetime(2017, 8, 1, 12, tzinfo=UTC), first, archive, "https://www.sproutly.example/privacy/"),
            Look(datetime(2019, 6, 1, 12, tzinfo=UTC), second, archive),
        ],
        now=NOW,
    )
    fill(store, "sproutly/privacy", [Look(NOW - timedelta(days=1), third)], live=True)
    for days in (4, 3, 2):
        check(
            store,
            "sproutly/privacy",
            NOW - timedelta(days=days),
            CheckOutcome.UNCHANGED,
            run_id=f"run-{days}",
            status=200,
        )
    change = store.changes(store.document_keys()["sproutly/privacy"])[0]
    check(
        store,
        "sproutly/privacy",
        NOW - timedelta(days=1),
        CheckOutcome.CHANGED,
        run_id=FLOW_RUN,
        status=200,
        change_id=change.id,
        detail=change.summary,
    )


def _tidewell(store: Store) -> None:
    text = policy("# Privacy Notice", "We keep tide tables for 7 days.", "We share your harbour with pilots.")
    fill(store, "tidewell/privacy", [Look(NOW - timedelta(days=30), text)], live=True)
    check(store, "tidewell/privacy", NOW - timedelta(days=30), CheckOutcome.FIRST, run_id="run-30", status=200)
    for days in (3, 2, 1):
        check(
            store,
            "tidewell/privacy",
            NOW - timedelta(days=days),
            CheckOutcome.FAILED,
            run_id=f"run-{days}",
            error_kind="fetch.gone",
            detail="The page is gone (404).",
            status=404,
        )


def _hostile(store: Store) -> None:
    key = next(key for key in store.document_keys() if key.startswith("../"))
    old = policy("# " + HOSTILE, f"We keep {HOSTILE} for 30 days.", f"- {HOSTILE}", f"{HOSTILE[:60]} | {HOSTILE[60:]}")
    new = policy(
        "# " + HOSTILE, f"We keep {HOSTILE} for 3 years.", f"- {HOSTILE}", f"{HOSTILE[:60]} | {HOSTILE[60:]}", HOSTILE
    )
    looks = [
        Look(NOW - timedelta(days=9), old, HOSTILE, "javascript:alert(3)", HOSTILE),
        Look(NOW - timedelta(days=1), new, "", "data:text/html,x", HOSTILE),
    ]
    change_id = fill(store, key, looks, live=True)[0]
    capture = store.captures(store.document_keys()[key])[0]
    with store.transaction() as tx:
        tx.hold(capture.id, [{"name": HOSTILE, "sentence": HOSTILE}])
        tx.set_evidence(change_id, [{HOSTILE: "javascript:alert(5)", "saved": HOSTILE}])
    check(store, key, NOW, CheckOutcome.FAILED, run_id=HOSTILE, error_kind=HOSTILE, detail=HOSTILE, url=HOSTILE)
