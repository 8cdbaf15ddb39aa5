"""Vendors, documents and sources as configured, the documents' health, and their locks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, RowMapping

from storage.errors import RecordMissing
from storage.history import CHANGE_COLUMNS, VERSION_COLUMNS, change_record, version_record
from storage.records import (
    ChangeRecord,
    DocumentSpec,
    RegisterResult,
    SourceRecord,
    VendorSpec,
    VersionRecord,
    WatchedDocument,
)
from storage.section import StoreSection, TransactionSection
from storage.sql import select_where, sql

__all__ = ["DocumentSection", "RegistrySection"]

_VENDORS = sql("SELECT id, slug, name, home, tags FROM vendor")
_DOCUMENTS = sql("SELECT id, vendor_id, key, slug, type, name, language, active FROM document")
_SOURCES = sql("SELECT id, document_id, url, position, active FROM source")
_ADD_VENDOR = sql("INSERT INTO vendor (slug, name, home, tags) VALUES (:slug, :name, :home, :tags) RETURNING id")
_SET_VENDOR = sql("UPDATE vendor SET name = :name, home = :home, tags = :tags WHERE id = :id")
_ADD_DOCUMENT = sql("""
    INSERT INTO document (vendor_id, key, slug, type, name, language, active, failures, error_kind, locked_by)
    VALUES (:vendor_id, :key, :slug, :type, :name, :language, :active, 0, '', '') RETURNING id
    """)
_SET_DOCUMENT = sql("""
    UPDATE document SET vendor_id = :vendor_id, slug = :slug, type = :type, name = :name, language = :language,
                        active = :active
    WHERE id = :id
    """)
_RETIRE = sql("UPDATE document SET active = :active WHERE id IN :ids", lists=["ids"])
_ADD_SOURCE = sql("""
    INSERT INTO source (document_id, url, position, active, validators_key, last_quiet, last_recipe)
    VALUES (:document_id, :url, :position, :active, '', '', '')
    """)
_SET_SOURCE = sql("UPDATE source SET position = :position, active = :active WHERE id = :id")
_LOCK_REGISTRY = sql("LOCK TABLE vendor IN SHARE ROW EXCLUSIVE MODE")

_WATCHED = """
    SELECT d.id, d.key, d.slug, d.type, d.name, d.language, d.active, d.last_checked, d.last_verified,
           d.failing_since, d.failures, d.error_kind, d.unstable_since, d.pending_capture_id,
           v.slug AS vendor_slug, v.name AS vendor_name, v.home AS vendor_home, v.tags
    FROM document d JOIN vendor v ON v.id = d.vendor_id
    """
_OF_DOCUMENTS = "document_id IN (SELECT d.id FROM document d"
_WATCHED_SOURCES = """
    SELECT id, document_id, url, position, active, etag, last_modified, validators_key, last_quiet, last_recipe
    FROM source
    """
_LATEST = """
    JOIN (SELECT document_id AS of_document, max(position) AS last FROM version GROUP BY document_id) latest
      ON latest.of_document = version.document_id AND latest.last = version.position
    """
_LAST_VERSIONS = VERSION_COLUMNS + _LATEST
_VERSION_COUNTS = "SELECT document_id, count(*) AS number FROM version"
_CHANGE_COUNTS = "SELECT document_id, count(*) AS number FROM change"
_LAST_CHANGES = (
    CHANGE_COLUMNS
    + ", 0 AS clause_count FROM version"
    + _LATEST
    + "JOIN change ON change.to_version_id = version.id JOIN version before ON before.id = change.from_version_id"
)

_LOCK = {
    True: sql(
        """
        UPDATE document SET locked_until = :locked_until, locked_by = :owner
        WHERE id IN :ids AND (locked_until IS NULL OR locked_until <= :now OR locked_by = :owner)
        RETURNING id
        """,
        lists=["ids"],
    ),
    # SKIP LOCKED: two processes that ask for overlapping sets would wait for each other
    False: sql(
        """
        UPDATE document SET locked_until = :locked_until, locked_by = :owner
        WHERE id IN (
            SELECT id FROM document
            WHERE id IN :ids AND (locked_until IS NULL OR locked_until <= :now OR locked_by = :owner)
            ORDER BY id FOR UPDATE SKIP LOCKED
        )
        RETURNING id
        """,
        lists=["ids"],
    ),
}
_UNLOCK = sql(
    "UPDATE document SET locked_until = NULL, locked_by = '' WHERE id IN :ids AND locked_by = :owner", lists=["ids"]
)

_IN_STATE = sql("""
    SELECT d.key FROM version v JOIN document d ON d.id = v.document_id
    WHERE v.fingerprint = :fingerprint AND d.id <> :document_id AND d.active
      AND v.position = (SELECT max(other.position) FROM version other WHERE other.document_id = v.document_id)
    ORDER BY d.key
    """)

_SET_PENDING = sql("UPDATE document SET pending_capture_id = :capture_id WHERE id = :id")
_SET_UNSTABLE = sql("UPDATE document SET unstable_since = :unstable_since WHERE id = :id")
_SET_LANGUAGE = sql("UPDATE document SET language = :language WHERE id = :id")
_UPDATE_SOURCE = sql("""
    UPDATE source SET etag = :etag, last_modified = :last_modified, validators_key = :validators_key,
                      last_quiet = :last_quiet, last_recipe = :last_recipe
    WHERE id = :id
    """)


class RegistrySection(StoreSection):
    """The store's part that knows what is watched."""

    def register(self, vendors: Sequence[VendorSpec]) -> RegisterResult:
        """Make the database's vendors, documents and sources those of the configuration.

        Idempotent, and writes nothing when nothing changed. What is no longer configured becomes inactive and keeps
        its history. A document's language that the configuration leaves open is not overwritten.
        """
        with self._reading() as connection:
            if not _Registration(connection, vendors, dry=True).run().wrote:
                return _Registration(connection, vendors, dry=True).run()
        with self._writing() as connection:
            if not self._database.sqlite:
                connection.execute(_LOCK_REGISTRY)  # one at a time, or two would add the same vendor
            return _Registration(connection, vendors, dry=False).run()

    def documents(self, keys: Sequence[str] | None = None, *, active: bool | None = True) -> list[WatchedDocument]:
        """Documents with their sources, current version, last change and counts, in order of their keys.

        The number of statements does not depend on the number of documents.

        Parameters:
            keys: only these ("vendor" or "vendor/document"); unknown ones are left out.
            active: None is all.
        """
        conditions, values, lists = _selection(keys, active)
        inner = _OF_DOCUMENTS + " JOIN vendor v ON v.id = d.vendor_id"
        inner += (" WHERE " + " AND ".join(conditions) if conditions else "") + ")"
        with self._reading() as connection:

            def rows(select: str, condition: str, rest: str = "") -> Sequence[RowMapping]:
                return connection.execute(select_where(select, [condition], rest, lists=lists), values).mappings().all()

            watched = connection.execute(select_where(_WATCHED, conditions, "ORDER BY d.key", lists=lists), values)
            found = watched.mappings().all()
            sources: dict[int, list[SourceRecord]] = defaultdict(list)
            for row in rows(_WATCHED_SOURCES, f"active AND {inner}", "ORDER BY position, id"):
                sources[row["document_id"]].append(SourceRecord(**row))
            current = {row["document_id"]: version_record(row) for row in rows(_LAST_VERSIONS, f"version.{inner}")}
            last = {row["document_id"]: change_record(row) for row in rows(_LAST_CHANGES, f"version.{inner}")}
            counted = "GROUP BY document_id"
            versions = {row["document_id"]: row["number"] for row in rows(_VERSION_COUNTS, inner, counted)}
            changes = {row["document_id"]: row["number"] for row in rows(_CHANGE_COUNTS, inner, counted)}
        return [_watched(row, sources, current, last, versions, changes) for row in found]

    def document(self, key: str) -> WatchedDocument:
        """One document by its key, active or not.

        Raises:
            RecordMissing: there is none.
        """
        found = [document for document in self.documents([key], active=None) if document.key == key]
        if not found:
            raise RecordMissing(f"there is no document {key!r}")
        return found[0]

    def document_keys(self) -> dict[str, int]:
        """The keys of all documents, inactive ones too, with their ids."""
        with self._reading() as connection:
            return {row.key: row.id for row in connection.execute(sql("SELECT key, id FROM document ORDER BY key"))}

    def documents_in_state(self, fingerprint: str, *, besides: int) -> list[str]:
        """Keys of the other watched documents whose current version is in this state."""
        with self._reading() as connection:
            values = {"fingerprint": fingerprint, "document_id": besides}
            return list(connection.execute(_IN_STATE, values).scalars())

    def lock_documents(self, ids: Iterable[int], owner: str, ttl: float, *, now: datetime | None = None) -> list[int]:
        """Take documents for one owner, across processes and machines.

        Parameters:
            ttl: seconds after which the lock is void, should the owner die. Asking again prolongs it.

        Returns:
            The ids that were got; the others are in another's hands.
        """
        wanted = sorted(set(ids))
        if not wanted:
            return []
        moment = now or datetime.now(UTC)
        values = {"ids": wanted, "owner": owner, "now": moment, "locked_until": moment + timedelta(seconds=ttl)}
        with self._writing() as connection:
            return sorted(connection.execute(_LOCK[self._database.sqlite], values).scalars())

    def unlock(self, ids: Iterable[int], owner: str) -> None:
        """Give documents back. Those that another owner has by now are left alone."""
        wanted = sorted(set(ids))
        if wanted:
            with self._writing() as connection:
                connection.execute(_UNLOCK, {"ids": wanted, "owner": owner})


