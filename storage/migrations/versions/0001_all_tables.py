"""All tables.

Revision: 0001, the first
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "extraction_text",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_extraction_text")),
    )
    op.create_table(
        "payload",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("base", sa.String(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["base"], ["payload.sha256"], name=op.f("fk_payload_base")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_payload")),
    )
    op.create_index("ix_payload_base", "payload", ["base"])

    op.create_table(
        "vendor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("home", sa.String(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor")),
        sa.UniqueConstraint("slug", name=op.f("uq_vendor_slug")),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vendor_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("last_checked", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_verified", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error_kind", sa.String(), nullable=False),
        sa.Column("unstable_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pending_capture_id", sa.Integer(), nullable=True),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locked_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_document_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("key", name=op.f("uq_document_key")),
    )
    op.create_index("ix_document_vendor_id", "document", ["vendor_id"])

    op.create_table(
        "extraction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payload", sa.String(), nullable=False),
        sa.Column("recipe", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("gate", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["payload"], ["payload.sha256"], name=op.f("fk_extraction_payload")),
        sa.ForeignKeyConstraint(["text"], ["extraction_text.sha256"], name=op.f("fk_extraction_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extraction")),
        sa.UniqueConstraint("payload", "recipe", name=op.f("uq_extraction_payload_recipe")),
    )
    op.create_index("ix_extraction_fingerprint", "extraction", ["fingerprint"])
    op.create_index("ix_extraction_text", "extraction", ["text"])

    op.create_table(
        "source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("last_modified", sa.String(), nullable=True),
        sa.Column("validators_key", sa.String(), nullable=False),
        sa.Column("last_quiet", sa.String(), nullable=False),
        sa.Column("last_recipe", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_source_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("document_id", "url", name=op.f("uq_source_document_id_url")),
    )
    op.create_index("ix_source_document_id", "source", ["document_id"])
    op.create_index("ix_source_url", "source", ["url"])

    op.create_table(
        "archive_cursor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("archive", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("until", sa.String(), nullable=False),
        sa.Column("resume_key", sa.String(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("malformed", sa.Integer(), nullable=False),
        sa.Column("last_listed", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_full", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_archive_cursor_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_cursor")),
        sa.UniqueConstraint("source_id", "archive", "url", name=op.f("uq_archive_cursor_source_id_archive_url")),
    )
    op.create_table(
        "capture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archive", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("final_url", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("hops", sa.JSON(), nullable=False),
        sa.Column("payload", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("memento_url", sa.String(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["payload"], ["payload.sha256"], name=op.f("fk_capture_payload")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_capture_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture")),
        sa.UniqueConstraint(
            "source_id",
            "archive",
            "time",
            "url",
            "status",
            "digest",
            name=op.f("uq_capture_source_id_archive_time_url_status_digest"),
        ),
    )
    op.create_index("ix_capture_payload", "capture", ["payload"])
    op.create_index("ix_capture_source_time", "capture", ["source_id", "time"])

    op.create_table(
        "archive_listing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cursor_id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("mime", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("retry_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("capture_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["capture_id"], ["capture.id"], name=op.f("fk_archive_listing_capture_id")),
        sa.ForeignKeyConstraint(["cursor_id"], ["archive_cursor.id"], name=op.f("fk_archive_listing_cursor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_listing")),
        sa.UniqueConstraint(
            "cursor_id",
            "timestamp",
            "url",
            "status",
            "digest",
            name=op.f("uq_archive_listing_cursor_id_timestamp_url_status_digest"),
        ),
    )
    op.create_index("ix_listing_cursor_timestamp", "archive_listing", ["cursor_id", "timestamp"])

    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("extraction_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["capture_id"], ["capture.id"], name=op.f("fk_hold_capture_id")),
        sa.ForeignKeyConstraint(["extraction_id"], ["extraction.id"], name=op.f("fk_hold_extraction_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("capture_id", name=op.f("uq_hold_capture_id")),
    )
    op.create_table(
        "sighting",
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("extraction_id", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("believed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["capture_id"], ["capture.id"], name=op.f("fk_sighting_capture_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_sighting_document_id")),
        sa.ForeignKeyConstraint(["extraction_id"], ["extraction.id"], name=op.f("fk_sighting_extraction_id")),
        sa.PrimaryKeyConstraint("capture_id", name=op.f("pk_sighting")),
    )
    op.create_index("ix_sighting_document_time", "sighting", ["document_id", "time"])

    op.create_table(
        "version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("extractions", sa.JSON(), nullable=False),
        sa.Column("first_capture_id", sa.Integer(), nullable=False),
        sa.Column("last_capture_id", sa.Integer(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sightings", sa.Integer(), nullable=False),
        sa.Column("learned", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_version_document_id")),
        sa.ForeignKeyConstraint(["first_capture_id"], ["capture.id"], name=op.f("fk_version_first_capture_id")),
        sa.ForeignKeyConstraint(["last_capture_id"], ["capture.id"], name=op.f("fk_version_last_capture_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version")),
        sa.UniqueConstraint("document_id", "first_capture_id", name=op.f("uq_version_document_id_first_capture_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_version_document_id", "version", ["document_id"])
    op.create_index("ix_version_fingerprint", "version", ["fingerprint"])

    op.create_table(
        "change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("from_version_id", sa.Integer(), nullable=False),
        sa.Column("to_version_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("effective", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("announced", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_change_document_id")),
        sa.ForeignKeyConstraint(["from_version_id"], ["version.id"], name=op.f("fk_change_from_version_id")),
        sa.ForeignKeyConstraint(["to_version_id"], ["version.id"], name=op.f("fk_change_to_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        sa.UniqueConstraint("from_version_id", "to_version_id", name=op.f("uq_change_from_version_id_to_version_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_change_document_id", "change", ["document_id"])
    op.create_index("ix_change_to_version_id", "change", ["to_version_id"])

    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("change_id", sa.Integer(), nullable=True),
        sa.Column("message", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["change.id"], name=op.f("fk_alert_change_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_alert_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("key", name=op.f("uq_alert_key")),
    )
    op.create_index("ix_alert_change_id", "alert", ["change_id"])
    op.create_index("ix_alert_document_id", "alert", ["document_id"])
    op.create_index("ix_alert_route", "alert", ["route"])
    op.create_index("ix_alert_state_due", "alert", ["state", "due"])

    op.create_table(
        "check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("error_kind", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("wire_bytes", sa.BigInteger(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=True),
        sa.Column("change_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["capture_id"], ["capture.id"], name=op.f("fk_check_capture_id")),
        sa.ForeignKeyConstraint(["change_id"], ["change.id"], name=op.f("fk_check_change_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_check_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check")),
    )
    op.create_index(
        "ix_check_change",
        "check",
        ["change_id"],
        unique=False,
        sqlite_where=sa.text("change_id IS NOT NULL"),
        postgresql_where=sa.text("change_id IS NOT NULL"),
    )
    op.create_index("ix_check_document_started", "check", ["document_id", "started"])
    op.create_index("ix_check_outcome", "check", ["outcome"])
    op.create_index("ix_check_run_id", "check", ["run_id"])

    op.create_table(
        "clause_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("heading", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["change.id"], name=op.f("fk_clause_change_change_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clause_change")),
    )
    op.create_index("ix_clause_change_change_id", "clause_change", ["change_id"])

    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_delivery_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index("ix_delivery_alert_id", "delivery", ["alert_id"])


def downgrade() -> None:
    for table in (
        "delivery",
        "clause_change",
        "check",
        "alert",
        "change",
        "version",
        "sighting",
        "hold",
        "archive_listing",
        "capture",
        "archive_cursor",
        "source",
        "extraction",
        "document",
        "vendor",
        "payload",
        "extraction_text",
    ):
        op.drop_table(table)
