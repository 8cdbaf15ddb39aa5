"""The pace of archives, shared by all processes on one database; and where an archived redirect led."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive_turn",
        sa.Column("archive", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("next_turn", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("archive", "endpoint", name=op.f("pk_archive_turn")),
    )
    op.create_table(
        "archive_health",
        sa.Column("archive", sa.String(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("archive", name=op.f("pk_archive_health")),
    )
    op.add_column("archive_listing", sa.Column("location", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("archive_listing", "location")
    op.drop_table("archive_health")
    op.drop_table("archive_turn")