class DocumentSection(TransactionSection):
    """The transaction's part that writes on documents and sources."""

    def unlock(self, document_id: int, owner: str) -> None:
        """Give a document back together with what is written about it."""
        self._connection.execute(_UNLOCK, {"ids": [document_id], "owner": owner})

    def set_pending(self, document_id: int, capture_id: int | None) -> None:
        """A new state that waits for a second sight, or none."""
        self._connection.execute(_SET_PENDING, {"id": document_id, "capture_id": capture_id})

    def set_unstable(self, document_id: int, since: datetime | None) -> None:
        self._connection.execute(_SET_UNSTABLE, {"id": document_id, "unstable_since": since})

    def set_language(self, document_id: int, language: str) -> None:
        """As first seen, where the configuration leaves it open."""
        self._connection.execute(_SET_LANGUAGE, {"id": document_id, "language": language})

    def update_source(
        self,
        source_id: int,
        *,
        etag: str | None,
        last_modified: str | None,
        validators_key: str,
        last_quiet: str,
        last_recipe: str,
    ) -> None:
        """What the next request may ask, and what the "unchanged" short cut compares with.

        Only for an answer that was read and believed: a short cut that compares with a page that failed would turn
        the failure into "unchanged".
        """
        values = {
            "id": source_id,
            "etag": etag,
            "last_modified": last_modified,
            "validators_key": validators_key,
            "last_quiet": last_quiet,
            "last_recipe": last_recipe,
        }
        self._connection.execute(_UPDATE_SOURCE, values)


