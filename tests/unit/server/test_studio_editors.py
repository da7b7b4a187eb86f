"""What the editors ask the server: trials of decisions, forms and sets, differences in words; nobody else may ask."""

import re
from pathlib import Path
from uuid import uuid4

import pytest

from engine import identity, processes, revisions
from engine.db import transaction
from engine.settings import ROOT
from tests.support import registers
from tests.support.drafts import LONGER, files
from tests.support.postgres import PASSWORD

PROGRAMME = Path(ROOT / "workflows" / "innovative-city")
CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')


@pytest.fixture
def visit(app):
    """Give a function that signs somebody in and returns what asks a door of theirs with JSON."""

    def visiting(login):
        client = app.test_client()
        token = CSRF.search(client.get("/sign-in").text)[1]
        form = {"login": login, "password": PASSWORD, "csrf_token": token, "next": "/"}
        assert client.post("/sign-in", data=form).status_code == 303
        token = CSRF.search(client.get("/settings").text)[1]

        def ask(path, body=None):
            if body is None:
                return client.get(path)
            return client.post(path, json=body, headers={"X-CSRFToken": token})

        return ask

    return visiting


@pytest.fixture
def draft(sessions):
    """Give the address of a draft of the shipped programme."""
    with transaction(sessions) as session:
        processes.deploy(session, PROGRAMME, "a test")
        actor = identity.load(session, "liuguan")
        return f"/studio/revisions/{revisions.begin(session, actor, 'innovative-city', '改进会审').id}"


def test_decisions_and_forms_are_tried_as_they_stand_in_the_editor(visit, draft):
    ask = visit("liuguan")
    content = (PROGRAMME / "reviewers.dmn").read_text()
    wanted = {"path": "reviewers.dmn", "content": content, "codes": True, "given": {"reviewers": {"round": "pilot"}}}
    told = ask(f"{draft}/decide", wanted).get_json()
    (one,) = told["decisions"]
    assert len(one["fired"]) == len(one["answer"])
    assert {"code": "prov-science", "name": "省科技厅"} in told["codes"]
    foreign = ask(f"{draft}/decide", {"path": "x.dmn", "content": "<a xmlns='urn:other'/>"}).get_json()
    assert foreign == {"codes": [], "decisions": [], "fault": "这张表无法读取，原因见检查结果。"}
    for body in ({}, [], {"path": 1, "content": ""}, {**wanted, "given": 1}, {**wanted, "given": {"a": {"b": 1}}}):
        assert ask(f"{draft}/decide", body).status_code == 400

    path = "forms/T01_team.form"
    form = {"path": path, "content": (PROGRAMME / path).read_text()}
    told = ask(f"{draft}/fill", form).get_json()
    assert told["seats"] == [{"task": "组建申报组", "role": "政府签发人"}]
    assert told["facts"] == ["unit_name", "round_id", "data_year"]
    told = ask(f"{draft}/fill", {**form, "answers": {"leader": "王某"}}).get_json()
    assert told["faults"]["phone"].endswith("。")
    told = ask(f"{draft}/fill", {**form, "content": "{", "answers": {}}).get_json()
    assert told["fault"] == "这份表单暂时不能使用，原因见检查结果。"
    assert ask(f"{draft}/fill", {**form, "data": 1}).status_code == 400


