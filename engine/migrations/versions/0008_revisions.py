"""Give the studio its tables: drafts of programmes, their files, authors and steps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add what is new."""
    op.create_table(
        "revision",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), sa.ForeignKey("deployment.digest", name="fk_revision_base")),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("saves", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("based", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("opened_by", sa.Uuid(), sa.ForeignKey("person.id", name="fk_revision_opened_by"), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("submitted_by", sa.Uuid(), sa.ForeignKey("person.id", name="fk_revision_submitted_by")),
        sa.Column("submitted_at", INSTANT),
        sa.Column("digest", sa.Text()),
        sa.Column("instance", sa.Uuid(), sa.ForeignKey("instance.id", name="fk_revision_instance")),
        sa.Column("decided_by", sa.Uuid(), sa.ForeignKey("person.id", name="fk_revision_decided_by")),
        sa.Column("decided_at", INSTANT),
        sa.Column("opinion", sa.Text()),
        sa.Column("closed_at", INSTANT),
        sa.Column("closed_by", sa.Uuid(), sa.ForeignKey("person.id", name="fk_revision_closed_by")),
        sa.Column("deployment", sa.Text(), sa.ForeignKey("deployment.digest", name="fk_revision_deployment")),
        sa.UniqueConstraint("deployment", name="uq_revision_deployment"),
    )
    op.create_index("ix_revision_programme", "revision", ["programme"])
    op.create_index("ix_revision_instance", "revision", ["instance"])
    op.create_index("ix_revision_open", "revision", ["programme"], postgresql_where=sa.text("closed_at IS NULL"))
    op.create_table(
        "revision_file",
        _of_revision("revision_file", primary_key=True),
        sa.Column("path", sa.Text(), primary_key=True),
        sa.Column("resource", sa.Text(), sa.ForeignKey("resource.digest", name="fk_revision_file_resource")),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_by", sa.Uuid(), sa.ForeignKey("person.id", name="fk_revision_file_saved_by"), nullable=False),
        sa.Column("saved_at", INSTANT, nullable=False),
    )
    op.create_table(
        "revision_author",
        _of_revision("revision_author", primary_key=True),
        sa.Column("person", sa.Uuid(), sa.ForeignKey("person.id", name="fk_revision_author_person"), primary_key=True),
    )
    op.create_table(
        "revision_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        _of_revision("revision_step", nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("person", sa.Uuid(), sa.ForeignKey("person.id", name="fk_revision_step_person")),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("differences", postgresql.JSONB()),
    )
    op.create_index("ix_revision_step_revision", "revision_step", ["revision"])


def downgrade() -> None:
    """Take it away again."""
    for table in ("revision_step", "revision_author", "revision_file", "revision"):
        op.drop_table(table)


def _of_revision(table: str, **more: bool) -> "sa.Column[object]":
    foreign = sa.ForeignKey("revision.id", name=f"fk_{table}_revision")
    return sa.Column("revision", sa.Uuid(), foreign, **more)  # type: ignore[arg-type]
