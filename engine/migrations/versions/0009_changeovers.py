"""Give changeovers their tables: how each running instance stands to a new version, and what it was before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add what is new."""
    op.create_table(
        "changeover",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("files", postgresql.JSONB(), nullable=False),
        _to("changeover", "revision", "revision.id"),
        _to("changeover", "rehearsed_by", "person.id", nullable=False),
        sa.Column("rehearsed_at", INSTANT, nullable=False),
    )
    op.create_index("ix_changeover_revision", "changeover", ["revision"])
    op.create_index("ix_changeover_programme_digest", "changeover", ["programme", "digest"])
    op.create_table(
        "changeover_group",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _to("changeover_group", "changeover", "changeover.id", nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _to("changeover_group", "deployment", "deployment.digest", nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("steps", postgresql.JSONB(), nullable=False),
        sa.Column("plan", sa.String(20)),
        sa.Column("choices", postgresql.JSONB(), nullable=False),
        sa.Column("accepts", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("apart", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("refusal", postgresql.JSONB()),
        _to("changeover_group", "decided_by", "person.id"),
        sa.Column("decided_at", INSTANT),
        _to("changeover_group", "asked_by", "person.id"),
        sa.Column("asked_at", INSTANT),
    )
    op.create_index("ix_changeover_group_changeover", "changeover_group", ["changeover"])
    waiting = sa.text("state IN ('queued', 'undoing')")
    op.create_index("ix_changeover_group_asked", "changeover_group", ["asked_at"], postgresql_where=waiting)
    op.create_table(
        "changeover_row",
        _to("changeover_row", "changeover", "changeover.id", primary_key=True),
        _to("changeover_row", "instance", "instance.id", primary_key=True),
        _to("changeover_row", "group_id", "changeover_group.id", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("before", postgresql.JSONB()),
        sa.Column("envelope", sa.LargeBinary()),
        sa.Column("after", postgresql.JSONB()),
        sa.Column("carried", sa.Integer()),
        sa.Column("mark", sa.BigInteger()),
        sa.Column("outcome", sa.Text()),
    )
    op.create_index("ix_changeover_row_instance", "changeover_row", ["instance"])
    op.create_index("ix_changeover_row_group_id", "changeover_row", ["group_id"])


def downgrade() -> None:
    """Take it away again."""
    for table in ("changeover_row", "changeover_group", "changeover"):
        op.drop_table(table)


def _to(table: str, column: str, target: str, **more: bool) -> "sa.Column[object]":
    kind = sa.Text() if target == "deployment.digest" else sa.Uuid()
    return sa.Column(column, kind, sa.ForeignKey(target, name=f"fk_{table}_{column}"), **more)  # type: ignore[arg-type]
