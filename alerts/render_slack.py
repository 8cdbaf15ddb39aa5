"""Slack's blocks. Text of pages stands only in plain_text and rich_text elements, which Slack shows as they are.

mrkdwn has no escape for its own signs and turns "<!channel>" and "<http://x|y>" live (reference/page-monitors.md 4.4),
so none is used: changed words are styles of rich_text, links are link elements with addresses that were checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from alerts.escape import clean, defang, safe_url
from alerts.fit import fitted
from alerts.message import Clause, Excerpt, LinkRef, MarkKind, Message
from alerts.templating import runs

__all__ = ["render_slack", "slack_text"]

Element: TypeAlias = dict[str, object]

# Slack: 50 blocks, 150 characters of header; the sum of all text is limited too ("msg_blocks_too_long"), which is not
# documented: reports speak of 13,000 characters.
_TEXT = 11_000
_HEADER = 150
_BLOCKS = 48
_ELEMENT = 2_000  # of one element, before word joiners; Slack takes 3,000


def render_slack(message: Message) -> dict[str, object]:
    """The payload for an incoming webhook or chat.postMessage.

    `text` is what notifications show, and all that Slack-compatible servers without blocks have.
    """
    blocks = fitted(message, _blocks, _TEXT, _size)
    return {
        "text": slack_text(message),
        "blocks": blocks[:_BLOCKS],
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def slack_text(message: Message) -> str:
    """Subject and summary, escaped as Slack asks: the three signs that begin its markup."""
    text = clean(f"{message.subject}. {message.summary or message.reason}", 1_000).strip()
    for notice in message.notices:
        text = f"{clean(notice, 200)} {text}"
    return defang(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _size(blocks: list[Element]) -> int:
    return (_TEXT if len(blocks) > _BLOCKS else 0) + sum(map(_length, blocks))


def _length(value: object) -> int:
    """Characters of all text in a block."""
    match value:
        case dict():
            return sum(len(v) if k in ("text", "url") and isinstance(v, str) else _length(v) for k, v in value.items())
        case list():
            return sum(map(_length, value))
        case _:
            return 0


def _literal(text: str) -> str:
    return defang(clean(text, _ELEMENT))


def _text(text: str, *, bold: bool = False, strike: bool = False, italic: bool = False) -> Element:
    style = {name: True for name, on in (("bold", bold), ("strike", strike), ("italic", italic)) if on}
    made: Element = {"type": "text", "text": text or " "}
    return made | {"style": style} if style else made


def _section(*elements: Element) -> Element:
    return {"type": "rich_text_section", "elements": list(elements)}


def _rich(*parts: Element) -> Element:
    return {"type": "rich_text", "elements": list(parts)}


def _blocks(message: Message) -> list[Element]:
    return list(_parts(message))


def _parts(message: Message) -> Iterator[Element]:
    subject = clean(message.subject, _HEADER - 20).strip()
    yield {"type": "header", "text": {"type": "plain_text", "text": _literal(subject)[:_HEADER], "emoji": False}}
    if message.notices:
        yield _rich(*(_section(_text(_literal(notice), italic=True)) for notice in message.notices))
    yield _lead(message)
    yield from _rest(message)


def _lead(message: Message) -> Element:
    lead = [_text(_literal(message.severity).upper(), bold=True)]
    if message.direction != "neutral":
        lead.append(_text(f", {_literal(message.direction)}"))
    if message.reason:
        lead.append(_text(f": {_literal(message.reason)}"))
    sections = [_section(*lead)]
    if message.summary:
        sections.append(_section(_text(_literal(message.summary))))
    sections += [_section(_text(f"{_literal(r.label)}: ", bold=True), _text(_literal(r.value))) for r in message.rows]
    if message.facts:
        sections.append(_list(message.facts))
    return _rich(*sections)


def _rest(message: Message) -> Iterator[Element]:
    if message.entries:
        lines = tuple(f"{e.severity.upper()}  {e.vendor}, {e.document}: {e.what}" for e in message.entries)
        yield _rich(_list(lines))
    for clause in message.clauses:
        yield _clause(clause)
    if message.more:
        yield _rich(_section(_text(f"{_literal(message.more)}.", italic=True)))
    if message.steps:
        yield _rich(_section(_text("What to do", bold=True)), _list(message.steps))
    if links := list(_links(message.links)):
        yield _rich(_section(*links))
    if message.footer:
        elements = [
            {"type": "plain_text", "text": _literal(clean(line, 1_500)), "emoji": False} for line in message.footer[:10]
        ]
        yield {"type": "context", "elements": elements}


def _clause(clause: Clause) -> Element:
    parts = [
        _section(
            _text(f"{_literal(clause.category)} clause {_literal(clause.change)}", bold=True),
            _text(f"  {_literal(clause.severity).upper()}"),
            *([_text(f"\nUnder: {_literal(clause.heading)}")] if clause.heading else []),
            *([_text(f"\n{_literal(clause.reason)}")] if clause.reason else []),
        )
    ]
    if clause.facts:
        parts.append(_list(clause.facts))
    for label, side in (("Before", clause.before), ("Now", clause.after)):
        if side.marks:
            quote: Element = {"type": "rich_text_quote", "elements": list(_marks(side))}
            parts += [_section(_text(label, bold=True)), quote]
    return _rich(*parts)


def _marks(side: Excerpt) -> Iterator[Element]:
    for kind, text, note in runs(side, _literal):
        if kind == MarkKind.CUT:
            yield _text(f" {note} ", italic=True)
        elif text:
            yield _text(text, strike=kind == MarkKind.REMOVED, bold=kind == MarkKind.ADDED)


def _list(lines: tuple[str, ...]) -> Element:
    return {
        "type": "rich_text_list",
        "style": "bullet",
        "elements": [_section(_text(_literal(line))) for line in lines],
    }


def _links(links: tuple[LinkRef, ...]) -> Iterator[Element]:
    for link in links:
        if url := safe_url(link.url):
            yield {"type": "link", "url": url, "text": _literal(clean(link.label, 80))}
            yield _text("   ")
