"""Give the desk its tables: drafts, attachments, added signs, substitutes, what people keep for themselves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new."""
    _boundary_map()
    _feed()
    _preference()
    _saved_filter()
    _second_factor()
    _substitution()
    _attachment()
    _carbon_copy()
    _delegation()
    _draft()
    _rejection()
    _sign()
    _urge()
    _evidence()
    _history()
    _instance()
    _sign_in()
    _task()
    _fk_task_acted_for()
    _fk_task_answered_by()


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_task_open_due", table_name="task", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(
        "ix_task_free_name", table_name="task", postgresql_where=sa.text("state = 'open' AND assignee IS NULL")
    )
    op.drop_index(
        "ix_task_free_created_at", table_name="task", postgresql_where=sa.text("state = 'open' AND assignee IS NULL")
    )
    op.drop_column("task", "bindings")
    op.drop_column("task", "answered_by")
    op.drop_column("task", "acted_for")
    op.drop_column("sign_in", "address")
    op.drop_column("sign_in", "device")
    op.drop_index("ix_instance_started_by_started_at", table_name="instance")
    op.drop_column("history", "origins")
    for table in (
        "urge",
        "sign",
        "rejection",
        "draft",
        "delegation",
        "carbon_copy",
        "attachment",
        "substitution",
        "second_factor",
        "saved_filter",
        "preference",
        "feed",
        "boundary_map",
    ):
        op.drop_table(table)


def _boundary_map() -> None:
    op.create_table(
        "boundary_map",
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("drawing", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["imported_by"], ["person.id"], name=op.f("fk_boundary_map_imported_by")),
        sa.PrimaryKeyConstraint("province", name=op.f("pk_boundary_map")),
    )


def _feed() -> None:
    op.create_table(
        "feed",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_feed_person")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_feed")),
        sa.UniqueConstraint("person", name=op.f("uq_feed_person")),
    )


def _preference() -> None:
    op.create_table(
        "preference",
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_preference_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_preference")),
    )


def _saved_filter() -> None:
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=op.f("fk_saved_filter_organisation")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_saved_filter_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
    )
    op.create_index(
        "ix_saved_filter_organisation",
        "saved_filter",
        ["organisation"],
        unique=False,
        postgresql_where=sa.text("organisation IS NOT NULL"),
    )
    op.create_index(op.f("ix_saved_filter_person"), "saved_filter", ["person"], unique=False)


def _second_factor() -> None:
    op.create_table(
        "second_factor",
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recovery", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_second_factor_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_second_factor")),
    )


