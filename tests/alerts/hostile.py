"""Texts that a page could hold to become markup, a mention, a link or a header, and a message that is full of one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from alerts.compose import compose_change
from alerts.message import Message
from alerts.news import CaptureNews, ChangeNews, ClauseNews, DocumentRef
from analysis.alignment import Op, Span

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

STRINGS = (
    "<img src=x onerror=alert(1)>",
    "</td></p><script>alert(1)</script>",
    '" onmouseover="alert(1)" x="',
    "<a href='javascript:alert(1)'>renew</a>",
    "javascript:alert(document.cookie)",
    "<!channel> and <!here> and <!everyone>",
    "&lt;!channel&gt; &lt;@U123&gt;",
    "<http://evil.example|Renew now>",
    "<mailto:x@evil.example|write>",
    "<@U024BE7LH> <@&1234> <#C024BE7LR> <at>Boss</at>",
    "@everyone @here @channel @all",
    "[Renew](http://evil.example/renew) ![x](http://evil.example/x.png)",
    "[Renew][1]\n\n[1]: http://evil.example",
    "see http://evil.example/a and www.evil.example and evil.example or mail a@evil.example",
    "//evil.example/x \\\\evil.example\\share file:///etc/passwd tel:123456 HTTP://EVIL.EXAMPLE",
    "http\u200b://ev\u00adil.example h\u2060ttp://evil.example ｅvil。example",
    "Subject\r\nBcc: victim@evil.example\r\n\r\nbody",
    "Subject\nX-Injected: yes\n\n<b>body</b>",
    "a\x00b\x1b[31mred\x07\x9b",
    "\u202egnp.exe\u202c \u2066hidden\u2069 \u200f",
    "\U000e0041\U000e0042 tags \ufeff\u3164",
    "{{ message.__class__ }} {% include '/etc/passwd' %} {# x #} ${7*7} %s {0}",
    "**bold** __under__ ~~strike~~ `code` ```\nfence\n``` # heading\n> quote\n- item\n1. one",
    "[-forged-] {+forged+} [… 3 characters left out]",
    "surrogate \ud800 alone, \U0001f600 smile :smile: :tada:",
    "&amp;lt;b&amp;gt; &#60;b&#62; &#x3c;script&#x3e;",
    "x" * 5_000,
    "word " * 5_000,
    "a.b" * 3_000,
)


def hostile_message(text: str, now: datetime = NOW) -> Message:
    """A change in which everything that comes from a page or a site is `text`."""
    document = DocumentRef("acme/privacy", text, text, "acme", text, urls=(text, "https://acme.example/privacy"))
    spans = (Span(Op.EQUAL, "We "), Span(Op.DELETE, text), Span(Op.INSERT, text + " more"), Span(Op.EQUAL, " end."))
    clause = ClauseNews(
        category=text,
        kind="modified",
        severity="high",
        direction="adverse",
        heading=text,
        before="We " + text + " end.",
        after="We " + text + " more end.",
        reason=text,
        facts=(text,),
        spans=spans,
    )
    news = ChangeNews(
        document=document,
        clauses=(clause, ClauseNews("retention", "added", "low", after=text, heading=text)),
        severity="high",
        direction="adverse",
        summary=text,
        before=CaptureNews(now - timedelta(days=9), memento=text, sha256="ab" * 32),
        after=CaptureNews(now, memento="https://archive.example/web/20260301120000id_/" + text, sha256="cd" * 32),
        stood_since=now - timedelta(days=400),
        verified=now,
        run_id=text,
        facts=(text,),
        effective=date(2026, 4, 1),
        report=text,
    )
    return compose_change(news, now=now)
