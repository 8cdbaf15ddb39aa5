"""Text of a page never becomes markup, a link, a mention or a header, whichever way it goes out."""

from __future__ import annotations

import email
import email.policy
import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from alerts.escape import clean, defang, html_text, markdown_text, plain_text, safe_url
from alerts.mail import Envelope, build_mail, mail_bytes
from alerts.message import Message, dump_message, load_message
from alerts.render_html import render_html
from alerts.render_markdown import render_markdown
from alerts.render_slack import render_slack
from alerts.render_text import render_text
from tests.alerts.hostile import STRINGS, hostile_message

OURS = ("https://acme.example/", "https://archive.example/")
TAGS = {"html", "head", "meta", "title", "body", "div", "p", "h1", "h2", "span", "table", "tr", "td", "th"}
TAGS |= {"ul", "li", "strong", "a", "br"}
BIDI = re.compile(
    "[\u202a-\u202e\u2066-\u2069\u200e\u200f\u200b\ufeff\u00ad\x00-\x08\x0b-\x1f\x7f-\x9f\U000e0000-\U000e0fff]"
)
LIVE = re.compile(
    r"[a-z]://|www\.[a-z]|\w@\w|\w\.(?:example|com|exe)\b|@(?:everyone|here|channel|all)|mailto:[^\s\u2060]|\\\\evil",
    re.I,
)

hostile = pytest.mark.parametrize("text", STRINGS, ids=range(len(STRINGS)))
fuzz = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PIECES = st.one_of(
    st.sampled_from("<>&\"'`*_~[](){}|\\/:@#!-=+.\r\n\t\x00 \u202e\u200b\u2060"),
    st.sampled_from(["http", "://", "www.", "evil.com", "]("]),
    st.sampled_from(STRINGS[:20]),
    st.text(max_size=5),
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)


class Tags(HTMLParser):
    """Every tag and attribute of a document, checked against what our template writes."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, f"a tag of the page: {tag}"
        for name, value in attrs:
            assert not name.startswith("on") and name in {
                "style", "href", "lang", "charset", "name", "content", "role", "cellpadding", "cellspacing", "align"
            }, f"an attribute of the page: {name}"  # fmt: skip
            if name == "href":
                self.links.append(value or "")
            if name == "style":
                assert "url(" not in (value or "") and "expression" not in (value or "")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def check_html(document: str) -> None:
    parser = Tags()
    parser.feed(document)
    parser.close()
    assert all(link.startswith(OURS) for link in parser.links), parser.links
    shown = "".join(parser.text).replace("\r\n", "\n")
    assert not BIDI.search(shown.replace("\n", ""))
    assert not LIVE.search(shown), LIVE.search(shown)


def check_text(text: str) -> None:
    text = text.replace("\r\n", "\n")
    assert not BIDI.search(text.replace("\n", ""))
    ours = re.compile(r"(Live page|Archived \w+|Full difference): https://(acme|archive)\.example/")
    lines = [line for line in text.splitlines() if not ours.match(line)]
    assert not LIVE.search("\n".join(lines)), LIVE.search("\n".join(lines))


def check_markdown(text: str) -> None:
    tokens = [token for block in MarkdownIt("gfm-like").parse(text) for token in (block, *(block.children or ()))]
    kinds = {token.type for token in tokens}
    markup = {
        "html_block",
        "html_inline",
        "image",
        "code_inline",
        "fence",
        "code_block",
        "heading_open",
        "ordered_list_open",
    }
    assert not kinds & markup, kinds
    links = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
    assert all(link.startswith(OURS) for link in links), links
    assert "@everyone" not in text and not re.search(r"(?<!\\)<[@#!a]", text)


def check_slack(value: object) -> None:
    """No mrkdwn anywhere, links only to ours, and in `text` nothing that opens Slack's markup."""
    if isinstance(value, list):
        for item in value:
            check_slack(item)
    if not isinstance(value, dict):
        return
    assert value.get("type") not in ("mrkdwn", "user", "usergroup", "channel", "broadcast", "emoji", "image")
    if value.get("type") == "link":
        assert str(value["url"]).startswith(OURS)
    elif "blocks" in value:
        assert not re.search("[<>]", str(value["text"])) and not LIVE.search(str(value["text"]))
    elif value.get("type") in ("text", "plain_text") and isinstance(value.get("text"), str):
        assert not BIDI.search(value["text"].replace("\n", ""))
        assert len(value["text"]) <= 3_000
    for item in value.values():
        check_slack(item)


