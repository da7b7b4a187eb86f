"""Count the deliveries of a week without reading those of all years."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SUMMED = {"autosummarize": "on"}


def upgrade() -> None:
    """Add what is new."""
    op.create_index("ix_delivery_next_at", "delivery", ["next_at"], postgresql_using="brin", postgresql_with=SUMMED)


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_delivery_next_at", "delivery")