def test_a_set_is_tried_on_a_past_round(visit, draft, sessions, tmp_path):
    ask = visit("liuguan")
    content = (PROGRAMME / "indicators.csv").read_text()
    wanted = {"path": "indicators.csv", "content": content}
    assert ask(f"{draft}/rescore", wanted).get_json()["rounds"] == []
    with transaction(sessions) as session:
        registers.lived(session, tmp_path)
    told = ask(f"{draft}/rescore", wanted).get_json()
    assert {"id": "biennial-2026", "name": "2026年两年测评", "set": registers.SET} in told["rounds"] or told["rounds"]
    assert registers.SET in told["sets"]
    chosen = {**wanted, "round": "biennial-2026", "set": registers.SET}
    same = ask(f"{draft}/rescore", chosen).get_json()["moves"]
    assert [(one["place"], one["place_after"], one["move"]) for one in same] == [(1, 1, "+0.00"), (2, 2, "+0.00")]
    heavier = content.replace("quant,11,2.5", "quant,1,2.5").replace("qual,4,", "qual,14,", 1)
    assert heavier != content
    moved = ask(f"{draft}/rescore", {**chosen, "content": heavier}).get_json()
    assert [one["name"] for one in moved["moves"]]
    assert any(one["move"] != "+0.00" for one in moved["moves"])
    for bad in ({**chosen, "content": "a,b\n1,2\n"}, {**chosen, "round": "none-1"}, {**chosen, "set": "none"}):
        assert ask(f"{draft}/rescore", bad).get_json()["fault"] == "这套指标体系暂时不能使用，原因见检查结果。"


def test_differences_are_told_in_words_and_drawn(visit, draft, sessions):
    ask = visit("liuguan")
    assert "没有差异" in ask(f"{draft}/compare").text
    before = (PROGRAMME / "reviewers.dmn").read_text()
    after = before.replace('"prov-economy"', '"prov-water"')
    told = ask(f"{draft}/differences", {"path": "reviewers.dmn", "before": before, "after": after}).get_json()
    assert told["changes"] == ['决策“会审部门”第 2 条规则：机构编号由“"prov-economy"”改为“"prov-water"”']
    with transaction(sessions) as session:
        actor, id_ = identity.load(session, "liuguan"), draft.rpartition("/")[2]
        for path, old, new in (
            ("reviewers.dmn", '"prov-economy"', '"prov-water"'),
            ("indicators.csv", "quant,11,2.5", "quant,12,2.5"),
            ("city_forwarding.bpmn", "P0D", "P1D"),
            ("programme.toml", "\n", "\n\n"),
        ):
            found = revisions.read(session, actor, id_, path)
            content = found.content.decode().replace(old, new, 1).encode()
            revisions.save(session, actor, id_, path, content, found.version)
    for path, word in (
        ("reviewers.dmn", "<del>&#34;prov-economy&#34;</del>"),
        ("indicators.csv", "<ins>12</ins>"),
        ("city_forwarding.bpmn", 'data-element="T08_late"'),
        ("programme.toml", "新增"),
    ):
        assert word in ask(f"{draft}/compare?path={path}").text
    assert ask(f"{draft}/compare?with=newest").status_code == 200
    assert ask(f"{draft}/compare?with=other").status_code == 400
    assert "studio-data" in ask(f"{draft}/files/indicators.csv").text


def test_versions_are_compared_by_those_on_whose_bench_they_are(visit, sessions):
    with transaction(sessions) as session:
        processes.deploy_files(session, files(), "a test")
        processes.deploy_files(session, files(LONGER), "a test")
    owner = visit("liuguan")
    page = owner("/studio/compare/small/1/2").text
    assert "新增" in page
    assert "第 1 版" in page
    assert owner("/studio/compare/small/1/9").status_code == 404
    assert owner("/studio/compare/none/1/2").status_code == 404
    assert owner(f"/studio/revisions/{uuid4()}/compare").status_code == 404
    assert owner(f"/studio/revisions/{uuid4()}/decide", {"path": "a.dmn", "content": ""}).status_code == 404
    with transaction(sessions) as session:
        actor = identity.load(session, "liuguan")
        copied = revisions.begin_copy(session, actor, "small", "small-copy", ("新事项", "New"))
    assert owner(f"/studio/revisions/{copied}/compare?with=newest").status_code == 200  # it has no version yet
    stranger = visit("xianzhang")
    assert stranger("/studio/compare/small/1/2").status_code == 403
    assert stranger(f"/studio/revisions/{uuid4()}/rescore", {"content": ""}).status_code == 403