def check_mail(message: Message) -> None:
    envelope = Envelope(("clausewatch", "from@corp.example"), ("Legal", "legal@corp.example"))
    raw = mail_bytes(build_mail(message, envelope, key="k"))
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert not mail.defects
    assert set(mail.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "In-Reply-To", "References", "List-Id", "Auto-Submitted",
        "X-Auto-Response-Suppress", "X-Clausewatch-Kind", "X-Clausewatch-Severity", "X-Clausewatch-Document",
        "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert mail["To"] == "Legal <legal@corp.example>" and mail["Bcc"] is None
    assert "\n" not in mail["Subject"] and "\r" not in mail["Subject"] and not BIDI.search(mail["Subject"])
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None and html is not None
    check_html(html.get_content())
    check_text(text.get_content())


def check_all(message: Message) -> None:
    check_mail(message)
    check_slack(render_slack(message))
    check_markdown(render_markdown(message))


@hostile
def test_list_of_hostile_strings_through_every_renderer(text: str) -> None:
    check_all(hostile_message(text))


@hostile
def test_renderers_trust_no_composer(text: str) -> None:
    """A message whose fields were never cleaned, as from a row that somebody else wrote."""
    message = hostile_message("x")
    raw = replace(
        message,
        subject=text, vendor=text, document=text, summary=text, reason=text, facts=(text,),
        clauses=tuple(replace(c, heading=text, reason=text, facts=(text,), category=text) for c in message.clauses),
    )  # fmt: skip
    check_all(raw)


@fuzz
@given(TEXTS)
def test_fuzzed_strings_through_every_renderer(text: str) -> None:
    check_all(hostile_message(text))


@given(TEXTS)
def test_message_survives_json(text: str) -> None:
    import json

    message = hostile_message(text)
    assert load_message(json.loads(json.dumps(dump_message(message)))) == message


@given(TEXTS)
def test_clean_is_one_visible_line_and_stable(text: str) -> None:
    line = clean(text, 40)
    assert len(line) <= 40 and "\n" not in line and not BIDI.search(line)
    assert clean(line, 40) == line
    line.encode()


def test_cleaning_keeps_what_people_read() -> None:
    text = "Straße, 30 days’ notice — “may share” (§ 4.2), 日本語, ελληνικά, naïve."
    assert clean(text) == text
    assert defang(text).replace("\u2060", "") == text


def test_ten_megabytes_cost_next_to_nothing() -> None:
    started = time.process_time()
    for text in ("<b>@x.y " * 1_300_000, "\u200b" * 10_000_000, " " * 10_000_000, "a\n" * 5_000_000):
        message = hostile_message(text)
        assert len(render_text(message)) < 60_000
        assert len(render_html(message).encode()) <= 100_000
        render_slack(message)
        render_markdown(message)
    assert time.process_time() - started < 8


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//evil.example", "evil.example", "http://", "http:///x",
        "https://bank.example@evil.example/", "https://a.example/\r\nX: y", "https://a.example/ b", " https://a.example/",
        "https://a.example\\@evil.example", "https://a.example/\u202e", "https://a.example/\u200b", "https://[::1", "https://a.example:x/",
        "https://<b>.example/", "https://a.example/" + "x" * 2_000, "", "https://a|b.example/", "https://a.example/\ud800",
    ],
)  # fmt: skip
def test_unsafe_urls_are_not_linked(url: str) -> None:
    assert safe_url(url) == ""


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://acme.example/privacy?v=2&x=1#s", "https://acme.example/privacy?v=2&x=1#s"),
        ("HTTPS://Acme.example:8443/a(b)|c>d\"e'f", "https://acme.example:8443/a%28b%29%7Cc%3Ed%22e%27f"),
        (
            "https://archive.example/web/2026id_/https://acme.example/",
            "https://archive.example/web/2026id_/https://acme.example/",
        ),
        ("https://münchen.example/ä", "https://xn--mnchen-3ya.example/%C3%A4"),
        ("http://[::1]:8000/x%20y", "http://[::1]:8000/x%20y"),
    ],
)
def test_safe_urls_are_linked_in_a_form_that_no_syntax_reads(url: str, linked: str) -> None:
    assert safe_url(url) == linked
    assert safe_url(linked) == linked


def test_a_template_of_the_users_is_safe_without_trying(tmp_path: Path) -> None:
    (tmp_path / "message.html").write_text("<p>{{ message.summary }}</p>{{ message.clauses[0].heading }}")
    (tmp_path / "message.txt").write_text("{{ message.summary }}")
    message = hostile_message("<script>alert(1)</script> http://evil.example @everyone")
    html = render_html(message, folder=tmp_path)
    assert html.startswith("<p>&lt;script&gt;") and not LIVE.search(html)
    assert not LIVE.search(render_text(message, folder=tmp_path))


def test_a_template_cannot_reach_python(tmp_path: Path) -> None:
    from jinja2.exceptions import SecurityError

    (tmp_path / "message.html").write_text("{{ message.__class__.__mro__[1].__subclasses__() }}")
    with pytest.raises(SecurityError):
        render_html(hostile_message("x"), folder=tmp_path)


def test_marks_for_changed_words_cannot_be_imitated() -> None:
    assert "{+forged+}" not in plain_text("[-a-] {+forged+}") and "[-a-]" not in plain_text("[-a-] {+forged+}")
    assert html_text("<b>") == "&lt;b&gt;"
    assert markdown_text("**x**") == "\\*\\*x\\*\\*"