class _Registration:
    """Compares configuration and database, and writes the differences unless `dry`."""

    def __init__(self, connection: Connection, vendors: Sequence[VendorSpec], *, dry: bool) -> None:
        self.connection = connection
        self.configured = vendors
        self.dry = dry
        self.vendors = {row.slug: row for row in connection.execute(_VENDORS)}
        self.documents = {row.key: row for row in connection.execute(_DOCUMENTS)}
        self.sources: dict[int, dict[str, Row[Any]]] = defaultdict(dict)
        for row in connection.execute(_SOURCES):
            self.sources[row.document_id][row.url] = row
        self.added: list[str] = []
        self.changed: list[str] = []
        self.revived: list[str] = []
        self.ids: dict[str, int] = {}

    def run(self) -> RegisterResult:
        for vendor in self.configured:
            vendor_id, touched = self._vendor(vendor)
            for document in vendor.documents:
                self._document(vendor_id, f"{vendor.slug}/{document.slug}", document, touched)
        seen = {*self.ids, *self.added}
        retired = [row for key, row in sorted(self.documents.items()) if row.active and key not in seen]
        if retired and not self.dry:
            self.connection.execute(_RETIRE, {"active": False, "ids": [row.id for row in retired]})
        return RegisterResult(
            tuple(self.added),
            tuple(self.changed),
            tuple(row.key for row in retired),
            tuple(self.revived),
            self.ids,
        )

    def _vendor(self, vendor: VendorSpec) -> tuple[int | None, bool]:
        """The vendor's id, None for one that a dry run did not add, and whether it was changed."""
        known = self.vendors.get(vendor.slug)
        values = {"slug": vendor.slug, "name": vendor.name, "home": vendor.home, "tags": list(vendor.tags)}
        if known is None:
            if self.dry:
                return None, False
            return self.connection.execute(_ADD_VENDOR, values).scalar_one(), False
        if (known.name, known.home, list(known.tags)) == (vendor.name, vendor.home, list(vendor.tags)):
            return known.id, False
        if not self.dry:
            self.connection.execute(_SET_VENDOR, values | {"id": known.id})
        return known.id, True

    def _document(self, vendor_id: int | None, key: str, document: DocumentSpec, touched: bool) -> None:
        known = self.documents.get(key)
        values = {
            "vendor_id": vendor_id,
            "key": key,
            "slug": document.slug,
            "type": document.type,
            "name": document.name,
            "language": document.language or (known.language if known else ""),
            "active": True,
        }
        if known is None:
            self.added.append(key)
            if not self.dry:
                self.ids[key] = self.connection.execute(_ADD_DOCUMENT, values).scalar_one()
                self._sources(self.ids[key], document)
            return
        self.ids[key] = known.id
        differs = any(getattr(known, name) != value for name, value in values.items())
        if differs and not self.dry:
            self.connection.execute(_SET_DOCUMENT, values | {"id": known.id})
        differs = self._sources(known.id, document) or differs
        if not known.active:
            self.revived.append(key)
        elif differs or touched:
            self.changed.append(key)

    def _sources(self, document_id: int, document: DocumentSpec) -> bool:
        known = self.sources.get(document_id, {})
        wanted = {source.url: position for position, source in enumerate(document.sources)}
        differs = False
        for url, position in wanted.items():
            row = known.get(url)
            if row is not None and (row.position, row.active) == (position, True):
                continue
            differs = True
            values = {"document_id": document_id, "url": url, "position": position, "active": True}
            self._write_source(row, values)
        for url, row in known.items():
            if url not in wanted and row.active:
                differs = True
                self._write_source(row, {"position": row.position, "active": False})
        return differs

    def _write_source(self, known: Row[Any] | None, values: dict[str, Any]) -> None:
        if self.dry:
            return
        if known is None:
            self.connection.execute(_ADD_SOURCE, values)
        else:
            self.connection.execute(
                _SET_SOURCE, {"id": known.id, "position": values["position"], "active": values["active"]}
            )


def _selection(keys: Sequence[str] | None, active: bool | None) -> tuple[list[str], dict[str, Any], list[str]]:
    conditions: list[str] = []
    values: dict[str, Any] = {}
    lists: list[str] = []
    if keys is not None:
        conditions.append("(d.key IN :keys OR v.slug IN :keys)")
        values["keys"] = list(keys)
        lists.append("keys")
    if active is not None:
        conditions.append("d.active = :active")
        values["active"] = active
    return conditions, values, lists


def _watched(
    row: RowMapping,
    sources: dict[int, list[SourceRecord]],
    current: dict[int, VersionRecord],
    last: dict[int, ChangeRecord],
    versions: dict[int, int],
    changes: dict[int, int],
) -> WatchedDocument:
    values = dict(row)
    tags = tuple(values.pop("tags"))
    document_id = row["id"]
    return WatchedDocument(
        **values,
        vendor_tags=tags,
        sources=tuple(sources[document_id]),
        current=current.get(document_id),
        versions=versions.get(document_id, 0),
        changes=changes.get(document_id, 0),
        last_change=last.get(document_id),
    )
