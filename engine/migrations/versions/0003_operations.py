"""What operations on instances need: kinds of waits, start events, signals, and the variables of then."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WAIT_KIND = sa.Enum("message", "signal", "condition", "timer", name="waitkind", native_enum=False, length=20)
INCIDENT_KIND = sa.Enum("step", "timer", "signal", "assignment", name="incidentkind", native_enum=False, length=20)


def upgrade() -> None:
    """Widen what is there, then create the new tables."""
    _subscriptions()
    _incidents()
    op.add_column("task", sa.Column("entered", sa.Integer(), nullable=True))
    op.add_column("history", sa.Column("version", sa.Integer(), nullable=True))
    op.add_column("history", sa.Column("scope", sa.Uuid(), nullable=True))
    _changes()
    _start_events()
    _signals()


def _subscriptions() -> None:
    op.alter_column("subscription", "message", new_column_name="name")
    op.add_column("subscription", sa.Column("kind", WAIT_KIND, nullable=False, server_default="message"))
    op.alter_column("subscription", "kind", server_default=None)
    op.execute("ALTER INDEX ix_subscription_message_correlation RENAME TO ix_subscription_name_correlation")


def _incidents() -> None:
    """Add the kind; an incident whose timer stands in the table is the timer's."""
    op.add_column("incident", sa.Column("kind", INCIDENT_KIND, nullable=False, server_default="step"))
    op.execute(
        "UPDATE incident SET kind = 'timer' WHERE state = 'open' AND EXISTS"
        " (SELECT 1 FROM timer WHERE timer.task = incident.task AND timer.element = incident.element)"
    )
    op.alter_column("incident", "kind", server_default=None)


def _changes() -> None:
    op.create_table(
        "change",
        sa.Column("instance", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("undo", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["instance"], ["instance.id"], name=op.f("fk_change_instance")),
        sa.PrimaryKeyConstraint("instance", "version", name=op.f("pk_change")),
    )


def _start_events() -> None:
    op.create_table(
        "start_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("kind", WAIT_KIND, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wait", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["deployment"], ["deployment.digest"], name=op.f("fk_start_event_deployment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_start_event")),
        sa.UniqueConstraint("programme", "process", "element", name=op.f("uq_start_event_programme_process_element")),
    )


def _signals() -> None:
    op.create_table(
        "signal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_signal_source_external_id")),
    )
    op.create_table(
        "signal_copy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("signal", sa.Uuid(), nullable=False),
        sa.Column("instance", sa.Uuid(), nullable=True),
        sa.Column("subscription", sa.BigInteger(), nullable=True),
        sa.Column("start_event", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["instance"], ["instance.id"], name=op.f("fk_signal_copy_instance")),
        sa.ForeignKeyConstraint(["signal"], ["signal.id"], name=op.f("fk_signal_copy_signal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_copy")),
    )
    op.create_index(op.f("ix_signal_copy_instance"), "signal_copy", ["instance"], unique=False)
