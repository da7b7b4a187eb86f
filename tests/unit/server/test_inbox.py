"""The lists at their doors: pages, spreadsheets and the API; right at once, whichever process answers."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest
import requests
from sqlalchemy import event

from engine import identity, tasks
from engine.db import transaction
from engine.settings import ROOT
from tests.support import pile
from tests.support.postgres import PASSWORD
from tests.unit.server.test_auth import token_of

MOST_STATEMENTS = 13  # a dozen, and one for the bell
PAGES = ("/", *(f"/tasks?list={name}" for name in ("mine", "claimable", "done", "started", "copies")))


@pytest.fixture
def work(sessions, tmp_path):
    """Give six decisions that wait for any officer; the officer started the cases."""
    pile.deploy(sessions, tmp_path / "pile")
    return pile.heap(sessions, 6, by=load(sessions, "jingban"))


@pytest.fixture
def officer(app):
    return signed_in(app, "jingban")


def load(sessions, login):
    with transaction(sessions) as session:
        return identity.load(session, login)


def signed_in(app, login):
    client = app.test_client()
    client.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf_token": token_of(client)})
    return client


def post(client, path, **form):
    return client.post(path, data={"csrf_token": token_of(client, "/"), **form}, follow_redirects=True)


def names(page):
    """Return the titles of the cases in a page, in their order."""
    return re.findall(r"<small>(第\d\d号申请)", page.text)


def test_a_search_and_a_sort_stand_in_the_address(officer, work):
    assert names(officer.get("/tasks?list=claimable&text=第03号")) == ["第03号申请"]
    page = officer.get("/tasks?list=claimable&sort=unit&descending=1")
    assert [page.text.count(f'aria-sort="{way}"') for way in ("ascending", "descending")] == [0, 1]
    assert len(names(page)) == 6
    assert "没有符合条件的内容" in officer.get("/tasks?list=claimable&text=没有这件").text
    assert officer.get("/tasks?due=tomorrow").status_code == 422
    assert officer.get("/tasks?cursor=nonsense").status_code == 404


def test_a_filter_is_kept_shared_and_removed(app, officer, work):
    asked = {"list": "claimable", "text": "云溪", "name": "云溪的事", "shared": "prov-science"}
    page = post(officer, "/tasks/filters", **asked)
    assert "云溪的事" in page.text
    assert "与省科技厅共享" in page.text
    colleague = signed_in(app, "jingban2").get("/")
    assert "云溪的事" in colleague.text
    assert "蒋经办保存" in colleague.text
    [remove] = re.findall(r'action="(/tasks/filters/[^"]+/remove)"', page.text)
    assert post(signed_in(app, "jingban2"), remove).status_code == 404
    assert "云溪的事" not in post(officer, remove).text
    assert post(officer, "/tasks/filters", list="mine", name="").status_code == 422


def test_many_are_claimed_and_answered_at_once_and_each_is_told(sessions, app, officer, work):
    with transaction(sessions) as session:
        tasks.claim(session, identity.load(session, "jingban2"), work[1])
    page = post(officer, "/tasks/batch/claim", task=[str(one) for one in work[:3]] + ["no id"])
    assert "已办成2件，未办成1件" in page.text
    assert "该任务已被他人领取" in page.text
    chosen = "&".join(f"task={one}" for one in work[:3])
    form = officer.get(f"/tasks/batch?{chosen}")
    assert "结论" in form.text
    assert names_in_group(form) == ["第00号申请", "第01号申请", "第02号申请"]
    answers = {"answer.decision": "back", "answer.reason": "材料不全"}
    page = post(officer, "/tasks/batch/complete", task=[str(work[0]), str(work[2])], **answers)
    assert "已办成2件" in page.text
    assert "下一步：登记结果" in page.text
    assert post(officer, "/tasks/batch/complete", **answers).status_code == 422
    assert names(officer.get("/tasks?list=mine")) == []


def names_in_group(page):
    return re.findall(r"checked> (第\d\d号申请)", page.text)


def test_a_spreadsheet_holds_the_list_as_it_is_shown_and_no_formula(sessions, officer, work):
    pile.change(sessions, work[0], name='=HYPERLINK("http://evil")')
    reply = officer.get("/tasks/export?list=claimable&text=云溪")
    assert reply.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    sheet = openpyxl.load_workbook(io.BytesIO(reply.data)).active
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[0][:3] == ["任务", "事项", "市县"]
    assert {row[1] for row in cells[1:]} == {"第00号申请", "第04号申请"}
    assert {row[2] for row in cells[1:]} == {"云溪县"}
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    for name in ("done", "started", "copies"):
        assert officer.get(f"/tasks/export?list={name}").status_code == 200


def test_a_case_one_started_is_pressed_for_once_a_day(app, officer, work):
    path = f"/tasks/urges/{work[0]}"
    token = {"X-CSRFToken": token_of(officer, "/")}
    assert f'hx-post="{path}"' in officer.get("/tasks?list=started").text
    assert "已催办" in officer.post(path, headers=token).text
    assert officer.post(path, headers=token).status_code == 409
    page = officer.get("/tasks?list=started").text
    assert f'hx-post="{path}"' not in page
    assert "已催办" in page
    assert "催办</span>" in signed_in(app, "jingban2").get("/tasks?list=claimable&sort=priority").text


def test_the_api_narrows_sorts_counts_and_does_many_at_once(program, work):
    one = program("jingban")
    page = one.get("/tasks?list=claimable&text=云溪&sort=name&limit=1").json
    assert page["next"]
    assert one.get(f"/tasks?list=claimable&text=云溪&sort=name&limit=1&cursor={page['next']}").json["next"] is None
    assert one.get("/tasks?sort=colour").status_code == 422
    assert one.get("/inbox/counts").json == {"mine": 0, "claimable": 6, "done": 0, "started": 6, "copies": 0}
    told = one.post("/inbox/claim", {"tasks": [str(work[0])]}).json
    assert told == [{"task": str(work[0]), "state": "done", "why": None, "next": []}]
    told = one.post("/inbox/complete", {"tasks": [str(work[0])], "answers": {"decision": "back"}}).json
    assert (told[0]["state"], bool(told[0]["why"])) == ("refused", True)
    [case] = one.get("/inbox/started?text=第00号").json["rows"]
    assert case["waiting"][0]["assignee_name"] == "蒋经办"
    assert one.get("/inbox/copies").json["rows"] == []
    asked = {"name": "云溪", "list": "mine", "filter": {"text": "云溪", "due": "soon", "descending": True}}
    kept = one.post("/filters", asked).json["id"]
    [row] = one.get("/filters").json
    assert (row["id"], row["filter"]) == (kept, {"text": "云溪", "due": "soon", "descending": "1"})
    assert one.delete(f"/filters/{kept}").status_code == 204
    assert one.delete(f"/filters/{kept}").status_code == 404


def test_no_list_needs_more_than_a_dozen_statements_and_the_bell(officer, work, engine, sessions):
    said = []
    for page in PAGES:
        officer.get(page)
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    for page in PAGES:
        said.clear()
        assert officer.get(f"{page}{'&' if '?' in page else '?'}text=申请&sort=unit").status_code == 200
        assert len(said) <= MOST_STATEMENTS, (page, said)


@pytest.mark.no_cover  # it reaches no line that no other test reaches
def test_what_was_done_is_seen_at_once_whichever_process_answers(configuration, sessions, work, free_port, tmp_path):
    with served(configuration, free_port, tmp_path) as address:
        person = entered(address)
        for turn, task in enumerate(work):
            token = {"X-CSRFToken": person.get(address).text.partition('csrf-token" content="')[2].partition('"')[0]}
            seen(address, person, {"mine": 0, "claimable": 6 - turn, "done": turn})
            person.post(f"{address}/tasks/{task}/claim", headers=token).raise_for_status()
            seen(address, person, {"mine": 1, "claimable": 5 - turn, "done": turn})
            answer = person.post(f"{address}/tasks/{task}/complete", json={"decision": "agree"}, headers=token)
            answer.raise_for_status()
            seen(address, person, {"mine": 0, "claimable": 5 - turn, "done": turn + 1})
    answered = (tmp_path / "access").read_text().split()
    assert len(set(answered)) == 2, "both processes answered"


def seen(address, person, wanted):
    """Look several times, each on a connection of its own, at the counts and at the lists themselves."""
    for name in wanted:
        page = requests.get(f"{address}/tasks?list={name}", cookies=person.cookies, headers={"Connection": "close"})
        counts = {key: int(count) for key, count in re.findall(r'data-list="(\w+)"[^>]*>(\d+)', page.text)}
        assert {key: counts[key] for key in wanted} == wanted
        assert len(names(page)) == wanted[name]


def entered(address):
    person = requests.Session()
    person.headers["Connection"] = "close"
    page = person.get(f"{address}/sign-in").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    form = {"login": "jingban", "password": PASSWORD, "csrf_token": token[1]}
    person.post(f"{address}/sign-in", data=form).raise_for_status()
    return person


@contextmanager
def served(configuration, port, folder):
    """Serve the application by two processes, which write who answered."""
    command = [str(Path(sys.executable).parent / "gunicorn"), "tests.bench.web:app", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--worker-class", "gthread", "--threads", "2", "--log-level", "error"]
    command += ["--access-logfile", str(folder / "access"), "--access-logformat", "%(p)s"]
    given = {"ICITY_DATABASE_URL": configuration.database_url, "ICITY_VAR": configuration.var}
    server = subprocess.Popen(command, env={**os.environ, **given}, cwd=ROOT)
    try:
        yield awaited(f"http://127.0.0.1:{port}")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def awaited(address):
    for _ in range(300):
        try:
            requests.get(f"{address}/api/v1/health", timeout=5).raise_for_status()
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return address
    raise AssertionError("the web server did not start")
