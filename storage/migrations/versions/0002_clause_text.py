"""The text of current versions by block, for full-text search.

What searches is each database's own and has one name on both, clause_text_fts: on SQLite an FTS5 table over
clause_text, kept current by triggers; on PostgreSQL a GIN index. Both stem English and know no stop words, for "not",
"may" and "without" are what policies turn on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SQLITE = (
    """
    CREATE VIRTUAL TABLE clause_text_fts USING fts5(
        text, content = 'clause_text', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 0'
    )
    """,
    """
    CREATE TRIGGER clause_text_added AFTER INSERT ON clause_text BEGIN
        INSERT INTO clause_text_fts (rowid, text) VALUES (new.id, new.text);
    END
    """,
    """
    CREATE TRIGGER clause_text_dropped AFTER DELETE ON clause_text BEGIN
        INSERT INTO clause_text_fts (clause_text_fts, rowid, text) VALUES ('delete', old.id, old.text);
    END
    """,
)
# Two things make PostgreSQL find what SQLite finds: no dictionary of stop words, and punctuation inside words as a
# space, for its parser takes "third-party", "acme.example" and "a@acme.example" for words of their own kinds, and
# in a database whose locale is C everything that is not ASCII for letters.
_JOINS = "-_./@\\:''’&<>+%#=~|‐‑–—“”„‟‘‚‹›«»…•·§©®™°×→¶†‡\u00a0\u3000\ufffd"
_POSTGRESQL = (
    "CREATE TEXT SEARCH DICTIONARY clausewatch_english (TEMPLATE = snowball, Language = english)",
    "CREATE TEXT SEARCH CONFIGURATION clausewatch (COPY = simple)",
    "ALTER TEXT SEARCH CONFIGURATION clausewatch ALTER MAPPING FOR asciiword, word, numword WITH clausewatch_english",
    f"""
    CREATE FUNCTION clausewatch_plain(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT translate(given, '{_JOINS}', '{" " * len(_JOINS)}') $$
    """,
    "CREATE INDEX clause_text_fts ON clause_text USING gin (to_tsvector('clausewatch', clausewatch_plain(text)))",
)


def upgrade() -> None:
    op.create_table(
        "clause_index",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_clause_index_document_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_clause_index")),
    )
    op.create_table(
        "clause_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("heading", sa.String(), nullable=False),
        sa.Column("categories", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_clause_text_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clause_text")),
    )
    op.create_index("ix_clause_text_document_id", "clause_text", ["document_id"])
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE clause_text_fts")
    op.drop_table("clause_text")
    op.drop_table("clause_index")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION clausewatch_plain(text)")
        op.execute("DROP TEXT SEARCH CONFIGURATION clausewatch")
        op.execute("DROP TEXT SEARCH DICTIONARY clausewatch_english")
