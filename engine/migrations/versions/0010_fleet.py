"""Give the operations view its tables: batches over many instances, and versions that stand still."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new."""
    op.create_table(
        "errand",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), sa.ForeignKey("person.id", name="fk_errand_asked_by"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.Uuid(), sa.ForeignKey("person.id", name="fk_errand_answered_by")),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_errand_programme", "errand", ["programme"])
    op.create_index("ix_errand_running", "errand", ["asked_at"], postgresql_where=sa.text("state = 'running'"))
    _items()
    _standstills()


def downgrade() -> None:
    """Take it away again."""
    for table in ("standstill_case", "standstill", "errand_item", "errand"):
        op.drop_table(table)


def _items() -> None:
    op.create_table(
        "errand_item",
        sa.Column("errand", sa.Uuid(), sa.ForeignKey("errand.id", name="fk_errand_item_errand"), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("instance", sa.Uuid(), sa.ForeignKey("instance.id", name="fk_errand_item_instance"), nullable=False),
        sa.Column("task", sa.Uuid()),
        sa.Column("incident", sa.BigInteger()),
        sa.Column("element", sa.Text()),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("fault", sa.Text()),
        sa.Column("why", postgresql.JSONB()),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_errand_item_instance", "errand_item", ["instance"])
    waiting = sa.text("state = 'waiting'")
    op.create_index("ix_errand_item_waiting", "errand_item", ["errand", "position"], postgresql_where=waiting)


def _standstills() -> None:
    digest = sa.ForeignKey("deployment.digest", name="fk_standstill_deployment")
    op.create_table(
        "standstill",
        sa.Column("deployment", sa.Text(), digest, primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Uuid(), sa.ForeignKey("person.id", name="fk_standstill_by"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    case = sa.ForeignKey("instance.id", name="fk_standstill_case_instance")
    version = sa.ForeignKey("standstill.deployment", name="fk_standstill_case_deployment")
    op.create_table(
        "standstill_case",
        sa.Column("instance", sa.Uuid(), case, primary_key=True),
        sa.Column("deployment", sa.Text(), version, nullable=False),
    )
    op.create_index("ix_standstill_case_deployment", "standstill_case", ["deployment"])
