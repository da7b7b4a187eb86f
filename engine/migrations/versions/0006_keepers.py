"""Remember everybody who handed the same evidence in: each may read it back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the keepers of evidence, whoever was the first of them."""
    op.add_column(
        "evidence",
        sa.Column("keepers", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.execute("UPDATE evidence SET keepers = ARRAY[kept_by] WHERE kept_by IS NOT NULL")


def downgrade() -> None:
    """Forget all but the first."""
    op.drop_column("evidence", "keepers")
