"""Any bytes at all give an extraction or a named error, in bounded time and memory."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrapers.errors import ExtractError
from scrapers.extract import extract

SECONDS = 2.0
CASES = {
    "deep": b"<div>" * 100_000 + b"deep text of the page",
    "deep inline": b"<b><i>" * 90_000 + b"deep text",
    "deep lists": b"<ul><li>" * 90_000 + b"x",
    "deep tables": b"<table><tr><td>a<td>b" * 40_000,
    "unclosed fonts": b"<p><font size=2>We collect data about you.\n" * 90_000,
    "tags": b"<p>a<b>x</b>" * 400_000,
    "as many tags as are allowed": b"<li><a href=/x>Accept all</a>\n" * 60_000,
    "breaks": b"word<br>" * 190_000,
    "entities": b"&amp;&nbsp;&eacute;" * 250_000,
    "entity bomb": b'<!DOCTYPE h [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><p>' + b"&b;" * 1_000_000,
    "huge attribute": b'<p title="' + b"a" * 5_000_000 + b'">hello there</p>',
    "many attributes": b"<p " + b" ".join(b"a%d" % number for number in range(600_000)) + b">hello there",
    "many attributes after a quote": b'<p x=">" ' + b" ".join(b"a%d" % n for n in range(600_000)) + b">hello there",
    "one word": b"<p>" + b"w" * 5_000_000,
    "preformatted": b"<pre>" + b"\n\nx" * 1_600_000,
    "lines": b"a b c\n" * 800_000,
    "brackets": b"# h\n" + b"[" * 2_000_000 + b"(" * 1_000_000,
    "toolbars": b'wayback<div id="wm-ipp">' * 200_000,
    "objects": b"%PDF-1.4\n" + b"1 0 obj << /Type /Catalog >> endobj\n" * 130_000,
    "broken pdf": b"%PDF-1.4\n" + random.Random(3).randbytes(1_000_000),
    "random": random.Random(1).randbytes(5_000_000),
    "doubled": ("<p>It’s the café’s “policy” " * 60_000).encode().decode("cp1252", "replace").encode(),
    "shift-jis": ("<meta charset=none><p>個人情報の取り扱い" * 60_000).encode("cp932"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("content_type", ["text/html", "text/plain", ""])
def test_hostile_pages_are_bounded(name: str, content_type: str) -> None:
    start = time.process_time()
    try:
        found = extract(CASES[name], content_type=content_type, url="https://h.example/p")
    except ExtractError as error:
        assert error.kind.startswith("extract.")
    else:
        assert found.blocks
    assert time.process_time() - start < SECONDS


def test_memory_for_five_megabytes() -> None:
    """In a process of its own: the peak of this one belongs to other tests."""
    code = (
        "import resource\nfrom scrapers.extract import extract\nextract(b'<p>warm up</p>')\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "extract(b'<p>We collect data <b>from</b> you<br>' * 49_000 + b'x' * 3_500_000, content_type='text/html')\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    grown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert int(grown.stdout) < 300
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 0


_TAGS = [
    "html",
    "body",
    "div",
    "p",
    "b",
    "i",
    "a",
    "table",
    "tr",
    "td",
    "ul",
    "li",
    "br",
    "h1",
    "pre",
    "textarea",
    "script",
    "style",
    "select",
    "frameset",
    "title",
    "svg",
    "nav",
    "x-y",
]
_TOKENS = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in _TAGS] + [f"</{tag}>" for tag in _TAGS]),
    st.sampled_from(
        ["<a href='/x'>", "<a href='http://[x'>", "<!--", "-->", "<![CDATA[", "&nbsp;", "&#0;", "<", ">", '"']
    ),
    st.sampled_from(
        ["<base href='::'>", "<a href='/cdn-cgi/l/email-protection#zz'>", "<p lang=x>", "<td colspan=9999999>"]
    ),
    st.text(max_size=30),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_TOKENS, max_size=60), st.sampled_from(["", "text/html", "application/xhtml+xml", "text/plain"]))
def test_any_markup(tokens: list[str], content_type: str) -> None:
    body = "".join(tokens).encode("utf-8", "replace")
    try:
        found = extract(
            body, content_type=content_type, url="https://h.example/p#x", anchor="x" if len(body) % 2 else ""
        )
    except ExtractError:
        return
    assert found == extract(
        body, content_type=content_type, url="https://h.example/p#x", anchor="x" if len(body) % 2 else ""
    )
    for block in found.blocks:
        assert block.text and block.text == block.text.strip() and "\0" not in block.text
        assert ("\n" in block.text) <= (block.kind == "pre")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2000), st.sampled_from(["", "text/html", "text/html; charset=utf-16", "application/pdf"]))
def test_any_bytes(body: bytes, content_type: str) -> None:
    try:
        extract(body, content_type=content_type)
    except ExtractError as error:
        assert error.message
