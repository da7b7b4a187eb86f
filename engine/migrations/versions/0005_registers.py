"""What the registers need: titles, rounds, figures, scores, documents, and deadlines that know their ground."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the registers, then widen what is there."""
    _agency_mark()
    _bar()
    _division_event()
    _number_series()
    _title()
    _evidence()
    _figure()
    _calendar_notice()
    _clock_stop()
    _deadline_move()
    _official_document()
    _round()
    _score_sheet()
    _round_result()
    op.add_column("division", sa.Column("unit", sa.Text(), nullable=True))
    op.execute("UPDATE division SET unit = code")
    op.alter_column("division", "unit", nullable=False)
    op.create_index(op.f("ix_division_unit"), "division", ["unit"])
    op.add_column("task", sa.Column("term", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("timer", sa.Column("term", postgresql.JSONB(astext_type=sa.Text()), nullable=True))


def downgrade() -> None:
    """Return to a service without registers."""
    op.drop_column("timer", "term")
    op.drop_column("task", "term")
    op.drop_column("division", "unit")
    for table in reversed(TABLES):
        op.drop_table(table)


TABLES = (
    "agency_mark",
    "bar",
    "division_event",
    "number_series",
    "title",
    "evidence",
    "figure",
    "calendar_notice",
    "clock_stop",
    "deadline_move",
    "official_document",
    "round",
    "score_sheet",
    "round_result",
)


def _agency_mark() -> None:
    op.create_table(
        "agency_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("marked_on", sa.Date(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("barred_until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["agency"], ["organisation.id"], name=op.f("fk_agency_mark_agency")),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_agency_mark_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_mark")),
    )
    op.create_index(op.f("ix_agency_mark_agency"), "agency_mark", ["agency"], unique=False)


def _bar() -> None:
    op.create_table(
        "bar",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bar")),
    )
    op.create_index(op.f("ix_bar_unit"), "bar", ["unit"], unique=False)


def _division_event() -> None:
    op.create_table(
        "division_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("from_units", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("to_units", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("code_effective_on", sa.Date(), nullable=True),
        sa.Column("inaugurated_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_division_event")),
        sa.UniqueConstraint(
            "effective_on",
            "kind",
            "from_units",
            "to_units",
            name=op.f("uq_division_event_effective_on_kind_from_units_to_units"),
        ),
    )


def _number_series() -> None:
    op.create_table(
        "number_series",
        sa.Column("organ", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organ", "year", name=op.f("pk_number_series")),
    )


def _title() -> None:
    op.create_table(
        "title",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("end_document_no", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_title")),
    )
    op.create_index("ix_title_kind", "title", ["kind", "granted_on"], unique=False)
    op.create_index(op.f("ix_title_unit"), "title", ["unit"], unique=False)
    op.create_index(
        "uq_title_open", "title", ["unit", "kind"], unique=True, postgresql_where=sa.text("ended_on IS NULL")
    )


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["kept_by"], ["person.id"], name=op.f("fk_evidence_kept_by")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_evidence")),
    )


def _figure() -> None:
    op.create_table(
        "figure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("evidence", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_figure_confirmed_by")),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_figure_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure")),
        sa.UniqueConstraint(
            "unit", "year", "code", "origin", "version", name=op.f("uq_figure_unit_year_code_origin_version")
        ),
    )
    op.create_index("ix_figure_year_code", "figure", ["year", "code"], unique=False)


def _clock_stop() -> None:
    op.create_table(
        "clock_stop",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("instance", sa.Uuid(), nullable=False),
        sa.Column("task", sa.Uuid(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["instance"], ["instance.id"], name=op.f("fk_clock_stop_instance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_stop")),
    )
    op.create_index(op.f("ix_clock_stop_instance"), "clock_stop", ["instance"], unique=False)


def _calendar_notice() -> None:
    op.create_table(
        "calendar_notice",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("days", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_by", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_calendar_notice")),
    )


def _deadline_move() -> None:
    op.create_table(
        "deadline_move",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("instance", sa.Uuid(), nullable=False),
        sa.Column("task", sa.Uuid(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["instance"], ["instance.id"], name=op.f("fk_deadline_move_instance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_move")),
    )
    op.create_index(op.f("ix_deadline_move_cause"), "deadline_move", ["cause"], unique=False)
    op.create_index(op.f("ix_deadline_move_instance"), "deadline_move", ["instance"], unique=False)


def _official_document() -> None:
    op.create_table(
        "official_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("organ", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("round", sa.Text(), nullable=True),
        sa.Column("instance", sa.Uuid(), nullable=True),
        sa.Column(
            "state", sa.Enum("issued", "void", name="documentstate", native_enum=False, length=20), nullable=False
        ),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=True),
        sa.Column("addressees", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("pdf", sa.Text(), nullable=True),
        sa.Column("docx", sa.Text(), nullable=True),
        sa.Column("remarks", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["instance"], ["instance.id"], name=op.f("fk_official_document_instance")),
        sa.ForeignKeyConstraint(["issued_by"], ["person.id"], name=op.f("fk_official_document_issued_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_official_document")),
        sa.UniqueConstraint("number", name=op.f("uq_official_document_number")),
        sa.UniqueConstraint("organ", "year", "serial", name=op.f("uq_official_document_organ_year_serial")),
    )
    op.create_index(op.f("ix_official_document_case_id"), "official_document", ["case_id"], unique=False)
    op.create_index(op.f("ix_official_document_round"), "official_document", ["round"], unique=False)
    op.create_index(
        "ix_official_document_unrendered",
        "official_document",
        ["id"],
        unique=False,
        postgresql_where=sa.text("pdf IS NULL AND state = 'issued'"),
    )


def _round() -> None:
    op.create_table(
        "round",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("indicator_set", sa.Text(), nullable=False),
        sa.Column("set_digest", sa.Text(), nullable=False),
        sa.Column("set_rows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "closed", "published", "cancelled", name="roundstate", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("instance", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["instance"], ["instance.id"], name=op.f("fk_round_instance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
        sa.UniqueConstraint("programme", "kind", "year", name=op.f("uq_round_programme_kind_year")),
    )


def _score_sheet() -> None:
    op.create_table(
        "score_sheet",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("round", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.Column("indicator_set", sa.Text(), nullable=False),
        sa.Column("set_digest", sa.Text(), nullable=False),
        sa.Column("total", sa.Numeric(), nullable=False),
        sa.Column("gates_met", sa.Boolean(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("sheet", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("supersedes", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["round"], ["round.id"], name=op.f("fk_score_sheet_round")),
        sa.ForeignKeyConstraint(["supersedes"], ["score_sheet.id"], name=op.f("fk_score_sheet_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_sheet")),
    )
    op.create_index(op.f("ix_score_sheet_case_id"), "score_sheet", ["case_id"], unique=False)
    op.create_index(op.f("ix_score_sheet_round"), "score_sheet", ["round"], unique=False)
    op.create_index(op.f("ix_score_sheet_unit"), "score_sheet", ["unit"], unique=False)


def _round_result() -> None:
    op.create_table(
        "round_result",
        sa.Column("round", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("practice", sa.Text(), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["round"], ["round.id"], name=op.f("fk_round_result_round")),
        sa.PrimaryKeyConstraint("round", "unit", name=op.f("pk_round_result")),
    )
    op.create_index("ix_round_result_unit", "round_result", ["unit"], unique=False)
