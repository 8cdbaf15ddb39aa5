"""The demo's world runs: archive, sites, mail and webhook, each through its real protocol."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from deploy.demo.world import TODAY, TOMORROW, DemoWorld

CHATMOOR = "http://chatmoor.example/privacy-policy/"
HELPHAVEN = "http://www.helphaven.example/PrivacyPolicy.aspx"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def world(folder: Path) -> Iterator[DemoWorld]:
    with DemoWorld(folder) as world:
        yield world


def live(world: DemoWorld, url: str) -> httpx.Response:
    """As a client with `connect_to` does: the URL's host in the header, the connection elsewhere."""
    parsed = httpx.URL(url)
    return httpx.get(f"http://{world.connect_to[parsed.host]}{parsed.path}", headers={"Host": parsed.host})


def test_all_documents_are_live_and_archived(world: DemoWorld) -> None:
    for vendor in world.vendors:
        for document in vendor.documents:
            page = live(world, document.url)
            assert page.status_code == 200, document.url
            rows = httpx.get(f"{world.archive_url}/cdx/search/cdx?url={document.url}&output=json").json()[1:]
            assert len(rows) >= 5
            assert all(row[1] < "20260816" for row in rows)
            memento = httpx.get(f"{world.archive_url}/web/{rows[0][1]}id_/{document.url}")
            assert memento.headers["memento-datetime"]


def test_live_pages_are_newer_than_the_archive_and_new_each_time(world: DemoWorld) -> None:
    one, two = live(world, HELPHAVEN), live(world, HELPHAVEN)
    assert "Effective as of October 15, 2026" in one.text
    assert one.content != two.content
    assert "etag" not in one.headers
    static = live(world, "http://talkbuoy.example/privacy.html")
    assert static.headers["etag"]
    assert live(world, "http://chatmoor.example/robots.txt").text.startswith("User-agent")
    newest = httpx.get(f"{world.archive_url}/web/2026id_/{HELPHAVEN}", follow_redirects=True)
    assert "Effective as of March 31, 2023" in newest.text


def test_the_date_moves_and_is_remembered(world: DemoWorld, folder: Path) -> None:
    assert world.today == TODAY
    assert "12 months" in live(world, CHATMOOR).text
    assert world.tomorrow() == TOMORROW
    assert "36 months" in live(world, CHATMOOR).text
    assert DemoWorld(folder).today == TOMORROW
    world.move_to(TODAY)
    assert "12 months" in live(world, CHATMOOR).text
    assert DemoWorld(folder, today=date(2020, 1, 1)).today == date(2020, 1, 1)
    (folder / "date.txt").write_text("soon")
    assert DemoWorld(folder).today == TODAY


def test_mail_is_kept_as_it_came(world: DemoWorld, folder: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Änderung bei HelpHaven"
    message["From"] = "clausewatch@demo.example"
    message["To"] = "legal@demo.example"
    message.set_content("Notice period: 15 days \u2192 none\n")
    message.add_alternative("<p>Notice period</p>", subtype="html")
    for _ in range(2):
        with smtplib.SMTP(world.smtp_host, world.smtp_port, timeout=10) as client:
            client.send_message(message, "clausewatch@demo.example", ["legal@demo.example", "dpo@demo.example"])
    stored = world.mail.messages()
    assert [mail.path.name for mail in stored] == ["0001.eml", "0002.eml"]
    assert stored[0].subject == "Änderung bei HelpHaven"
    assert stored[0].text == "Notice period: 15 days \u2192 none\n"
    assert stored[0].sender == "clausewatch@demo.example"
    assert stored[0].recipients == ("legal@demo.example", "dpo@demo.example")
    assert len(DemoWorld(folder).mail.messages()) == 2


def test_the_webhook_answers_as_slack_does(world: DemoWorld) -> None:
    payload = {"text": "HelpHaven: Privacy Policy", "blocks": [{"type": "section", "text": {"text": "Sharing"}}]}
    answer = httpx.post(world.slack_url, json=payload)
    assert (answer.status_code, answer.text) == (200, "ok")
    form = httpx.post(world.slack_url, data={"payload": '{"attachments": [{"title": "T", "text": "X"}]}'})
    assert form.text == "ok"
    assert httpx.post(world.slack_url, content=b"{").text == "invalid_payload"
    assert (httpx.post(world.slack_url, json={}).status_code, httpx.post(world.slack_url, json={}).text) == (
        400,
        "no_text",
    )
    assert httpx.get(world.slack_url).status_code == 405
    assert httpx.post(world.webhook_url, json={"event": "changed"}).json() == {"ok": True}
    assert httpx.post(world.webhook_url, content=b"no").status_code == 400
    kept = world.hooks.messages()
    assert [hook.text for hook in kept] == ["HelpHaven: Privacy Policy\nSharing", "T\nX", '{"event": "changed"}']
    assert kept[0].payload == payload
    assert kept[2].target == "/hook/clausewatch"
