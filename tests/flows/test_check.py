"""What a check makes of a page: every outcome, from the request to the message that arrives."""
# ruff: noqa: E501 (tables of cases: a case is a line)

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from alerts.message import load_message
from storage.records import ChangeKind, CheckOutcome, HoldState
from storage.store import Store
from tests.flows.conftest import MakeWorld
from tests.flows.worlds import DOCUMENT, URL, World, dated, page, policy, policy_page
from tests.replica import Page

pytestmark = pytest.mark.anyio

KEY = "acme/privacy-policy"
OLD, NEW = policy_page(), policy_page(sharing="We may share your personal information with our advertising partners.")
THIRD = policy_page(notice="15 days")
HTML = (("Content-Type", "text/html; charset=utf-8"),)
LOGIN = b"""<!DOCTYPE html><html lang=en><head><title>Sign in to Acme</title></head><body><main><h1>Sign in</h1>
<form action=/login method=post><label>E-mail <input name=email></label><label>Password <input type=password></label>
<button>Sign in</button></form><p><a href=/forgot>Forgot your password?</a></p></main></body></html>"""


def tell(world: World, day: str) -> None:
    """The live site is at this day from now on."""
    world.replica.date = f"{day}235959"


def counts(store: Store) -> tuple[int, int]:
    """Captures and versions of the only document."""
    document = store.document(KEY)
    return len(store.captures(document.id)), document.versions


# --- the way of a change --------------------------------------------------------------------------------------------


async def test_first_then_unchanged_then_changed_and_told_once(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD, "20240201": NEW}, sinks=True, confirm_after=0.05)
    first = await world.look()
    assert (first.outcome, first.versions) == (CheckOutcome.FIRST, 1)
    assert (await world.look()).outcome is CheckOutcome.UNCHANGED
    assert [entry.status for entry in world.replica.log.of("live", "/privacy")] == [200, 304]

    tell(world, "20240201")
    changed = await world.look()
    assert (changed.outcome, changed.versions) == (CheckOutcome.CHANGED, 2)
    assert changed.severity == "high"
    assert "advertising" not in changed.detail or changed.detail.isprintable()
    for _ in range(2):
        assert (await world.look()).outcome is CheckOutcome.UNCHANGED

    (hook,) = world.hooks.messages()
    assert "advertising partners" in hook.text and "Acme" in hook.text
    assert not world.mails.messages()
    with world.store() as store:
        assert counts(store) == (3, 2)
        (change,) = store.changes()
        assert change.live and change.announced is not None and change.kind is ChangeKind.CHANGE
        (alert,) = store.alerts()
        assert (alert.route, alert.state, alert.change_id) == ("legal", "sent", change.id)
        assert len(store.deliveries([alert.id])[alert.id]) == 1
        outcomes = [check.outcome for check in reversed(store.checks())]
        assert outcomes == ["first", "unchanged", "pending", "changed", "unchanged", "unchanged"]


async def test_a_new_wording_waits_for_the_next_run_when_this_one_does_not_stay(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD, "20240201": NEW}, sinks=True)
    await world.look()
    tell(world, "20240201")
    assert (await world.look(wait=False)).outcome is CheckOutcome.PENDING
    assert not world.hooks.messages()
    with world.store() as store:
        pending = store.document(KEY)
        assert pending.pending_capture_id is not None and pending.versions == 1
        assert pending.last_verified is not None and pending.last_checked is not None
        assert pending.last_verified < pending.last_checked  # the old wording was not seen again
    assert list(await world.check(due=True)) == [KEY]  # pending documents are due at once
    assert len(world.hooks.messages()) == 1


async def test_a_longer_confirm_after_than_a_run_stays_for_is_left_to_the_next_run(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD, "20240201": NEW}, confirm_after=timedelta(hours=1).total_seconds())
    await world.look()
    tell(world, "20240201")
    assert (await world.look()).outcome is CheckOutcome.PENDING


async def test_without_confirmation_a_new_wording_is_told_at_first_sight(acme: MakeWorld) -> None:
    world = acme(
        {"20240101": OLD, "20240201": NEW}, sinks=True, documents={"acme": [DOCUMENT + "\ncheck = { confirm = false }"]}
    )
    await world.look()
    tell(world, "20240201")
    assert (await world.look()).outcome is CheckOutcome.CHANGED
    assert len(world.hooks.messages()) == 1
    assert [entry.status for entry in world.replica.log.of("live", "/privacy")] == [200, 200]


