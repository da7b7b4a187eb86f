"""Find a person's lists by an index, however long they are."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index what is free by seat and due moment, and what is done by person and moment."""
    free = sa.text("state = 'open' AND assignee IS NULL")
    op.create_index("ix_task_free", "task", ["role", "organisation", "due_at", "id"], postgresql_where=free)
    op.create_index("ix_task_ended_by_ended_at", "task", ["ended_by", "ended_at", "id"])
    op.drop_index("ix_task_open", table_name="task")
    op.drop_index("ix_task_ended_by", table_name="task")


def downgrade() -> None:
    """Return to the indexes of before."""
    opened = sa.text("state = 'open'")
    op.create_index("ix_task_open", "task", ["role", "organisation", "due_at"], postgresql_where=opened)
    op.create_index("ix_task_ended_by", "task", ["ended_by"])
    op.drop_index("ix_task_ended_by_ended_at", table_name="task")
    op.drop_index("ix_task_free", table_name="task")
