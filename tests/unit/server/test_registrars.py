"""What other systems tell the registers comes on record by the register's own verb; what does not fit is parked."""

import json
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from engine import divisions
from engine.db import transaction
from engine.tables import (
    CalendarNotice,
    Division,
    DivisionEvent,
    Draft,
    Event,
    Figure,
    Instance,
    Membership,
    Message,
    OfficialDocument,
    Task,
)
from server import duties, keyring, watch
from tests.support import registers
from tests.support.shapes import end, start, user, way
from tests.support.stage import Stage
from tests.support.web import opened
from webhooks import signing


@pytest.fixture
def told(configuration):
    return replace(configuration, webhook_loopback=True)


@pytest.fixture
def post(told, sessions):
    app = opened(told, sessions)

    def post(source, body):
        text = json.dumps(body)
        secrets = keyring.prepare(told.var_path)[source]
        signed = signing.sign(secrets, uuid4().hex, text)
        reply = app.test_client().post(
            f"/hooks/{source}", data=text.encode(), content_type="application/json", headers=signed
        )
        assert reply.status_code == 202, reply.get_json()
        duties.match_messages(sessions, told)
        with transaction(sessions) as session:
            kept = session.get_one(Message, reply.get_json()["id"])
            broken = [one.rule for one in watch.everything(sessions) if one.rule.startswith("message")]
            assert broken == []
            return kept.state.value, kept.reason

    return post


def test_a_statistics_bureau_publishes_figures(post, sessions):
    with transaction(sessions) as session:
        divisions.seed(session, [divisions.DIVISIONS], [])
        unit = session.scalar(select(Division.unit).limit(1))
    body = {"year": 2024, "publication": "统计年鉴", "rows": [{"unit": unit, "code": "gdp", "value": 12.5}]}
    assert post("statistics", body) == ("delivered", None)
    assert post("statistics", body) == ("delivered", None)
    with transaction(sessions) as session:
        row = session.scalars(
            select(Figure).where(Figure.unit == unit, Figure.year == 2024, Figure.code == "gdp")
        ).one()
    assert (float(row.value), row.source) == (12.5, "统计年鉴")
    state, reason = post("statistics", {**body, "rows": [{"unit": "nowhere", "code": "gdp", "value": 1}]})
    assert state == "parked"
    assert "nowhere" in reason


def test_a_notice_of_holidays_is_loaded_once(post, sessions):
    body = {"number": "国办发〔2030〕1号", "issued_on": "2029-11-01", "free": ["2030-01-01"], "worked": ["2030-01-05"]}
    assert post("holidays", body)[0] == "delivered"
    with transaction(sessions) as session:
        notice = session.get_one(CalendarNotice, "国办发〔2030〕1号")
    assert notice.days == {"2030-01-01": False, "2030-01-05": True}
    assert post("holidays", {**body, "free": ["2030-01-02"]})[0] == "parked"


def test_a_change_of_divisions_is_entered(post, sessions):
    with transaction(sessions) as session:
        divisions.seed(session, [divisions.DIVISIONS], [divisions.ACTS])
        old = session.scalars(select(Division).where(Division.level == "county", Division.valid_to.is_(None))).first()
    begun = {"unit": old.unit, "code": old.code, "name": "新名县", "level": "county", "parent": old.parent}
    body = {
        "document_no": "国函〔2026〕9号",
        "kind": "rename",
        "effective_on": "2026-12-01",
        "from_units": [old.unit],
        "to_units": [old.unit],
        "begun": [begun],
    }
    assert post("divisions", body) == ("delivered", None)
    with transaction(sessions) as session:
        assert (
            session.scalar(select(DivisionEvent.kind).where(DivisionEvent.document_no == "国函〔2026〕9号")) == "rename"
        )
    assert post("divisions", {**body, "kind": "no such"})[0] == "parked"


def test_seals_and_receipts_are_noted_with_the_document(post, sessions, tmp_path):
    with transaction(sessions) as session:
        paper = registers.lived(session, tmp_path).document
        number = session.scalar(select(OfficialDocument.number).where(OfficialDocument.id == paper))
        session.execute(update(OfficialDocument).where(OfficialDocument.id == paper).values(pdf="a" * 64))
    sealed = {"number": number, "sha256": "a" * 64, "seal": "省科技厅", "sealed_at": "2026-03-01T10:00:00+08:00"}
    assert post("seal", sealed) == ("delivered", None)
    assert post("seal", {**sealed, "sha256": "b" * 64})[1].endswith("not the one that was issued")
    receipt = {"number": number, "receiver": "云溪县人民政府", "status": "taken", "at": "2026-03-02"}
    assert post("exchange", receipt) == ("delivered", None)
    assert post("exchange", {**receipt, "number": "x"})[0] == "parked"
    with transaction(sessions) as session:
        kinds = list(
            session.scalars(select(Event.kind).where(Event.kind.in_(["document.sealed", "document.exchanged"])))
        )
    assert sorted(kinds) == ["document.exchanged", "document.sealed"]


def test_a_department_finds_its_opinion_filled_in(post, sessions, tmp_path):
    stage = Stage(sessions, tmp_path / "drawn")
    instance = stage.play(start() + user("a", role="DEPT_REV") + end("e") + way("s a e"))
    with transaction(sessions) as session:
        title = session.get_one(Instance, instance).title
        session.execute(
            update(Task)
            .where(Task.instance == instance)
            .values(form="T24_department_opinion", organisation="prov-finance")
        )
        seats = select(func.count()).where(Membership.organisation == "prov-finance", Membership.role == "DEPT_REV")
        reviewers = session.scalar(seats)
    body = {"department": "prov-finance", "case": title, "opinion": "comment", "reason": "建议补充投入数据"}
    assert post("department", body) == ("delivered", None)
    with transaction(sessions) as session:
        drafts = session.scalars(select(Draft)).all()
    assert len(drafts) == reviewers > 0
    assert drafts[0].answers == {"opinion": "comment", "reason": "建议补充投入数据"}
    assert post("department", {**body, "department": "prov-audit"})[0] == "parked"
