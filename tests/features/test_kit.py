"""The kit of agencies and departments as the real peer: it hears over HTTP, reads by the API, and the case goes on."""

import importlib.util
import json
import re
import socket
import subprocess
import sys
import threading
import tomllib
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from time import monotonic, sleep
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from icity_client import Refused, Unreached, sign_in, told
from icity_client.generated.api.instances import show
from icity_client.inbox import Inbox
from icity_client.office import Office
from icity_client.webhooks import Door, NotSigned, post_event, verify
from sqlalchemy import func, select
from werkzeug.serving import make_server

from engine.db import transaction
from engine.settings import ROOT
from engine.tables import Draft, Message, Task, TaskState
from server import keyring
from tests.features import test_measured_here as measuring
from tests.features.test_hidden_opinions import DATA as REVIEW
from tests.support.postgres import PASSWORD
from tests.support.receiver import Receiver, answering
from tests.support.shipped import House
from webhooks import outbound, signing
from webhooks.outbound import Wish
from webhooks.posting import Fence

CLIENT = ROOT / "clients" / "python"
EXAMPLES = CLIENT / "examples"
EXPERTS = [f"zhuanjia{number}" for number in range(1, 6)]
SECRET = signing.new_secret()
QUICK = (0.01, 0.01)


def example(name):
    found = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture
def house(sessions, configuration):
    return House(sessions, replace(configuration, webhook_loopback=True))


@pytest.fixture
def icity(house):
    """Serve the application on a free port; give its address."""
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def office(house, icity, tmp_path):
    """Give a function that opens an example's office and has icity tell it a kind of event of its organisation."""

    @contextmanager
    def office(name, login, organisation, kind, **more):
        secrets = []
        settings = {
            "icity": icity,
            "login": login,
            "password": PASSWORD,
            "webhook_secrets": secrets,
            "source_secret": keyring.prepare(house.settings.var_path)[name][0],
            "port": 0,
            "inbox": tmp_path / f"{name}.sqlite",
            **more,
        }
        with example(name).opened(settings) as opened:
            with transaction(house.sessions) as session:
                wish = Wish(opened.address, [kind], organisation=organisation)
                secrets += outbound.subscribe(session, Fence.of(house.settings), wish).secrets
            yield opened

    return office


def until(true):
    end = monotonic() + 20
    while not true():
        assert monotonic() < end
        sleep(0.02)


def settle(house, office, done):
    """Let icity tell what is due, and wait until the office has done it all."""
    house.sweep()
    until(lambda: office.inbox.count("done") == done and not office.inbox.count("waiting"))
    house.sweep()


def test_an_agency_measures_what_it_is_assigned_and_the_case_goes_on(house, office):
    with office("agency", EXPERTS[0], "agency-qiming", "message.sent") as opened:
        case = assigned(house)
        settle(house, opened, 1)
        assert house.task("T21_report")
        assert house.incidents() == []
        with transaction(house.sessions) as session:
            told_by = session.scalars(select(Message).where(Message.name == "agency.measured")).one()
            assert (told_by.state.value, told_by.instance) == ("delivered", case)
            payload = told_by.payload
        assert [len(given) for given in payload["expert_scores"].values()] == [5, 5, 5]
        assert payload["evidence"]["rd_expenditure"] == [payload["report"]]
        with sign_in(opened.work.address, EXPERTS[0], PASSWORD) as client:
            filed = client.get_httpx_client().get(payload["report"])
        assert filed.text.startswith(f"case,{case}")

        # Told again, and worked on again after a restart: the same id is the same measurement.
        ((message_id, body),) = kept(opened)
        headers = signing.sign(opened.secrets[:1], message_id, body.decode())
        assert httpx.post(opened.address, content=body, headers=headers).status_code == 204
        opened.work(verify(opened.secrets, headers, body))
        with transaction(house.sessions) as session:
            assert session.scalar(select(func.count()).where(Message.name == "agency.measured")) == 1


def kept(office):
    with closing(office.inbox._connect()) as connection:
        return connection.execute("SELECT message_id, body FROM received").fetchall()


def test_the_guide_works_as_it_is_written(house, icity, tmp_path, free_port):
    codes = {language: blocks(f"write-an-agency{language}.md") for language in ("", ".zh")}
    assert codes[""] == codes[".zh"]
    with transaction(house.sessions) as session:
        wish = Wish(f"http://127.0.0.1:{free_port}/", ["message.sent"], organisation="agency-qiming")
        secrets = outbound.subscribe(session, Fence.of(house.settings), wish).secrets
    settings = tomllib.loads(codes[""]["toml"])
    settings |= {"icity": icity, "password": PASSWORD, "webhook_secrets": secrets, "port": free_port}
    settings["source_secret"] = keyring.prepare(house.settings.var_path)["agency"][0]
    written = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    (tmp_path / "agency.toml").write_text(written)
    (tmp_path / "agency.py").write_text(codes[""]["python"])
    assigned(house)
    with running(tmp_path) as agency:
        until(lambda: listens(free_port))
        house.sweep()
        assert agency.stdout.readline().startswith("measuring ")
        until(lambda: house.sweep() or house.task("T21_report"))
    assert house.incidents() == []


