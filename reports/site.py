"""All pages, from a store into a folder."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from reports.across import clause_sources
from reports.addresses import SEARCH
from reports.current import CurrentReader, CurrentText
from reports.document_pages import DocumentPages
from reports.feeds import feed_sources
from reports.gather import Dossier, gather
from reports.listings import Listings, change_rows, dues_of
from reports.memory import Memory
from reports.options import ReportOptions, ReportResult
from reports.search_index import IndexCount, index_sources
from reports.templating import ASSETS, TEMPLATES, Templates
from reports.writer import FolderWriter, PageSource, digest_files, digest_of
from storage.store import Store

__all__ = ["write_reports"]

_SERVED = {".css", ".js", ".svg", ".txt"}


def write_reports(store: Store, out: Path, options: ReportOptions | None = None) -> ReportResult:
    """Write the pages of all documents; those whose content is as it was are left alone.

    Parameters:
        out: a folder of its own. Made if missing. It can be opened as it is, or served by any web server.

    Returns:
        What was written. Pages of an earlier run that have nothing to show now say so, and lead on: links to them are
        in messages that were sent.

    Raises:
        StorageError: the store can't be read.
        OSError: the folder can't be written.
    """
    chosen = options or ReportOptions()
    assets = [path for path in ASSETS.iterdir() if path.suffix in _SERVED]
    code = [*Path(__file__).parent.glob("*.py"), *(Path(__file__).parent.parent / "analysis").glob("*.py")]
    style = digest_files(assets)[:8]
    build = digest_of((digest_files([*TEMPLATES.iterdir(), *code]), style, chosen.rules))
    templates = Templates(chosen.rules, style)
    writer = FolderWriter(out, build)
    memory = Memory(store)
    for path in assets:
        writer.write(PageSource(f"assets/{path.name}", style, path.read_bytes))
    for source in _pages(memory, chosen, templates, CurrentReader(memory, writer.state / "texts", build, chosen.rules)):
        writer.write(source)
    removed = tuple(_replace_gone(writer, templates))
    writer.close()
    written = tuple(path for path in writer.written if path not in removed)
    return ReportResult(written, writer.unchanged, removed, writer.size)


def _pages(memory: Memory, options: ReportOptions, templates: Templates, reader: CurrentReader) -> Iterator[PageSource]:
    dossiers = list(gather(memory.store, options))
    texts = {dossier.key: reader.read(dossier) for dossier in dossiers}
    pages = DocumentPages(memory, templates)
    for dossier in dossiers:
        yield from pages.sources(dossier, texts[dossier.key])
    listings = Listings(memory.store, templates, options)
    rows = change_rows(dossiers)
    dues = [due for dossier in dossiers for due in dues_of(dossier, texts[dossier.key])]
    read = [(d, text) for d in dossiers if (text := texts[d.key]) is not None and d.document.active]
    yield listings.overview(dossiers, texts)
    yield listings.changes(rows)
    yield listings.calendar(dues)
    yield listings.runs()
    yield from clause_sources(memory.store, templates, options, read, rows)
    yield from feed_sources(options, rows, dues)
    yield from _search(templates, read)


def _search(templates: Templates, read: list[tuple[Dossier, CurrentText]]) -> Iterator[PageSource]:
    count = IndexCount(read)
    yield from index_sources(read, count)
    yield PageSource(
        SEARCH,
        (count.digest, count.documents, count.sections),
        lambda: templates.render(
            SEARCH,
            "search.html",
            documents=count.documents,
            sections=count.sections,
            categories=count.categories,
            index=count.digest[:8],
        ),
    )


def _replace_gone(writer: FolderWriter, templates: Templates) -> Iterator[str]:
    """Say on pages that are no more that they are no more. Other files stay as they are until they are deleted."""
    for path, owner in writer.gone():
        if path.endswith(".html"):
            writer.write(
                PageSource(path, ("gone", owner), partial(templates.render, path, "gone.html", owner=owner), owner)
            )
            yield path
