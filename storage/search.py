"""Full-text search over the current versions: their blocks as rows, and what a query finds in them.

SQLite searches by FTS5, PostgreSQL by a GIN index over tsvector. A query is parsed here, into words and nothing else,
and written anew for either: what a user types can be no syntax error of theirs, and means the same on both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from storage.section import Section, TransactionSection
from storage.sql import select_where, sql

__all__ = ["ClauseRow", "IndexSection", "Query", "SearchHit", "SearchSection", "parse_query"]

LONGEST_TEXT = 100_000
"""Characters of a block that are searched: PostgreSQL refuses to index more than 1 MB of words at once."""
LONGEST_QUERY = 500
MOST_TERMS = 32

# What the databases put around words that were found. Private use: no page has them after `_indexable`.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}]")
_TERM = re.compile(r'(?P<not>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_WORD = re.compile(r"[^\W_]+")

_BASIS = sql("SELECT version_id, basis FROM clause_index WHERE document_id = :document_id")
_SET_BASIS = sql("""
    INSERT INTO clause_index (document_id, version_id, basis) VALUES (:document_id, :version_id, :basis)
    ON CONFLICT (document_id) DO UPDATE SET version_id = excluded.version_id, basis = excluded.basis
    """)
_DROP_BASIS = sql("DELETE FROM clause_index WHERE document_id = :document_id")
_DROP_ROWS = sql("DELETE FROM clause_text WHERE document_id = :document_id")
_ADD_ROW = sql("""
    INSERT INTO clause_text (document_id, version_id, block, heading, categories, text)
    VALUES (:document_id, :version_id, :block, :heading, :categories, :text)
    """)
_BASES = sql("SELECT document_id, version_id, basis FROM clause_index")

_HITS = {
    "sqlite": """
        SELECT c.id, c.document_id, d.key, c.version_id, c.block, c.heading, c.categories, c.text
        FROM clause_text_fts JOIN clause_text c ON c.id = clause_text_fts.rowid
        JOIN document d ON d.id = c.document_id JOIN vendor v ON v.id = d.vendor_id
        """,
    "postgresql": """
        SELECT c.id, c.document_id, d.key, c.version_id, c.block, c.heading, c.categories, c.text
        FROM websearch_to_tsquery('clausewatch', :match) query, clause_text c
        JOIN document d ON d.id = c.document_id JOIN vendor v ON v.id = d.vendor_id
        """,
}
_MATCHES = {
    "sqlite": "clause_text_fts MATCH :match",
    "postgresql": "to_tsvector('clausewatch', clausewatch_plain(c.text)) @@ query",
}
_BEST = {
    "sqlite": "ORDER BY bm25(clause_text_fts), d.key, c.block LIMIT :limit",
    "postgresql": """
        ORDER BY ts_rank_cd(to_tsvector('clausewatch', clausewatch_plain(c.text)), query, 1) DESC, d.key, c.block
        LIMIT :limit
        """,
}
# Apart from the look-up, for a text is read again in whole to mark its words: only those that are shown.
_MARK = {
    "sqlite": f"""
        SELECT rowid AS id, highlight(clause_text_fts, 0, '{_OPEN}', '{_CLOSE}') AS marked FROM clause_text_fts
        """,  # noqa: S608 - constants
    "postgresql": f"""
        SELECT id, ts_headline('clausewatch', clausewatch_plain(text), websearch_to_tsquery('clausewatch', :match),
                               'HighlightAll=true, StartSel="{_OPEN}", StopSel="{_CLOSE}"') AS marked
        FROM clause_text
        """,  # noqa: S608 - constants
}
_MARKED = {"sqlite": ["clause_text_fts MATCH :match", "rowid IN :ids"], "postgresql": ["id IN :ids"]}


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """A block of a version as it is searched: its index, the innermost heading above it, ids of its categories."""

    block: int
    heading: str
    categories: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A block that was found. `marks` are (start, end) of the words that did it, in `text`, in order."""

    document_id: int
    key: str
    version_id: int
    block: int
    heading: str
    categories: tuple[str, ...]
    text: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: one of `groups` must fit, whose terms must all be there, and none of its `without`.

    A term is one or more words that follow each other. Made by `parse_query`.
    """

    groups: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

    def __bool__(self) -> bool:
        return bool(self.groups)

    @property
    def fts5(self) -> str:
        """As FTS5 reads it: every word stands in quotes, where nothing is an operator."""
        return " OR ".join(
            f"({_quoted(wanted, ' AND ')})" + (f" NOT ({_quoted(without, ' OR ')})" if without else "")
            for wanted, without in self.groups
        )

    @property
    def websearch(self) -> str:
        """As PostgreSQL's websearch_to_tsquery reads it, which takes any text."""
        return " or ".join(
            _quoted(wanted, " ") + "".join(f' -"{term}"' for term in without) for wanted, without in self.groups
        )


def _quoted(terms: Sequence[str], between: str) -> str:
    return between.join(f'"{term}"' for term in terms)


