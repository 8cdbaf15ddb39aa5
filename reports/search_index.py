"""The index that the search page asks, made here so that the browser only has to load it.

In the terms of MiniSearch's own serialisation (version 2; `MiniSearch.loadJS`), cut into one file per first letter: a
query loads the files of its words only. Files are scripts, since a page that was opened from a folder may load scripts
of that folder but not data.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from reports.addresses import document_url, version_url
from reports.current import CurrentText
from reports.gather import Dossier
from reports.terms import shard_of, terms_of
from reports.writer import PageSource, digest_of

__all__ = ["IndexCount", "index_sources"]


class IndexCount:
    """What the search page says of the index."""

    def __init__(self, texts: Sequence[tuple[Dossier, CurrentText]]) -> None:
        self.documents = len(texts)
        self.sections = sum(len(text.sections) for _, text in texts)
        self.categories = sorted({name for _, text in texts for name in text.counts})
        self.digest = digest_of([(d.key, d.title, d.document.vendor_name, text.key) for d, text in texts])


def index_sources(texts: Sequence[tuple[Dossier, CurrentText]], count: IndexCount) -> list[PageSource]:
    """The files of the index."""
    made: dict[str, str] = {}

    def content(name: str) -> str:
        if not made:
            made.update(_files(texts))
        return made.get(name, f'clausewatchTerms("{name}",[]);\n')

    names = ["sections", *(chr(letter) for letter in range(ord("a"), ord("z") + 1)), "0", "other"]
    return [PageSource(_path(name), (count.digest, name), partial(content, name)) for name in names]


def _path(name: str) -> str:
    return "search/sections.js" if name == "sections" else f"search/terms-{name}.js"


def _files(texts: Sequence[tuple[Dossier, CurrentText]]) -> dict[str, str]:
    documents: list[list[object]] = []
    sections: list[list[object]] = []
    lengths: list[int] = []
    postings: dict[str, list[int]] = defaultdict(list)
    for place, (dossier, text) in enumerate(texts):
        current = dossier.document.current
        assert current is not None
        document = dossier.document
        rest = version_url(dossier.key, current.id) if text.shown < text.blocks else ""
        names = sorted(set(terms_of(f"{document.vendor_name} {document.vendor_slug}")))
        documents.append([document_url(dossier.key), document.vendor_name, document.name, names, rest, text.shown])
        for section in text.sections:
            for term, frequency in section.terms.items():
                postings[term] += (len(sections), frequency)
            sections.append([place, section.block, section.heading, section.teaser, list(section.categories)])
            lengths.append(len(section.terms))
    shards: dict[str, list[list[object]]] = defaultdict(list)
    for term in sorted(postings):
        shards[shard_of(term)].append([term, postings[term]])
    files = {name: f'clausewatchTerms("{name}",{_script(terms)});\n' for name, terms in shards.items()}
    everything = {"documents": documents, "sections": sections, "lengths": lengths}
    files["sections"] = f"window.clausewatchData={_script(everything)};\n"
    return files


def _script(value: object) -> str:
    """JSON that is JavaScript too: ASCII only, so that no encoding and no line separator can be misread."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).replace("</", "<\\/")
