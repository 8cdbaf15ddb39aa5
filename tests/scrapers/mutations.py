"""Changes to a page's markup that change no visible word: what deployments do to pages every day."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from lxml import etree

__all__ = ["mutate"]

_BLOCKS = ("p", "div", "section", "ul", "ol", "table", "h1", "h2", "h3", "article", "main", "form", "blockquote")


def mutate(html: str, seed: int) -> str:
    """One of many variants of the page, by seed: several kinds of change at several places."""
    rng = random.Random(seed)
    root = etree.fromstring(html.encode("utf-8"), etree.HTMLParser(encoding="utf-8", huge_tree=True))
    for change in rng.sample(_CHANGES, rng.randint(2, len(_CHANGES))):
        change(root, rng)
    return str(etree.tostring(root, encoding="unicode", method="html"))


def _elements(root: Any) -> list[Any]:
    return [element for element in root.iter() if isinstance(element.tag, str)]


def _rename_classes(root: Any, rng: random.Random) -> None:
    for element in _elements(root):
        if element.get("class"):
            element.set("class", f"css-{rng.randrange(16**6):06x}")


def _rename_ids(root: Any, rng: random.Random) -> None:
    for element in _elements(root):
        if element.get("id"):
            element.set("id", f"id-{rng.randrange(16**6):06x}")


def _add_attributes(root: Any, rng: random.Random) -> None:
    for element in rng.sample(every := _elements(root), min(40, len(every))):
        element.set(rng.choice(("data-v", "data-testid", "style", "tabindex", "aria-label")), f"{rng.random():.8f}")


def _nonces(root: Any, rng: random.Random) -> None:
    for element in root.iter("script", "style", "link"):
        element.set("nonce", f"{rng.randrange(16**16):016x}")


def _wrap(root: Any, rng: random.Random) -> None:
    every = [element for element in root.iter(*_BLOCKS) if element.getparent() is not None]
    for element in rng.sample(every, min(25, len(every))):
        parent = element.getparent()
        if parent is None or parent.tag in ("ul", "ol", "table", "tbody", "tr", "select"):
            continue
        wrapper = etree.Element("div")
        wrapper.tail, element.tail = element.tail, None
        parent.replace(element, wrapper)
        wrapper.append(element)


def _comments(root: Any, rng: random.Random) -> None:
    every = [element for element in _elements(root) if element.tag in _BLOCKS]
    for element in rng.sample(every, min(20, len(every))):
        element.insert(0, etree.Comment(f" build {rng.randrange(10**9)} "))
        comment = element[0]
        comment.tail, element.text = element.text, None


def _scripts(root: Any, rng: random.Random) -> None:
    body = root.find("body")
    if body is not None:
        for _ in range(3):
            script = etree.Element("script")
            script.text = f"window.t={rng.random()};"
            body.insert(rng.randint(0, len(body)), script)


_CHANGES: tuple[Callable[[Any, random.Random], None], ...] = (
    _rename_classes,
    _rename_ids,
    _add_attributes,
    _nonces,
    _wrap,
    _comments,
    _scripts,
)