def parse_query(text: str) -> Query:
    """Words that must all be there, "words in quotes" that follow each other, `or` between alternatives, -word for
    what must not be there. Punctuation inside a word parts it: third-party finds "third party", too.

    Any text will do; it gives an empty query where it has no word to look for.
    """
    groups: list[tuple[list[str], list[str]]] = [([], [])]
    bounded = unicodedata.normalize("NFC", text[:LONGEST_QUERY])
    for number, match in enumerate(_TERM.finditer(bounded)):
        if number >= MOST_TERMS:
            break
        given = match["phrase"] if match["word"] is None else match["word"]
        if given.casefold() == "or" and match["word"] and not match["not"]:
            groups.append(([], []))
            continue
        term = " ".join(_WORD.findall(given))
        if term:
            groups[-1][1 if match["not"] else 0].append(term)
    return Query(tuple((tuple(wanted), tuple(without)) for wanted, without in groups if wanted))


class SearchSection(Section):
    """The part that searches."""

    def find_text(self, query: Query, *, category: str = "", vendor: str = "", limit: int = 20) -> list[SearchHit]:
        """Blocks of the current versions of active documents, best hits first.

        Parameters:
            category: id of a category that the block must speak of.
            vendor: slug of the vendor.
        """
        if not query:
            return []
        conditions = ["d.active = :active"]
        values: dict[str, object] = {"active": True, "limit": limit}
        if category:
            conditions.append("c.categories LIKE :category ESCAPE '!'")
            values["category"] = f"% {category.replace('!', '!!').replace('_', '!_').replace('%', '!%')} %"
        if vendor:
            conditions.append("v.slug = :vendor")
            values["vendor"] = vendor
        with self._reading() as connection:
            kind = connection.dialect.name
            values["match"] = query.fts5 if kind == "sqlite" else query.websearch
            statement = select_where(_HITS[kind], [_MATCHES[kind], *conditions], _BEST[kind])
            found = connection.execute(statement, values).mappings().all()
            if not found:
                return []
            marking = select_where(_MARK[kind], _MARKED[kind], lists=["ids"])
            wanted = {"match": values["match"], "ids": [row["id"] for row in found]}
            marked = {row.id: row.marked for row in connection.execute(marking, wanted)}
        return [
            SearchHit(
                row["document_id"],
                row["key"],
                row["version_id"],
                row["block"],
                row["heading"],
                tuple(row["categories"].split()),
                row["text"],
                _marks(marked.get(row["id"], ""), row["text"], query),
            )
            for row in found
        ]

    def indexed(self) -> dict[int, tuple[int, str]]:
        """Documents that can be searched: the version that their rows are of, and what these were made from."""
        with self._reading() as connection:
            return {row.document_id: (row.version_id, row.basis) for row in connection.execute(_BASES)}

    def indexed_version(self, document_id: int) -> tuple[int, str] | None:
        """The same of one document, None where it cannot be searched."""
        with self._reading() as connection:
            row = connection.execute(_BASIS, {"document_id": document_id}).first()
        return None if row is None else (row.version_id, row.basis)


class IndexSection(SearchSection, TransactionSection):
    """The transaction's part that keeps what is searched current."""

    def index_version(self, document_id: int, version_id: int, rows: Sequence[ClauseRow], *, basis: str) -> None:
        """This version is what a search finds of the document from now on, in place of what it found before.

        Parameters:
            basis: names what the rows were made from; who finds another one there makes them anew.
        """
        # First: of two processes that index the document at once the second waits here, and then sees the other's rows.
        named = {"document_id": document_id, "version_id": version_id, "basis": basis}
        self._connection.execute(_SET_BASIS, named)
        self._connection.execute(_DROP_ROWS, {"document_id": document_id})
        values = [
            {
                "document_id": document_id,
                "version_id": version_id,
                "block": row.block,
                "heading": row.heading,
                "categories": f" {' '.join(row.categories)} " if row.categories else "",
                "text": _indexable(row.text),
            }
            for row in rows
        ]
        if values:
            self._connection.execute(_ADD_ROW, values)

    def drop_index(self, document_id: int) -> None:
        """Nothing of the document is found any more: it has no version."""
        self._connection.execute(_DROP_ROWS, {"document_id": document_id})
        self._connection.execute(_DROP_BASIS, {"document_id": document_id})


def _indexable(text: str) -> str:
    return _MARKS.sub(" ", text[:LONGEST_TEXT])


def _marks(marked: str, text: str, query: Query) -> tuple[tuple[int, int], ...]:
    """Where the marks are, as offsets into the text without them; words that only a space or so parts are one.

    PostgreSQL marks a text of the same length with other punctuation, but leaves words of more than 2,047 bytes out:
    then those words are marked that begin as one of the query does.
    """
    if len(_MARKS.sub("", marked)) != len(text):
        words = {word for wanted, _ in query.groups for term in wanted for word in term.split()}
        begins = "|".join(re.escape(word[: max(len(word) - 3, 4)]) for word in sorted(words))
        return tuple(match.span() for match in re.finditer(rf"\b(?:{begins})\w*", text, re.IGNORECASE))
    spans: list[tuple[int, int]] = []
    for seen, match in enumerate(_MARKS.finditer(marked)):
        place = match.start() - seen
        if match.group() == _CLOSE or (spans and place - spans[-1][1] <= 1):
            spans[-1] = (spans[-1][0], place)
        else:
            spans.append((place, place))
    return tuple(spans)
