"""The pages in a real browser, opened from the folder and from the preview server.

Needs Debian's `chromium` (or CLAUSEWATCH_CHROMIUM); skipped where there is none.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from reports import ReportOptions, change_url, document_url, write_reports
from reports.server import pages_app
from storage.records import ChangeRecord
from storage.store import Store
from tests.flows.worlds import World, corpus_world
from tests.reports.world import NOW

CHROMIUM = os.environ.get("CLAUSEWATCH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium: apt-get install chromium, or CLAUSEWATCH_CHROMIUM=path"
)

_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = Path(__file__).parent / "assets" / "axe.min.js"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


def _missed(request: Request) -> bool:
    """Not where the test itself went on to another page before all had come."""
    return request.failure != "net::ERR_ABORTED"


@contextmanager
def opened(browser: Browser, **options: object) -> Iterator[Page]:
    """A page that fails the test if anything is said on its console, or anything is asked of another place."""
    context: BrowserContext = browser.new_context(**options)  # type: ignore[arg-type]
    page = context.new_page()
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        said.append(f"{message.type}: {message.text}")

    page.on("console", listen)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(f"failed: {request.url}") if _missed(request) else None)
    page.on(
        "request",
        lambda request: None if request.url.startswith(("file://", "http://127.0.0.1:")) else said.append(request.url),
    )
    yield page
    context.close()
    assert said == []


def titles(page: Page) -> list[str]:
    return page.locator("table[data-table] tbody tr:not([hidden]) th a").all_text_contents()


def test_every_page_opens_without_a_word_on_the_console(browser: Browser, pages: Path) -> None:
    with opened(browser) as page:
        for path in sorted(pages.rglob("*.html")):
            page.goto(path.as_uri())
            assert page.locator("h1").count() == 1, path
            assert page.evaluate("window.pwned") is None, path


def test_overview_sorts_and_filters(browser: Browser, pages: Path) -> None:
    with opened(browser) as page:
        page.goto((pages / "index.html").as_uri())
        assert len(titles(page)) == 4
        page.get_by_role("button", name="Versions").click()
        assert page.locator("th[aria-sort='ascending']").text_content() == "Versions"
        counts = [int(text) for text in page.locator("td .number").all_text_contents()]
        assert counts == sorted(counts)
        page.get_by_role("button", name="Versions").click()
        assert [int(text) for text in page.locator("td .number").all_text_contents()] == sorted(counts, reverse=True)
        page.get_by_label("Filter by vendor").fill("sprout privacy")
        assert titles(page) == ["Privacy Policy"]
        assert page.locator("[data-count]").text_content() == "1 of 4 rows"
        page.get_by_label("Filter by vendor").fill("")
        page.get_by_label("State").select_option("failing")
        assert "Privacy Notice" in titles(page)
        assert "Privacy Policy" not in titles(page)


def test_search_finds_a_clause_and_leads_to_its_place(browser: Browser, pages: Path) -> None:
    with opened(browser) as page:
        page.goto((pages / "search.html").as_uri())
        page.get_by_label("Words").fill("zeppelin")
        expect(page.locator("#found")).to_have_text("0 sections")
        page.get_by_label("Words").fill("pilots watering")  # in different documents
        expect(page.locator("#found")).to_have_text("No section has all the words; 2 sections with some of them")
        page.get_by_label("Words").fill("sproutly acount mont")  # a vendor, a slip, and the beginning of a word
        expect(page.locator("#results li").first).to_contain_text("How long we keep it")
        first = page.locator("#results li a").first
        assert "How long we keep it" in (first.text_content() or "")
        first.click()
        page.wait_for_load_state()
        assert page.url.endswith(".html#" + page.url.rpartition("#")[2])
        assert page.locator(":target").text_content() == "How long we keep it"
        page.goto((pages / "search.html").as_uri() + "#tide%20tables")
        expect(page.locator("#results li")).to_have_count(1)


def test_deep_links_and_views_of_a_change(browser: Browser, pages: Path, world: Store) -> None:
    change = world.change(world.changes(world.document_keys()["sproutly/privacy"])[0].id)
    quiet = next(place for place, clause in enumerate(change.clauses, 1) if clause.kind == "cosmetic")
    with opened(browser) as page:
        page.goto((pages / change_url(change.id)).as_uri() + f"#c{quiet}")
        assert page.locator(f"#c{quiet}").is_visible()  # the fold that it is in was opened
        row = page.locator("table.diff tr.modified").first
        assert row.locator("td.old").is_visible()
        assert row.locator("td.both").is_hidden()
        page.get_by_label("in one column").check()
        assert row.locator("td.old").is_hidden()
        assert row.locator("td.both del").first.is_visible()


def test_without_javascript_everything_is_there(browser: Browser, pages: Path) -> None:
    with opened(browser, java_script_enabled=False) as page:
        page.goto((pages / "index.html").as_uri())
        assert len(titles(page)) == 4
        assert page.get_by_label("Filter by vendor").is_hidden()
        page.get_by_role("link", name="Privacy Policy").click()
        assert page.locator("#b0").is_visible()
        page.locator(".timeline a[href*='changes/']").first.click()
        assert page.get_by_role("heading", name="Evidence").is_visible()
        page.goto((pages / "search.html").as_uri())
        assert page.get_by_text("Searching needs JavaScript").is_visible()


def test_axe_finds_nothing_light_or_dark_and_no_page_is_wider_than_the_screen(
    browser: Browser, pages: Path, world: Store
) -> None:
    change = world.changes(world.document_keys()["sproutly/privacy"])[0]
    paths = [
        "index.html",
        document_url("sproutly/privacy"),
        change_url(change.id),
        "clauses/retention.html",
        "runs.html",
        "search.html",
    ]
    hostile = next(key for key in world.document_keys() if key.startswith(".."))
    light_only = ["changes/index.html", "clauses/index.html", "calendar.html", document_url(hostile)]
    for scheme, width in (("light", 1280), ("dark", 390)):
        with opened(browser, color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True) as page:
            for path in paths + (light_only if scheme == "light" else []):
                page.goto((pages / path).as_uri())
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
                page.evaluate(AXE.read_text("utf-8"))
                found = page.evaluate("axe.run({preload: false})")["violations"]
                assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found] == [], (
                    path,
                    scheme,
                )


def test_served_pages_obey_the_headers(browser: Browser, pages: Path) -> None:
    server = uvicorn.Server(uvicorn.Config(pages_app(pages), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        port = server.servers[0].sockets[0].getsockname()[1]
        with opened(browser) as page:
            answer = page.goto(f"http://127.0.0.1:{port}/")
            assert answer is not None
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            page.get_by_role("link", name="Search").click()
            page.get_by_label("Words").fill("pilots")
            expect(page.locator("#results li")).to_have_count(1)
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.mark.shared
def test_pages_of_real_policies_open_and_tell_what_changed_in_2025(
    browser: Browser, shared: Path, tmp_path: Path
) -> None:
    """GitHub's privacy statement of the corpus, backfilled by the real command."""
    with corpus_world(shared, tmp_path, ["github"]) as world:
        done = world.run("backfill", "github/privacy-policy", timeout=200)
        assert done.returncode == 0, done.stderr
        with world.store() as store:
            out = tmp_path / "pages"
            write_reports(store, out, ReportOptions(now=NOW))
            document = store.document("github/privacy-policy")
            changes = store.changes(document.id, limit=None)
    assert document.versions == 9
    with opened(browser) as page:
        for path in ("index.html", document_url(document.key), *(change_url(change.id) for change in changes)):
            page.goto((out / path).as_uri())
            assert page.locator("h1").count() == 1, path
        (of_2025,) = (change for change in changes if change.to_time and change.to_time.year == 2025)
        page.goto((out / document_url(document.key)).as_uri())
        page.locator(f"a[href$='{change_url(of_2025.id)}']").first.click()
        text = page.locator("main").inner_text()
        # when, from which address, and the hash of the bytes: what changed and where the proof is
        assert "2025" in text and "docs.github.com" in text
        assert store_hash(world, of_2025) in text


def store_hash(world: World, change: ChangeRecord) -> str:
    with world.store() as store:
        return store.capture(store.version(change.to_version_id).first_capture_id).payload
