"""Give other systems their tables: endpoints of organisations, sources kept in pages, what arrived."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'pending' AND instance IS NOT NULL")
MOMENTS = ("overlap_until", "succeeded_at", "paused_until", "leased_until", "served_at", "disabled_at")


def upgrade() -> None:
    """Add what is new."""
    op.add_column("endpoint", sa.Column("name", sa.Text(), server_default="", nullable=False))
    op.add_column("endpoint", sa.Column("organisation", sa.Text(), nullable=True))
    op.add_column("endpoint", sa.Column("ordered", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("endpoint", sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False))
    for moment in MOMENTS:
        op.add_column("endpoint", sa.Column(moment, sa.DateTime(timezone=True), nullable=True))
    op.add_column("endpoint", sa.Column("disabled_why", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_endpoint_organisation"), "endpoint", "organisation", ["organisation"], ["id"])
    op.create_index(op.f("ix_endpoint_organisation"), "endpoint", ["organisation"])
    op.drop_column("delivery", "leased_until")
    op.add_column("delivery", sa.Column("instance", sa.Uuid(), nullable=True))
    op.execute("UPDATE delivery SET instance = event.instance FROM event WHERE event.id = delivery.event")
    op.create_index("ix_delivery_ordered", "delivery", ["endpoint", "instance", "event"], postgresql_where=OPEN)
    op.create_index(op.f("ix_message_source_received_at"), "message", ["source", "received_at"])
    op.create_table(
        "source",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("correlation", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("max_bytes", sa.Integer(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_source_changed_by")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_source")),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("source")
    op.drop_index(op.f("ix_message_source_received_at"), table_name="message")
    op.drop_index("ix_delivery_ordered", table_name="delivery", postgresql_where=OPEN)
    op.drop_column("delivery", "instance")
    op.add_column("delivery", sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
    op.drop_index(op.f("ix_endpoint_organisation"), table_name="endpoint")
    op.drop_constraint(op.f("fk_endpoint_organisation"), "endpoint", type_="foreignkey")
    for column in ("name", "organisation", "ordered", "failures", "disabled_why", *MOMENTS):
        op.drop_column("endpoint", column)