def _substitution() -> None:
    op.create_table(
        "substitution",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("substitute", sa.Uuid(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_substitution_person")),
        sa.ForeignKeyConstraint(["substitute"], ["person.id"], name=op.f("fk_substitution_substitute")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitution")),
    )
    op.create_index(op.f("ix_substitution_person"), "substitution", ["person"], unique=False)
    op.create_index(op.f("ix_substitution_substitute"), "substitution", ["substitute"], unique=False)


def _attachment() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instance", sa.Uuid(), nullable=False),
        sa.Column("task", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_attachment_added_by")),
        sa.ForeignKeyConstraint(["digest"], ["evidence.digest"], name=op.f("fk_attachment_digest")),
        sa.ForeignKeyConstraint(["instance"], ["instance.id"], name=op.f("fk_attachment_instance")),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name=op.f("fk_attachment_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_instance"), "attachment", ["instance"], unique=False)
    op.create_index(op.f("ix_attachment_task"), "attachment", ["task"], unique=False)


def _carbon_copy() -> None:
    op.create_table(
        "carbon_copy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instance", sa.Uuid(), nullable=False),
        sa.Column("task", sa.Uuid(), nullable=True),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["instance"], ["instance.id"], name=op.f("fk_carbon_copy_instance")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_carbon_copy_person")),
        sa.ForeignKeyConstraint(["sender"], ["person.id"], name=op.f("fk_carbon_copy_sender")),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name=op.f("fk_carbon_copy_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carbon_copy")),
    )
    op.create_index(op.f("ix_carbon_copy_instance"), "carbon_copy", ["instance"], unique=False)
    op.create_index("ix_carbon_copy_person_at", "carbon_copy", ["person", "at", "id"], unique=False)


def _delegation() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("delegate", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "returned", "taken_back", name="delegationstate", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_by", sa.Uuid(), nullable=True),
        sa.Column("opinion", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delegate"], ["person.id"], name=op.f("fk_delegation_delegate")),
        sa.ForeignKeyConstraint(["owner"], ["person.id"], name=op.f("fk_delegation_owner")),
        sa.ForeignKeyConstraint(["returned_by"], ["person.id"], name=op.f("fk_delegation_returned_by")),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name=op.f("fk_delegation_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    op.create_index(
        "ix_delegation_owner_open", "delegation", ["owner"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(op.f("ix_delegation_task"), "delegation", ["task"], unique=False)
    op.create_index(
        "uq_delegation_open", "delegation", ["task"], unique=True, postgresql_where=sa.text("state = 'open'")
    )


def _draft() -> None:
    op.create_table(
        "draft",
        sa.Column("task", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_draft_person")),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name=op.f("fk_draft_task")),
        sa.PrimaryKeyConstraint("task", "person", name=op.f("pk_draft")),
    )


def _rejection() -> None:
    op.create_table(
        "rejection",
        sa.Column("task", sa.Uuid(), nullable=False),
        sa.Column("instance", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["instance"], ["instance.id"], name=op.f("fk_rejection_instance")),
        sa.ForeignKeyConstraint(["sender"], ["person.id"], name=op.f("fk_rejection_sender")),
        sa.ForeignKeyConstraint(["source"], ["task.id"], name=op.f("fk_rejection_source")),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name=op.f("fk_rejection_task")),
        sa.PrimaryKeyConstraint("task", name=op.f("pk_rejection")),
    )
    op.create_index(op.f("ix_rejection_instance"), "rejection", ["instance"], unique=False)


def _sign() -> None:
    op.create_table(
        "sign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Enum("before", "after", name="signkind", native_enum=False, length=20), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting", "open", "agreed", "refused", "taken_back", name="signstate", native_enum=False, length=20
            ),
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_by", sa.Uuid(), nullable=True),
        sa.Column("opinion", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_sign_asked_by")),
        sa.ForeignKeyConstraint(["given_by"], ["person.id"], name=op.f("fk_sign_given_by")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_sign_person")),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name=op.f("fk_sign_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign")),
    )
    op.create_index("ix_sign_person_state", "sign", ["person", "state"], unique=False)
    op.create_index(op.f("ix_sign_task"), "sign", ["task"], unique=False)


def _urge() -> None:
    op.create_table(
        "urge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["sender"], ["person.id"], name=op.f("fk_urge_sender")),
        sa.ForeignKeyConstraint(["task"], ["task.id"], name=op.f("fk_urge_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urge")),
        sa.UniqueConstraint("task", "on", name=op.f("uq_urge_task_on")),
    )


def _evidence() -> None:
    op.create_index("ix_evidence_kept_by_kept_at", "evidence", ["kept_by", "kept_at"], unique=False)


def _history() -> None:
    op.add_column("history", sa.Column("origins", postgresql.JSONB(astext_type=sa.Text()), nullable=True))


def _instance() -> None:
    op.create_index("ix_instance_started_by_started_at", "instance", ["started_by", "started_at", "id"], unique=False)


def _sign_in() -> None:
    op.add_column("sign_in", sa.Column("device", sa.Text(), nullable=True))
    op.add_column("sign_in", sa.Column("address", sa.Text(), nullable=True))


def _task() -> None:
    op.add_column("task", sa.Column("acted_for", sa.Uuid(), nullable=True))
    op.add_column("task", sa.Column("answered_by", sa.Uuid(), nullable=True))
    op.add_column(
        "task", sa.Column("bindings", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    )
    op.create_index(
        "ix_task_free_created_at",
        "task",
        ["role", "organisation", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open' AND assignee IS NULL"),
    )
    op.create_index(
        "ix_task_free_name",
        "task",
        ["role", "organisation", "name", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open' AND assignee IS NULL"),
    )
    op.create_index("ix_task_open_due", "task", ["due_at"], unique=False, postgresql_where=sa.text("state = 'open'"))


def _fk_task_acted_for() -> None:
    op.create_foreign_key(op.f("fk_task_acted_for"), "task", "person", ["acted_for"], ["id"])


def _fk_task_answered_by() -> None:
    op.create_foreign_key(op.f("fk_task_answered_by"), "task", "person", ["answered_by"], ["id"])
