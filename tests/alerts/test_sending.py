"""One attempt to one target, through real SMTP conversations, real requests and the real Apprise plugins."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram
from apprise.plugins.workflows import NotifyWorkflows
from pydantic import SecretStr

from alerts.message import Message
from alerts.outcome import Outcome, Result
from alerts.render_markdown import render_markdown
from alerts.sample import sample_message
from alerts.targets import TargetInvalid, open_url
from alerts.tls import context
from tests.alerts.hostile import NOW, STRINGS, hostile_message
from tests.alerts.sinks import HttpSink, MailSink, Smtp, certificate
from tests.alerts.test_hostile_text import LIVE, check_html, check_markdown, check_slack, check_text

pytestmark = pytest.mark.anyio

ALL = " ".join(STRINGS[:-3])  # one message that holds every hostile string


@pytest.fixture
def http() -> Iterator[HttpSink]:
    with HttpSink() as sink:
        yield sink


async def send(url: str, message: Message | None = None, *, timeout: float = 10) -> list[Outcome]:
    ends = open_url(SecretStr(url), list_name="legal team")
    return [await end.sender.send(message or sample_message(NOW), key=f"k:{end.id}", timeout=timeout) for end in ends]


def mail_url(port: int, to: str = "legal@corp.example", more: str = "") -> str:
    return f"mailto://127.0.0.1:{port}/{to}?from=watch@corp.example{more}"


# --- mail -------------------------------------------------------------------------------------------------------------


async def test_mail_arrives_as_text_and_html_with_the_headers_that_clients_use() -> None:
    with Smtp(MailSink()) as sink:
        outcomes = await send(mail_url(sink.port, more="&reply=privacy@corp.example&%2BX-Team=legal"))
        assert [o.result for o in outcomes] == [Result.SENT]
        [mail] = sink.mails
    assert mail["Subject"] == "Sample: Example Chat, Privacy Policy: Policy change clause changed (high)"
    assert mail["From"] == "clausewatch <watch@corp.example>" and mail["To"] == "legal@corp.example"
    assert mail["List-Id"] == "clausewatch legal-team <legal-team.clausewatch.corp.example>"
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Reply-To"] == "privacy@corp.example"
    assert mail["References"] == mail["In-Reply-To"] and mail["Message-ID"].endswith("@corp.example>")
    assert mail["X-Team"] == "legal" and mail.get_all("Message-ID") == [mail["Message-ID"]]
    assert mail.get_content_type() == "multipart/alternative" and not mail.defects
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None and html is not None
    assert "[-with thirty days' notice by e-mail-]" in text.get_content()
    assert "{+at any time without prior notice+}" in text.get_content()
    assert "Effective: 31 March 2026 (in 30 days)" in text.get_content()
    assert 'href="https://vendor.example/privacy"' in html.get_content() and "<style" not in html.get_content()


async def test_mails_about_one_document_share_a_thread_and_repeats_share_an_id() -> None:
    with Smtp(MailSink()) as sink:
        for _ in range(2):
            await send(mail_url(sink.port))
        await send(mail_url(sink.port), hostile_message("x"))
        first, again, other = sink.mails
    assert first["Message-ID"] == again["Message-ID"]
    assert first["References"] == again["References"] != other["References"]


async def test_each_recipient_gets_a_mail_of_their_own_and_one_refusal_is_only_theirs() -> None:
    with Smtp(MailSink()) as sink:
        outcomes = await send(mail_url(sink.port, "nobody@corp.example/b@corp.example", "&cc=c@corp.example"))
        assert sorted((o.result, "550" in o.detail) for o in outcomes) == [(Result.FAILED, True), (Result.SENT, False)]
        assert sink.recipients in (["b@corp.example"], ["b@corp.example", "c@corp.example"])


@pytest.mark.parametrize(
    ("mode", "result", "arrived", "said"),
    [
        ("refuse", Result.FAILED, 0, "550"),
        ("refuse-data", Result.FAILED, 0, "452"),
        ("drop", Result.UNKNOWN, 1, "closed the connection after the mail was handed over"),
        ("hang", Result.UNKNOWN, 1, "after the mail was handed over"),
    ],
)
async def test_it_is_known_whether_a_mail_can_have_arrived(mode: str, result: Result, arrived: int, said: str) -> None:
    with Smtp(MailSink(mode)) as sink:
        [outcome] = await send(mail_url(sink.port), timeout=0.6)
        assert (outcome.result, len(sink.received)) == (result, arrived)
        assert said in outcome.detail


async def test_nobody_listening_is_a_failure_that_says_so() -> None:
    with Smtp(MailSink()) as sink:
        pass
    [outcome] = await send(mail_url(sink.port))
    assert outcome == Outcome(Result.FAILED, "the connection was refused")


@pytest.mark.parametrize("starttls", [False, True])
async def test_certificates_are_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starttls: bool) -> None:
    tls, file = certificate(tmp_path)
    more = f"&mode={'starttls' if starttls else 'ssl'}"
    with Smtp(MailSink(), tls=tls, starttls=starttls) as sink:
        url = mail_url(sink.port, more=more).replace("mailto:", "mailtos:")
        [refused] = await send(url)
        assert refused.result is Result.FAILED and "certificate is not valid" in refused.detail and not sink.received
        [careless] = await send(url + "&verify=no")
        assert careless.result is Result.SENT
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        context.cache_clear()
        try:
            [trusted] = await send(url)
        finally:
            context.cache_clear()
        assert trusted.result is Result.SENT and len(sink.received) == 2


async def test_lines_that_begin_with_a_dot_arrive_whole() -> None:
    with Smtp(MailSink()) as sink:
        await send(mail_url(sink.port), hostile_message(".\r\n.\r\nQUIT\r\n" + "." * 300))
        [mail] = sink.mails
    html = mail.get_body(("html",))
    assert html is not None and "." * 300 in html.get_content()
    check_html(html.get_content())


# --- Slack ------------------------------------------------------------------------------------------------------------


async def test_slack_compatible_webhook_gets_blocks(http: HttpSink) -> None:
    [outcome] = await send(f"slackhook://127.0.0.1:{http.port}/services/T/B/X")
    assert outcome.result is Result.SENT
    [payload] = http.to("/services/T/B/X")
    assert payload["blocks"][0]["text"]["text"].startswith("Sample: Example Chat, Privacy Policy")
    styles = [e.get("style") for e in walk(payload) if e.get("type") == "text"]
    assert {"strike": True} in styles and {"bold": True} in styles
    links = [e["url"] for e in walk(payload) if e.get("type") == "link"]
    assert links == ["https://vendor.example/privacy"]
    assert len(payload["blocks"]) <= 50


async def test_apprise_slack_urls_post_our_blocks(http: HttpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://127.0.0.1:{http.port}/services")
    monkeypatch.setattr(NotifySlack, "api_url", f"http://127.0.0.1:{http.port}/api/{{}}")
    path = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7"
    outcomes = await send(f"slack://bot@{path}/#legal/+C024BE91L?format=markdown", hostile_message(ALL))
    outcomes += await send("slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#general", hostile_message(ALL))
    assert [o.result for o in outcomes] == [Result.SENT] * 3
    payloads = http.to(f"/services/{path}") + http.to("/api/chat.postMessage")
    assert [p["channel"] for p in payloads] == ["#legal", "C024BE91L", "#general"]
    assert http.requests[2][1]["Authorization"].startswith("Bearer xoxb-")
    for payload in payloads:
        check_slack(payload)


@pytest.mark.parametrize(
    ("path", "result", "wait"),
    [
        ("refuse", Result.FAILED, None),
        ("busy", Result.FAILED, 1200.0),
        ("drop", Result.UNKNOWN, None),
        ("hang", Result.UNKNOWN, None),
    ],
)
async def test_webhook_that_does_not_accept(http: HttpSink, path: str, result: Result, wait: float | None) -> None:
    started = time.monotonic()
    [outcome] = await send(f"slackhook://127.0.0.1:{http.port}/{path}", timeout=0.6)
    assert (outcome.result, outcome.retry_after) == (result, wait)
    assert time.monotonic() - started < 5


# --- other plugins ----------------------------------------------------------------------------------------------------


async def test_json_webhook_gets_the_message_as_data(http: HttpSink) -> None:
    [outcome] = await send(f"json://127.0.0.1:{http.port}/in")
    assert outcome.result is Result.SENT
    [payload] = http.to("/in")
    assert payload["alert"]["kind"] == "sample" and payload["type"] == "failure"
    assert payload["alert"]["clauses"][0]["after"]["marks"][1]["kind"] == "added"
    assert "{+at any time without prior notice+}" in payload["message"]


@pytest.mark.parametrize(
    ("path", "result"), [("refuse", Result.FAILED), ("drop", Result.UNKNOWN), ("hang", Result.UNKNOWN)]
)
async def test_plugin_that_fails_says_why(http: HttpSink, path: str, result: Result) -> None:
    [outcome] = await send(f"json://127.0.0.1:{http.port}/{path}?rto=0.5", timeout=5)
    assert outcome.result is result and outcome.detail


async def test_hostile_text_through_real_plugins(http: HttpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    base = f"http://127.0.0.1:{http.port}"
    monkeypatch.setattr(NotifyDiscord, "notify_url", f"{base}/discord")
    monkeypatch.setattr(NotifyTelegram, "notify_url", f"{base}/telegram/bot")
    token = "JHMHI8qBe7bk2ZwO5U711o3dV_js"
    urls = {
        f"discord://4174216298/{token}/?format=markdown": f"/discord/4174216298/{token}",
        "tgram://123456789:abcdefg_hijk/12315544/?format=markdown": "/telegram/bot123456789:abcdefg_hijk/sendMessage",
        f"mmost://127.0.0.1:{http.port}/3ccdd113474722377935511fc85d3dd4": "/hooks/3ccdd113474722377935511fc85d3dd4",
        f"gotify://127.0.0.1:{http.port}/abcdefghijklmno": "/message",
        f"json://127.0.0.1:{http.port}/hook": "/hook",
    }
    for url, path in urls.items():
        [outcome] = await send(url, hostile_message(ALL))
        assert outcome.result is Result.SENT, (url, outcome)
        assert len(http.to(path)) == 1, path
    [discord], [telegram], [mattermost], [gotify], [json] = (http.to(path) for path in urls.values())
    assert not set(discord) & {"allow_mentions", "allowed_mentions"} and "content" not in discord  # nobody is pinged
    check_markdown(discord["embeds"][0]["description"])
    check_markdown(mattermost["text"])
    check_markdown(gotify["message"])
    check_text(json["message"])
    assert telegram["parse_mode"] == "HTML" and len(telegram["text"]) <= 4_096
    assert not re.search(r"<(?!/?b>)", telegram["text"]) and not LIVE.search(
        re.sub(r"https://acme\S+", "", telegram["text"])
    )


@pytest.mark.parametrize("text", [*STRINGS, ALL], ids=range(len(STRINGS) + 1))
def test_hostile_text_in_a_teams_card(text: str) -> None:
    import apprise

    plugin = apprise.Apprise.instantiate("workflow://prod-01.westus.logic.azure.com:443/abcdef/signature")
    assert isinstance(plugin, NotifyWorkflows)
    made: Any = plugin
    payload = made.gen_payload(render_markdown(hostile_message(text), limit=plugin.body_maxlen), "")
    card = payload["attachments"][0]["content"]
    assert "entities" not in card["msteams"]
    check_markdown(card["body"][-1]["text"])


# --- URLs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["", "nonsense", "slackhook://", "slackhook://h:x/", "https://example.org/", "mailto://", "nosuch://a/b"]
)
def test_urls_that_lead_nowhere(url: str) -> None:
    with pytest.raises(TargetInvalid):
        open_url(SecretStr(url))


def test_nothing_of_a_url_is_shown_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    secrets = ["s3cretpass", "TIiajkdnlazkcOXrIdevi7", "JHMHI8qBe7bk2ZwO5U711o3dV", "hush-path"]
    urls = [
        "mailtos://watch:s3cretpass@corp.example?to=a@corp.example",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV",
        "json://127.0.0.1/hush-path",
        "slackhook://127.0.0.1/hush-path",
    ]
    shown = repr([open_url(SecretStr(url)) for url in urls])
    for url in ["mailto://watch:s3cretpass@", "slack://TIiajkdnlazkcOXrIdevi7"]:
        with pytest.raises(TargetInvalid) as error:
            open_url(SecretStr(url))
        shown += str(error.value)
    assert not [secret for secret in secrets if secret in shown + caplog.text]


async def test_a_request_to_a_webhook_is_not_logged(http: HttpSink, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    await send(f"slackhook://127.0.0.1:{http.port}/hush-path")
    await send(f"json://127.0.0.1:{http.port}/hush-path")
    assert len(http.requests) == 2 and "hush-path" not in caplog.text


def walk(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)