def blocks(page):
    text = (ROOT / "docs" / "how-to" / page).read_text(encoding="utf-8")
    return dict(re.findall(r"```(toml|python)\n(.*?)```", text, re.DOTALL))


@contextmanager
def running(folder):
    environment = {"PATH": "", "PYTHONPATH": str(CLIENT), "PYTHONUTF8": "1"}
    command = [sys.executable, "agency.py"]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def listens(port):
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


def assigned(house):
    """Start a case of the agency and let its experts declare, so that it is assigned; return the case."""
    case = house.start("third_party_assessment", {**measuring.DATA, "agency": "agency-qiming"})
    for login in EXPERTS:
        house.complete(login, "T16_declaration", {"expert_name": login, "conflict": "none"})
    return case


def test_a_department_gives_its_opinion_and_its_reviewer_sends_it(house, office):
    finance = {"department": "prov-finance", "lowest": 90}
    with office("department", "caizheng", "prov-finance", "task.created", **finance) as opened:
        house.start("joint_review", REVIEW)
        settle(house, opened, 1)
        task = house.task("T24_department_opinion", "prov-finance")
        with transaction(house.sessions) as session:
            filled = session.scalars(select(Draft.answers).where(Draft.task == task)).first()
        assert filled == {"opinion": "object", "reason": "得分低于90分：云溪县"}
        answers = {**filled, "fraud_suspected": False}
        house.complete("caizheng", "T24_department_opinion", answers, "prov-finance")
        settle(house, opened, 2)
        assert house.task("T24_sign", "prov-finance")
        with transaction(house.sessions) as session:
            assert session.get_one(Task, task).state is TaskState.COMPLETED
    assert example("department").judged(REVIEW["cases"], 60) == {"opinion": "agree"}


def test_what_icity_refuses_is_told_apart_from_what_may_be_sent_later(house, icity):
    secret = keyring.prepare(house.settings.var_path)["agency"][0]
    with pytest.raises(Refused, match="401"):
        post_event(Door(icity, "agency", signing.new_secret()), "m1", {}, QUICK)
    with pytest.raises(Refused, match="422"):
        post_event(Door(icity, "agency", secret), "m2", {"case_id": "A-1"}, QUICK)
    with pytest.raises(Refused, match="401"):
        sign_in(icity, "qiming", "not the password")
    with sign_in(icity, "qiming", PASSWORD) as client, pytest.raises(Refused, match="404"):
        told(show.sync_detailed(uuid4(), client=client))
    measured = {"case_id": "A-1", "values": {"gdp": 1}, "expert_scores": {}}
    with pytest.raises(Refused, match="evidence"):
        post_event(Door(icity, "agency", secret), "m3", {**measured, "evidence": {"gdp": ["not a link"]}}, QUICK)
    first, again = (post_event(Door(icity, "agency", secret), "m4", measured, QUICK) for _ in range(2))
    assert (first.duplicate, again.duplicate, first.id) == (False, True, again.id)


def test_a_busy_door_is_tried_again_with_the_same_id_and_then_left_for_later():
    with Receiver(answering(503)) as receiver:
        door = Door(receiver.url.partition("/in")[0], "agency", SECRET)
        with pytest.raises(Unreached):
            post_event(door, "m1", {"a": 1}, QUICK)
        assert [got.headers["webhook-id"] for got in receiver.got] == ["m1"] * 3
        assert {signing.verify([SECRET], got.headers, got.body) for got in receiver.got} == {"m1"}
    with pytest.raises(Unreached):
        post_event(door, "m1", {"a": 1}, ())


def test_an_office_takes_only_what_is_signed_and_keeps_what_it_could_not_do(tmp_path):
    body = json.dumps({"type": "icity.test", "data": {}})
    broken = [True]
    worked = []

    def work(event):
        worked.append(event.message_id)
        if event.message_id == "refused":
            raise Refused(422, "no")
        if event.message_id == "failing" and broken:
            raise Unreached

    with Office([SECRET], Inbox(tmp_path / "inbox.sqlite"), work) as office:

        def post(key, text=body, secret=SECRET):
            return httpx.post(office.address, content=text, headers=signing.sign([secret], key, text)).status_code

        assert post("m1", secret=signing.new_secret()) == 401
        assert post("m1", text="[]") == 400
        assert [announced(office, length) for length in ("1048577", "x")] == [413, 411]
        assert [post(key) for key in ("failing", "refused", "fine", "fine")] == [204] * 4
        until(lambda: (office.inbox.count("done"), office.inbox.count("refused")) == (1, 1))
        assert office.inbox.waiting() == [("failing", body.encode())]
        broken.clear()
        assert post("last") == 204
        until(lambda: office.inbox.count("done") == 3)
    assert (worked.count("fine"), worked.count("refused"), office.inbox.waiting()) == (1, 1, [])
    with pytest.raises(NotSigned):
        verify([SECRET], {}, body.encode())


def announced(office, length):
    """Return what the office answers to a request that says how long its body is and sends none."""
    address = urlsplit(office.address)
    with closing(HTTPConnection(address.hostname, address.port, timeout=10)) as line:
        line.putrequest("POST", "/")
        line.putheader("content-length", length)
        line.endheaders()
        return line.getresponse().status