async def test_a_wording_that_is_gone_at_the_second_look_is_told_to_nobody(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD, "20240201": NEW}, sinks=True)
    await world.look()
    tell(world, "20240201")
    await world.look(wait=False)
    tell(world, "20240101")
    result = await world.look()
    assert (result.outcome, result.versions) == (CheckOutcome.UNCONFIRMED, 1)
    assert (await world.look()).outcome is CheckOutcome.UNCHANGED
    assert not world.hooks.messages()
    with world.store() as store:
        assert store.document(KEY).pending_capture_id is None
        assert counts(store) == (3, 1)  # what was seen once is kept all the same


async def test_a_return_to_an_earlier_wording_is_said_to_be_one(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD, "20240201": NEW}, sinks=True)
    for day, outcome in (("20240101", "first"), ("20240201", "changed"), ("20240101", "returned")):
        tell(world, day)
        assert (await world.look()).outcome == outcome
    with world.store() as store:
        assert [change.kind for change in reversed(store.changes())] == [ChangeKind.CHANGE, ChangeKind.RETURN]
        assert store.document(KEY).versions == 3
    assert len(world.hooks.messages()) == 2


async def test_a_token_in_every_answer_is_no_change(acme: MakeWorld) -> None:
    world = acme({"20240101": policy_page(furniture="<input type=hidden value=TOKEN>")}, sinks=True)
    world.replica.rewrite = lambda url, body, number: body.replace(b"TOKEN", b"%032x" % number)
    outcomes = [(await world.look()).outcome for _ in range(3)]
    assert outcomes == ["first", "unchanged", "unchanged"]
    with world.store() as store:
        assert counts(store) == (3, 1)
        version = store.versions(store.document(KEY).id)[0]
        assert version.sightings == 3 and version.last_seen > version.first_seen


async def test_the_same_bytes_without_validators_are_not_stored_again(acme: MakeWorld) -> None:
    world = acme({"20240101": policy_page(furniture="TOKEN")})
    world.replica.rewrite = lambda url, body, number: body.replace(b"TOKEN", b"")
    assert [(await world.look()).outcome for _ in range(2)] == ["first", "unchanged"]
    with world.store() as store:
        assert counts(store) == (1, 1)


async def test_a_dry_run_writes_nothing(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD, "20240201": NEW}, sinks=True)
    dry = await world.check(dry=True)
    assert not dry  # nothing is registered yet, and a dry run does not register
    await world.look()
    with world.store() as store:
        before = (counts(store), store.document(KEY), len(store.checks()))
    tell(world, "20240201")
    result = await world.look(dry=True)
    assert result.outcome is CheckOutcome.PENDING and "wording" in result.detail
    with world.store() as store:
        assert (counts(store), store.document(KEY), len(store.checks())) == before
    assert not world.hooks.messages()


# --- what is not the document ---------------------------------------------------------------------------------------


async def test_a_login_wall_is_held_and_release_makes_it_a_version(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD, "20240201": LOGIN}, sinks=True)
    await world.look()
    tell(world, "20240201")
    held = await world.look()
    assert (held.outcome, held.versions) == (CheckOutcome.HELD, 1)
    assert "sign" in held.detail.lower() or "log" in held.detail.lower()
    with world.store() as store:
        (hold,) = store.holds()
        document = store.document(KEY)
        assert (document.failures, document.error_kind, document.versions) == (1, "gate.held", 1)
    assert str(hold.capture_id) in (await world.acli("list", "--outcome", "held")).stdout
    released = await world.acli("release", str(hold.capture_id))
    assert released.returncode == 0, released.stderr
    assert (await world.acli("release", "9999")).returncode == 2
    with world.store() as store:
        assert not store.holds()
        assert store.holds(state=HoldState.RELEASED)
    again = await world.look()
    assert (again.outcome, again.versions) == (CheckOutcome.CHANGED, 2)
    assert (await world.look()).outcome is CheckOutcome.UNCHANGED
    with world.store() as store:
        assert store.document(KEY).failures == 0


async def test_a_login_wall_that_a_person_rejects_stays_out_of_the_history(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD, "20240201": LOGIN})
    await world.look()
    tell(world, "20240201")
    await world.look()
    with world.store() as store:
        (hold,) = store.holds()
    assert (await world.acli("release", str(hold.capture_id), "--reject")).returncode == 0
    assert (await world.look()).outcome is CheckOutcome.HELD
    tell(world, "20240101")
    recovered = await world.look()
    assert (recovered.outcome, recovered.versions) == (CheckOutcome.UNCHANGED, 1)


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


