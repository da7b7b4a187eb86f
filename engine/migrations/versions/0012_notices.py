"""Give notices their tables: what people are told, over which channel, and how each try went."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

QUEUED = sa.text("state = 'queued'")


def upgrade() -> None:
    """Add what is new."""
    _contact()
    _notice()
    _sending()


def downgrade() -> None:
    """Take it away again."""
    for table in ("sending", "notice", "contact"):
        op.drop_table(table)


def _contact() -> None:
    op.create_table(
        "contact",
        sa.Column("person", sa.Uuid(), sa.ForeignKey("person.id", name="fk_contact_person"), primary_key=True),
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bounced_at", sa.DateTime(timezone=True)),
        sa.Column("bounce", sa.Text()),
    )


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("person", sa.Uuid(), sa.ForeignKey("person.id", name="fk_notice_person"), nullable=False),
        sa.Column("event", sa.BigInteger(), sa.ForeignKey("event.id", name="fk_notice_event"), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("event", "person", name="uq_notice_event_person"),
    )
    op.create_index("ix_notice_person_id", "notice", ["person", "id"])
    op.create_index("ix_notice_unread", "notice", ["person"], postgresql_where=sa.text("read_at IS NULL"))


def _sending() -> None:
    op.create_table(
        "sending",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("notice", sa.BigInteger(), sa.ForeignKey("notice.id", name="fk_sending_notice"), nullable=False),
        sa.Column("person", sa.Uuid(), sa.ForeignKey("person.id", name="fk_sending_person"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("digest", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text()),
        sa.UniqueConstraint("notice", "channel", name="uq_sending_notice_channel"),
    )
    op.create_index("ix_sending_queued", "sending", ["next_at", "id"], postgresql_where=QUEUED)
    op.create_index("ix_sending_person_queued", "sending", ["person", "channel"], postgresql_where=QUEUED)
