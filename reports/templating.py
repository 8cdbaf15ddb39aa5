"""Templates to pages. Jinja escapes everything that is put in; only `Markup` that we made ourselves passes as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from analysis.alignment import Op, Span
from analysis.taxonomy import CATEGORIES, CategoryRule
from reports.addresses import category_url, change_url, document_url, link_between, safe_link, version_url, versions_url
from reports.text import OTHER, category_name

__all__ = ["ASSETS", "POLICY", "TEMPLATES", "Templates"]

TEMPLATES = Path(__file__).parent / "templates"
ASSETS = Path(__file__).parent / "assets"

# No inline script, no inline style, nothing from elsewhere. Scripts may load further scripts of ours (the parts of the
# search index) through the one named policy; nothing may be sent anywhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types clausewatch"
)

_MARKS = {Op.EQUAL: "{}", Op.DELETE: "<del>{}</del>", Op.INSERT: "<ins>{}</ins>"}


class Templates:
    """Renders pages of one run."""

    def __init__(self, rules: Sequence[CategoryRule] = (), assets: str = "") -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            day=day, moment=moment, minute=minute, stamp=stamp, marked=marked, size=size, plural=plural, linked=linked
        )
        self._environment.globals.update(
            policy=POLICY,
            assets=assets,
            document_url=document_url,
            change_url=change_url,
            version_url=version_url,
            versions_url=versions_url,
            category_url=category_url,
            category_name=partial(category_name, rules=tuple(rules)),
            safe_link=safe_link,
            has_page=({entry.id for entry in CATEGORIES} | {rule.id for rule in rules} | {OTHER}).__contains__,
        )

    def render(self, page: str, template: str, **values: Any) -> str:
        """The HTML of a page; `link` in templates makes an address relative to it."""
        return self._environment.get_template(template).render(link=partial(link_between, page), page=page, **values)


def day(time: datetime | date | str | None) -> Markup:
    """A day for people and machines: <time datetime="2024-05-03">3 May 2024</time>. ISO texts are taken too."""
    if isinstance(time, str):
        return _stated(time)
    if time is None:
        return Markup("")
    exact = time.astimezone(UTC).isoformat(timespec="seconds") if isinstance(time, datetime) else time.isoformat()
    shown = time.astimezone(UTC) if isinstance(time, datetime) else time
    return Markup('<time datetime="{}">{}</time>').format(exact, _words(shown))


def _words(time: date) -> str:
    return f"{time.day} {time:%b} {time.year}"


def _stated(text: str) -> Markup:
    """A date as a policy states it: a day, or a month where it gives no day."""
    try:
        if len(text) == 7:
            return Markup('<time datetime="{}">{}</time>').format(text, f"{date.fromisoformat(text + '-01'):%b %Y}")
        return Markup('<time datetime="{}">{}</time>').format(text, _words(date.fromisoformat(text)))
    except ValueError:
        return escape(text)


def moment(time: datetime | None) -> Markup:
    """A moment in UTC, to the second: proof is about moments."""
    if time is None:
        return Markup("")
    utc = time.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        utc.isoformat(timespec="seconds"), f"{utc:%Y-%m-%d %H:%M:%S} UTC"
    )


def minute(time: datetime | None) -> Markup:
    """A moment where seconds would only be noise."""
    if time is None:
        return Markup("")
    utc = time.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        utc.isoformat(timespec="seconds"), f"{_words(utc)}, {utc:%H:%M}"
    )


def stamp(time: datetime | date | None) -> str:
    """For sorting: a text whose order is that of time."""
    if time is None:
        return ""
    return time.astimezone(UTC).strftime("%Y%m%d%H%M%S") if isinstance(time, datetime) else time.strftime("%Y%m%d")


def marked(spans: Sequence[Span]) -> Markup:
    """Text with deleted and inserted words marked."""
    return Markup("").join(Markup(_MARKS[span.op]).format(span.text) for span in spans)  # noqa: S704 (constant)


def size(count: int) -> str:
    """Bytes for people."""
    return (
        f"{count} bytes" if count < 1000 else f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"
    )


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 version", "2 versions"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def linked(url: str, text: str = "") -> Markup:
    """A link to where a page of the web is; only text where the URL is none that may be followed."""
    target = safe_link(url)
    shown = text or url
    if not target:
        return escape(shown)
    return Markup('<a href="{}" rel="noreferrer noopener nofollow">{}</a>').format(target, shown)