@pytest.mark.parametrize(
    ("capture", "outcome", "kind"),
    [
        (Page("", "", b"<h1>Down for maintenance</h1>", 503), "failed", "fetch.server-failed"),
        (Page("", "", b"<h1>Gone</h1>", 404), "failed", "fetch.page-gone"),
        (Page("", "", b"<h1>No</h1>", 403), "failed", "fetch.access-denied"),
        (Page("", "", PNG, headers=(("Content-Type", "image/png"),)), "failed", "fetch.body-unsupported"),
        (Page("", "", PNG, headers=HTML), "failed", "fetch.body-unsupported"),
        (Page("", "", b"", headers=HTML), "failed", "fetch.body-empty"),
        (Page("", "", b"<html><body><script>render()</script></body></html>"), "failed", "extract.text-missing"),
        (Page("", "", b"%PDF-1.4 and no more", headers=(("Content-Type", "application/pdf"),)), "failed", "extract.pdf-unreadable"),
        (Page("", "", b"<p>" + b"privacy policy " * 700_000), "failed", "fetch.body-too-large"),
    ],
    ids=["503", "404", "403", "image", "image called HTML", "empty", "shell", "broken PDF", "10 MB"],
)  # fmt: skip
async def test_what_is_no_document_fails_by_name_and_keeps_the_version(
    acme: MakeWorld, capture: Page, outcome: str, kind: str
) -> None:
    world = acme({"20240101": OLD, "20240201": capture})
    await world.look()
    tell(world, "20240201")
    result = await world.look()
    assert (result.outcome, result.error_kind, result.versions) == (outcome, kind, 1)
    assert result.detail and "\n" not in result.detail and len(result.detail) < 500
    with world.store() as store:
        check = store.checks(limit=1)[0]
        assert (check.outcome, check.error_kind, check.detail) == (outcome, kind, result.detail)
        document = store.document(KEY)
        assert (document.failures, document.error_kind) == (1, kind)
        assert document.last_verified is not None and document.last_checked is not None
        assert document.last_verified < document.last_checked
    tell(world, "20240101")
    assert (await world.look()).outcome is CheckOutcome.UNCHANGED


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://acme.invalid/privacy", "fetch.name-not-resolved"),
        ("http://closed.example/privacy", "fetch.connection-refused"),
        ("http://169.254.169.254/latest", "fetch.address-forbidden"),
    ],
)
async def test_a_host_that_does_not_answer_fails_by_name(acme: MakeWorld, url: str, kind: str) -> None:
    world = acme({"20240101": OLD}, documents={"acme": [f'type = "Privacy Policy"\nurl = "{url}"']})
    world.edit("connect_to = { ", 'connect_to = { "closed.example" = "127.0.0.1:1", ')
    result = await world.look()
    assert (result.outcome, result.error_kind) == (CheckOutcome.FAILED, kind)
    with world.store() as store:
        assert store.checks()[0].error_kind == kind


async def test_robots_txt_forbids_unless_the_document_says_otherwise(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD})
    world.replica.robots["acme.example"] = "User-agent: *\nDisallow: /privacy\n"
    result = await world.look()
    assert (result.outcome, result.error_kind) == (CheckOutcome.FAILED, "fetch.robots")
    assert not world.replica.log.of("live", "/privacy")
    world.edit(DOCUMENT, DOCUMENT + "\nfetch = { robots = false }")
    assert (await world.look()).outcome is CheckOutcome.FIRST


@pytest.mark.parametrize("charset", ["martian", "utf-16", ""])
async def test_a_charset_that_nobody_knows_is_found_out(acme: MakeWorld, charset: str) -> None:
    body = policy_page(contact="büro@acme.example").replace(b"utf-8", b"")
    body = body.decode().encode("utf-16") if charset == "utf-16" else body
    kind = f"text/html; charset={'martian' if charset == 'martian' else ''}".removesuffix("; charset=")
    world = acme({"20240101": Page("", "", body, headers=(("Content-Type", kind),))})
    assert (await world.look()).outcome is CheckOutcome.FIRST
    shown = await world.acli("show", KEY)
    assert shown.returncode == 0 and "büro@acme.example" in shown.stdout


