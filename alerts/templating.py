"""The Jinja2 environments: sandboxed, and literal by default.

Whatever a template prints goes through the output's own function of `alerts.escape`, so a template of the user's that
forgets a filter is still safe. Two filters exist for what is ours: `ours` (our own words and dates, no link breaking)
and, in HTML, `href` (a URL that `safe_url` accepts).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from alerts.compose import moment
from alerts.escape import clean, html_text, plain_text, safe_url
from alerts.message import Excerpt, MarkKind, Message

__all__ = ["Literal", "render", "runs"]

_JOINER = "\u2060"


class Literal(str):
    """Text that is as it should be printed."""

    __slots__ = ()


def runs(excerpt: Excerpt, make: Callable[[str], str]) -> Iterator[tuple[str, str, str]]:
    """The marks of an excerpt as (kind, literal text, note). An address cannot be put together across two marks."""
    for mark in excerpt.marks:
        if mark.kind is MarkKind.CUT:
            yield mark.kind.value, "", f"[… {mark.length:,} characters left out]"
            continue
        text = make(mark.text)
        ends = bool(mark.text) and mark.text[-1] in ":@./\\" and mark is not excerpt.marks[-1]
        yield mark.kind.value, (text + _JOINER if ends else text), ""


def render(template: str, message: Message, *, folder: Path | None = None, **more: object) -> str:
    """A message through one of our templates, or the file of the same name in `folder` if the user has one."""
    environment = _html_environment(folder) if template.endswith(".html") else _text_environment(folder)
    return environment.get_template(template).render(message=message, **more)


def _environment(folder: Path | None, autoescape: bool) -> ImmutableSandboxedEnvironment:
    ours = PackageLoader("alerts", "templates")
    loader = ChoiceLoader([FileSystemLoader(folder), ours]) if folder else ours
    environment = ImmutableSandboxedEnvironment(
        loader=loader, autoescape=autoescape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["moment"] = lambda time: Literal(moment(time))
    return environment


@lru_cache(maxsize=4)
def _html_environment(folder: Path | None) -> ImmutableSandboxedEnvironment:
    environment = _environment(folder, autoescape=True)

    def finalize(value: object) -> object:
        if isinstance(value, Markup):
            return value
        if isinstance(value, Literal):
            return escape(str(value))
        return html_text(str(value))

    environment.finalize = finalize
    environment.filters["ours"] = lambda text: escape(clean(str(text)))
    environment.filters["href"] = lambda url: escape(safe_url(str(url)))
    environment.filters["runs"] = lambda excerpt: list(runs(excerpt, html_text))
    return environment


@lru_cache(maxsize=4)
def _text_environment(folder: Path | None) -> ImmutableSandboxedEnvironment:
    environment = _environment(folder, autoescape=False)
    environment.finalize = lambda value: value if isinstance(value, Literal) else plain_text(str(value))
    environment.filters["ours"] = lambda text: Literal(clean(str(text)))
    environment.filters["url"] = lambda url: Literal(safe_url(str(url)))
    environment.filters["marked"] = lambda excerpt: Literal("".join(_marked(excerpt)))
    return environment


def _marked(excerpt: Excerpt) -> Iterator[str]:
    for kind, text, note in runs(excerpt, plain_text):
        match kind:
            case MarkKind.REMOVED:
                yield f"[-{text}-]"
            case MarkKind.ADDED:
                yield f"{{+{text}+}}"
            case MarkKind.CUT:
                yield f" {note} "
            case _:
                yield text
