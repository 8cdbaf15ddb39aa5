"""An invented change, for `routes test`, the documentation and the tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from alerts.compose import compose_change
from alerts.message import Kind, Message
from alerts.news import CaptureNews, ChangeNews, ClauseNews, DocumentRef
from analysis.alignment import Op, Span

__all__ = ["sample_change", "sample_message"]


def sample_message(now: datetime) -> Message:
    """A message that looks like a real one and says that it is not."""
    message = compose_change(sample_change(now), now=now)
    notice = "This is a sample, sent by `clausewatch routes test`. The vendor and its policy are invented."
    return replace(message, kind=Kind.SAMPLE, subject=f"Sample: {message.subject}", notices=(notice,), thread="sample")


def sample_change(now: datetime) -> ChangeNews:
    """Three clause changes of a policy that does not exist."""
    document = DocumentRef(
        key="example-chat/privacy-policy",
        name="Privacy Policy",
        type="Privacy Policy",
        vendor="example-chat",
        vendor_name="Example Chat",
        tags=("sample",),
        urls=("https://vendor.example/privacy",),
    )
    notice = (
        Span(Op.EQUAL, "We may change this policy "),
        Span(Op.DELETE, "with thirty days' notice by e-mail"),
        Span(Op.INSERT, "at any time without prior notice"),
        Span(Op.EQUAL, ". The date at the top says when it was last changed."),
    )
    sharing = (
        Span(Op.EQUAL, "We "),
        Span(Op.DELETE, "do not share"),
        Span(Op.INSERT, "may share"),
        Span(Op.EQUAL, " transcripts of chats with "),
        Span(Op.INSERT, "advertising "),
        Span(Op.EQUAL, "partners."),
    )
    contact = (
        Span(Op.EQUAL, "Write to our privacy team at "),
        Span(Op.DELETE, "the address below"),
        Span(Op.INSERT, "privacy@vendor.example"),
        Span(Op.EQUAL, "."),
    )
    return ChangeNews(
        document=document,
        clauses=(
            _clause("contact", "low", "neutral", "Contact", contact, "The way to reach the privacy team changed."),
            _clause(
                "policy_change",
                "high",
                "adverse",
                "Changes to this policy",
                notice,
                "The promise of notice was withdrawn: “thirty days' notice” became “without prior notice”.",
                ("notice period: 30 days → none",),
            ),
            _clause(
                "third_party",
                "high",
                "adverse",
                "Who receives your data",
                sharing,
                "A denial became a permission: “do not share” → “may share”.",
                ("sharing: will not → may", "new recipients: advertising partners"),
            ),
        ),
        severity="high",
        direction="adverse",
        summary="The policy now allows sharing chat transcripts with advertising partners and changing without notice.",
        before=CaptureNews(now - timedelta(days=1), sha256="0" * 64),
        after=CaptureNews(now - timedelta(minutes=20), sha256="1" * 64),
        stood_since=now - timedelta(days=412),
        verified=now,
        run_id="sample",
        effective=_in_thirty_days(now),
        change_key="sample",
    )


def _in_thirty_days(now: datetime) -> date:
    return now.date() + timedelta(days=30)


def _clause(
    category: str,
    severity: str,
    direction: str,
    heading: str,
    spans: tuple[Span, ...],
    reason: str,
    facts: tuple[str, ...] = (),
) -> ClauseNews:
    return ClauseNews(
        category=category,
        kind="modified",
        severity=severity,
        direction=direction,
        heading=heading,
        before="".join(span.text for span in spans if span.op is not Op.INSERT),
        after="".join(span.text for span in spans if span.op is not Op.DELETE),
        reason=reason,
        facts=facts,
        spans=spans,
    )