# --- hostile text ---------------------------------------------------------------------------------------------------

HOSTILE = "\x1b[31m\x1b]0;pwned\x07 \u202egnp.exe\u202c [bold red]x[/] <script>alert(1)</script> | `code` \r\nBcc: a@b.example"


def links_of(value: object) -> str:
    """All addresses that a Slack message leads to."""
    if isinstance(value, dict):
        return " ".join([str(value.get("url", "")), *map(links_of, value.values())])
    return " ".join(map(links_of, value)) if isinstance(value, list) else ""


async def test_hostile_text_of_a_page_comes_out_harmless_everywhere(acme: MakeWorld) -> None:
    escaped = HOSTILE.replace("<", "&lt;").replace("\x1b", "&#27;").replace("\x07", "&#7;")
    hostile = page(
        f"Privacy Policy {escaped}", *policy(sharing=f"We may sell your data to {escaped} [link](javascript:x).")
    )
    world = acme(
        {
            "20240101": OLD,
            "20240201": hostile,
            "20240301": LOGIN.replace(b"Sign in to Acme", f"Sign in {escaped}".encode()),
        },
        sinks=True,
    )
    await world.look()
    tell(world, "20240201")
    changed = await world.look()
    assert changed.outcome is CheckOutcome.CHANGED
    tell(world, "20240301")
    await world.look()
    outputs = [
        await world.acli(*command)
        for command in (
            ("check",), ("status",), ("history", KEY), ("diff", KEY), ("show", KEY), ("show", KEY, "--format", "markdown"),
            ("list",), ("list", "--outcome", "held"), ("alerts", "list"),
        )
    ]  # fmt: skip
    for done in outputs:
        assert done.returncode in (0, 1), done.stderr
        for text in (done.stdout, done.stderr):
            assert not {"\x1b", "\x07", "\u202e", "\u202c", "\r"} & set(text), done.args
            assert "Traceback" not in text
    assert any("[bold red]x[/]" in done.stdout for done in outputs)  # said as it stands, not taken as markup
    (hook,) = world.hooks.messages()
    raw = hook.path.read_text("utf-8")
    assert "\\u001b" not in raw and "\u202e" not in raw and "javascript:x" not in links_of(hook.payload)
    with world.store() as store:
        message = load_message(store.alerts()[0].message)
    assert "\n" not in message.subject and "\r" not in message.subject


# --- failing and recovering -----------------------------------------------------------------------------------------


async def test_operators_hear_of_a_failing_document_once_of_another_kind_and_of_the_recovery(acme: MakeWorld) -> None:
    down, gone = Page("", "", b"<h1>Down</h1>", 503), Page("", "", b"<h1>Gone</h1>", 404)
    world = acme({"20240101": OLD, "20240201": down, "20240301": gone}, sinks=True)
    await world.look()
    told = []
    for day in ["20240201"] * 5 + ["20240301"] * 2 + ["20240101"] * 2:
        tell(world, day)
        await world.look()
        told.append(len(world.mails.messages()))
    assert told == [0, 0, 1, 1, 1, 2, 2, 3, 3]
    subjects = [mail.subject for mail in world.mails.messages()]
    assert "cannot be watched" in subjects[0] and "cannot be watched" in subjects[1] and "watched again" in subjects[2]
    assert "503" in world.mails.messages()[0].text and "404" in world.mails.messages()[1].text
    assert not world.hooks.messages()


async def test_two_failures_and_a_recovery_are_told_to_nobody(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD, "20240201": Page("", "", b"", 503)}, sinks=True)
    for day in ("20240101", "20240201", "20240201", "20240101"):
        tell(world, day)
        await world.look()
    assert not world.mails.messages()


async def test_the_short_cut_for_unchanged_bytes_never_clears_an_error(acme: MakeWorld) -> None:
    """The page is rebuilt, so that the selector matches nothing: however often the same bytes come, it stays an error."""
    selected = 'type = "Privacy Policy"\nurl = "http://acme.example/privacy"\nselect = "main"'
    rebuilt = OLD.replace(b"<main>", b"<div>").replace(b"</main>", b"</div>")
    world = acme({"20240101": OLD, "20240201": rebuilt}, documents={"acme": [selected]}, sinks=True)
    assert (await world.look()).outcome is CheckOutcome.FIRST
    tell(world, "20240201")
    for number in range(1, 5):
        result = await world.look()
        assert (result.outcome, result.error_kind) == (CheckOutcome.HELD, "extract.selector-missed")
        with world.store() as store:
            assert store.document(KEY).failures == number
            assert store.document(KEY).versions == 1
    assert [mail.subject for mail in world.mails.messages()] and len(world.mails.messages()) == 1
    assert "select" in world.mails.messages()[0].text
    assert (await world.acli("status")).returncode == 1


# --- configuration that changes -------------------------------------------------------------------------------------


async def test_a_new_selector_reads_the_stored_captures_again_and_alerts_nobody(acme: MakeWorld) -> None:
    extra = (
        "<aside><h2>News</h2><p>Acme has a new office in Lisbon, where ten people answer your questions.</p></aside>"
    )
    both = [
        body.replace(b"<main>", b"<main><section>").replace(b"</main>", b"</section>" + extra.encode() + b"</main>")
        for body in (OLD, NEW)
    ]
    selected = DOCUMENT + '\nselect = "main"'
    world = acme({"20240101": both[0], "20240201": both[1]}, documents={"acme": [selected]}, sinks=True)
    await world.look()
    tell(world, "20240201")
    await world.look()
    assert len(world.hooks.messages()) == 1
    world.edit('select = "main"', 'select = "section"')
    requests = len(world.replica.log.entries)
    result = await world.look()
    assert (result.outcome, result.versions) == (CheckOutcome.UNCHANGED, 2)
    assert len(world.replica.log.entries) - requests <= 2  # the page (and robots.txt), not its past
    with world.store() as store:
        assert "technical" in [check.outcome for check in store.checks()]
        document = store.document(KEY)
        for version in store.versions(document.id):
            assert "Lisbon" not in store.load_extraction(version.extractions[0]).text
        (change,) = store.changes(document.id)
        assert change.kind in (ChangeKind.CHANGE, ChangeKind.TECHNICAL)
    assert len(world.hooks.messages()) == 1
    assert (await world.look()).outcome is CheckOutcome.UNCHANGED


async def test_a_selector_that_never_matched_is_an_error_from_the_first_check_on(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD}, documents={"acme": [DOCUMENT + '\nselect = "#policy"']})
    for _ in range(2):
        result = await world.look()
        assert (result.outcome, result.error_kind) == (CheckOutcome.HELD, "extract.selector-missed")


async def test_a_selector_changed_to_one_that_matches_nothing_is_an_error(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD}, documents={"acme": [DOCUMENT + '\nselect = "main"']})
    await world.look()
    world.edit('select = "main"', 'select = "#policy"')
    for _ in range(2):
        result = await world.look()
        assert (result.outcome, result.error_kind) == (CheckOutcome.HELD, "extract.selector-missed")


async def test_a_document_that_left_the_config_keeps_its_history(acme: MakeWorld) -> None:
    other = f'type = "Terms of Service"\nurl = "{URL}"'
    world = acme({"20240101": OLD}, documents={"acme": [DOCUMENT, other]})
    assert set(await world.check()) == {KEY, "acme/terms-of-service"}
    world.edit(f"[[vendors.acme.documents]]\n{DOCUMENT}", "")
    assert set(await world.check()) == {"acme/terms-of-service"}
    assert (await world.acli("history", KEY, "--json")).returncode == 0
    with world.store() as store:
        gone = store.document(KEY)
        assert (gone.active, gone.versions) == (False, 1)
        assert store.load_extraction(store.versions(gone.id)[0].extractions[0]).text


# --- several at once ------------------------------------------------------------------------------------------------


async def test_documents_on_one_page_share_its_fetch(acme: MakeWorld) -> None:
    body = page("Legal", "Acme's legal notices.").replace(
        b"</main>",
        b"".join(
            f"<section id={name}><h2>{title}</h2>{''.join(f'<p>{one}</p>' for one in policy(notice=days))}</section>".encode()
            for name, title, days in (
                ("privacy", "Privacy Policy", "10 days"),
                ("terms", "Terms of Service", "20 days"),
            )
        )
        + b"</main>",
    )
    documents = [
        f'type = "{kind}"\nurl = "{URL}"\nselect = "#{name}"'
        for name, kind in (("privacy", "Privacy Policy"), ("terms", "Terms of Service"))
    ]
    world = acme({"20240101": body}, documents={"acme": documents})
    for number in (1, 2):
        results = await world.check()
        assert {result.outcome for result in results.values()} == {"first" if number == 1 else "unchanged"}
        assert len(world.replica.log.of("live", "/privacy")) == number
    with world.store() as store:
        texts = [
            store.load_extraction(store.versions(document.id)[0].extractions[0]).text for document in store.documents()
        ]
    assert ["10 days" in text for text in texts] == [True, False]
    assert ["20 days" in text for text in texts] == [False, True]


async def test_a_document_of_several_pages_changes_when_one_of_them_does(acme: MakeWorld) -> None:
    annex = "http://acme.example/annex"
    listed = [
        page("Privacy Policy: subprocessors", *policy(), f"We use these subprocessors: Hosting Ltd{more}.")
        for more in ("", " and Mail Ltd")
    ]
    world = acme(
        {"20240101": OLD}, sinks=True,
        documents={"acme": [f'type = "Privacy Policy"\nsources = [{{ url = "{URL}" }}, {{ url = "{annex}" }}]']},
    )  # fmt: skip
    world.publish([*dated({"20240101": OLD}), *dated({"20240101": listed[0], "20240201": listed[1]}, annex)])
    assert [(await world.look()).outcome for _ in range(2)] == ["first", "unchanged"]
    tell(world, "20240201")
    changed = await world.look()
    assert (changed.outcome, changed.versions) == (CheckOutcome.CHANGED, 2)
    assert [(await world.look()).outcome for _ in range(2)] == ["unchanged", "unchanged"]
    (hook,) = world.hooks.messages()
    assert "Mail Ltd" in hook.text


async def test_a_document_that_another_run_holds_is_skipped(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD})
    await world.look()
    with world.store() as store:
        document = store.document(KEY)
        assert store.lock_documents([document.id], "another run", ttl=60)
        result = await world.look()
        assert result.outcome is CheckOutcome.SKIPPED
        store.unlock([document.id], "another run")
    assert (await world.look()).outcome is CheckOutcome.UNCHANGED


async def test_one_route_that_is_down_never_stops_another_and_gets_its_message_later(acme: MakeWorld) -> None:
    world = acme(
        {"20240101": OLD, "20240201": NEW},
        sinks=True,
        more='\n[[routes]]\nname = "down"\nto = ["json://127.0.0.1:1/hook"]\n',
    )
    await world.look()
    tell(world, "20240201")
    await world.look()
    assert len(world.hooks.messages()) == 1
    with world.store() as store:
        states = {alert.route: alert.state.value for alert in store.alerts()}
    assert states == {"legal": "sent", "down": "owed"}
    hook = world.config.read_text("utf-8").split('"slackhook://')[1].split("/")[0]
    world.edit("json://127.0.0.1:1/hook", f"json://{hook}/hook/late")
    await world.acli("alerts", "send")
    assert [message.target for message in world.hooks.messages()] == ["/services/T/B/X", "/hook/late"]


async def test_the_operator_hears_at_once_of_a_new_document_that_looks_wrong(acme: MakeWorld) -> None:
    world = acme({"20240101": LOGIN}, sinks=True)
    assert (await world.look()).outcome is CheckOutcome.HELD
    (told,) = world.mails.messages()
    assert "cannot be watched" in told.subject
    await world.look()
    assert len(world.mails.messages()) == 1


FRAMESET = b"""<html><head><title>Acme</title></head><frameset cols="20%,80%"><frame src="/menu.html">
<frame src="/policy.html"><noframes>Your browser shows no frames.</noframes></frameset></html>"""


async def test_the_policy_in_a_frame_is_followed_live_and_in_the_archive(acme: MakeWorld) -> None:
    day = "20030101120000"
    world = acme({"20030101": FRAMESET})
    world.publish(
        [
            Page(URL, day, FRAMESET),
            Page("http://acme.example/menu.html", day, b"<a href=/>Home</a> <a href=/chat>Chat</a>"),
            Page("http://acme.example/policy.html", day, policy_page()),
        ]
    )
    assert (await world.backfill())["acme/privacy-policy"].outcome is CheckOutcome.FIRST
    assert (await world.look()).outcome is CheckOutcome.UNCHANGED
    with world.store() as store:
        (version,) = store.versions(store.document("acme/privacy-policy").id)
        assert "Privacy Policy" in store.load_extraction(version.extractions[0]).text
        capture = store.capture(version.first_capture_id)
    assert capture.payload == hashlib.sha256(policy_page()).hexdigest()
    assert any("/policy.html" in note for note in capture.notes)
