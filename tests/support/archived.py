"""A small case that lives a whole life on a real database: decided, scored, told of, and ready for the archive."""

import shutil
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from engine import calendars, clock, delegates, files, instances, tasks, units
from engine.bpmn.gate import parse_xml
from engine.db import Sessions, transaction
from engine.delegates import Grounds
from engine.domain import decisions, indicators
from engine.domain.decisions import Decision
from engine.domain.workdays import Calendar
from engine.instances import Application
from engine.settings import ROOT
from engine.tables import Evidence, Figure, OfficialDocument, Person, Round, RoundState, Task, TaskState, Title
from tests.support.diagrams import flows
from tests.support.stage import Stage

FOLDER = ROOT / "workflows" / "innovative-city"
ROWS = indicators.read_rows((FOLDER / "indicators.csv").read_bytes())
SET = "ZJ-DEMO-2012"
CODES = [raw.code for raw in indicators.parse(ROWS, SET).raw_inputs()]
UNIT, CASE = "339921", "339921-2024"
PROOF, LETTER = b"%PDF-1.7 a page of the yearbook", b"%PDF-1.7 the letter of recognition"
EXPERTS = {"F1": [78, 82, 80, 75, 85], "F2": [72, 76, 74, 70, 78], "F3": [70, 75, 72, 68, 80]}
LIFE = (
    '<startEvent id="s"/>'
    '<userTask id="T12" name="资格核验" icity:role="PRV_OFFICER" icity:form="any" icity:deadline="T12"/>'
    '<businessRuleTask id="judge" name="评定等次" icity:decision="grade" icity:result="grade"><extensionElements>'
    '<icity:input name="score" value="=84.5"/></extensionElements></businessRuleTask>'
    '<intermediateThrowEvent id="say" name="告知结果" icity:correlation="=case_id"><extensionElements>'
    '<icity:input name="grade" value="=grade"/></extensionElements>'
    '<messageEventDefinition id="say_d" messageRef="answer"/></intermediateThrowEvent>'
    '<userTask id="T50" name="归档移交" icity:role="PRV_OFFICER" icity:form="any" icity:deadline="T50"/>'
    '<serviceTask id="archive_case" name="打包归档" icity:operator="archive case" icity:result="package">'
    '<extensionElements><icity:input name="case_id" value="=case_id"/>'
    '<icity:input name="retention" value="=&quot;30年&quot;"/></extensionElements></serviceTask><endEvent id="e"/>'
    + flows(("s", "T12"), ("T12", "judge"), ("judge", "say"), ("say", "T50"), ("T50", "archive_case"))
    + flows(("archive_case", "e"))
)


def tables(content: bytes, name: str) -> dict[str, Decision]:
    """Read the decisions of a .dmn file."""
    return decisions.parse(parse_xml(content, name))


class Life:
    """The case of a fictional county, told in steps; `var` is the folder of everything that is kept."""

    def __init__(self, sessions: Sessions, folder: Path) -> None:
        clock.travel(datetime.fromisoformat("2024-04-28T09:00:00+08:00"))
        self.sessions, self.var = sessions, folder / "var"
        self.stage = Stage(sessions, folder / "programme")
        (folder / "programme").mkdir(parents=True)
        for name in ("grade.dmn", "deadline.dmn"):
            shutil.copy(FOLDER / name, folder / "programme" / name)
        self.stage.deploy(p=LIFE)
        with transaction(sessions) as session:
            calendars.seed(session)
            units.seed(session)
            self._open_round(session)
            wanted = Application("small", "p", "云溪县创建创新型县", UNIT, "yunxi-government", {"case_id": CASE})
            self.instance: UUID = instances.start(session, self.stage.actor, wanted)

    def decide(self) -> None:
        """Let the officer do the first task, whereupon the grade is decided and the message goes out."""
        self.stage.complete(self.instance, "T12", n=1)

    def score(self, **values: Any) -> str:
        """Put the figures on record with their evidence, and score the case; return the sheet's id."""
        figures = {code: 2.5 + place / 10 for place, code in enumerate(CODES)} | values
        proof = files.keep(self.var, PROOF)
        with transaction(self.sessions) as session:
            clerk = session.scalars(select(Person).order_by(Person.login).limit(1)).one()
            if session.get(Evidence, proof) is None:
                told = {"name": "年鉴.pdf", "media_type": "application/pdf", "size": len(PROOF)}
                session.add(Evidence(digest=proof, kept_at=clock.now(), kept_by=clerk.id, **told))
                session.add_all(self._figure(code, value, clerk.id) for code, value in figures.items())
                session.flush()
            given = {
                "set": SET, "level": "county", "values": figures, "expert_scores": EXPERTS, "unit": UNIT,
                "case_id": CASE, "round": "pilot-2024", "year": 2023, "agency": "agency-qiming",
            }  # fmt: skip
            grounds = Grounds(ROWS, Calendar({}, date.min), clock.now(), "small", session)
            return str(delegates.run("score case", given, grounds)["sheet"])

    def publish(self, number: str = "浙科发〔2024〕31号") -> None:
        """Issue a document whose PDF is kept, and grant the title it names."""
        letter = files.keep(self.var, LETTER)
        with transaction(self.sessions) as session:
            facts = {"kind": "pilot_list", "organ": "浙科发", "year": 2024, "serial": 31, "title": "试点名单的通知"}
            kept = {"facts": {"units": [UNIT]}, "template": "t", "addressees": ["yunxi-government"], "state": "issued"}
            session.add(
                OfficialDocument(
                    id=uuid4(), programme="small", number=number, case_id=CASE, round="pilot-2024", retention="永久",
                    issued_on=clock.today(), pdf=letter, docx="ab" * 32, **facts, **kept,
                )
            )  # fmt: skip
            title = {"kind": "pilot", "granted_on": clock.today(), "document_no": number, "case_id": CASE}
            session.add(Title(id=uuid4(), programme="small", unit=UNIT, **title))

    def task(self) -> UUID:
        """Return the id of the one open task."""
        query = select(Task.id).where(Task.instance == self.instance, Task.state == TaskState.OPEN)
        with transaction(self.sessions) as session:
            return session.scalars(query).one()

    def transfer(self) -> None:
        """Let the officer hand the case over, whereupon the diagram archives it."""
        with transaction(self.sessions) as session:
            tasks.complete(session, self.stage.actor, self.task(), {"n": 1})

    def live(self) -> None:
        """Go through everything up to the transfer."""
        self.decide()
        self.score()
        self.publish()

    def _open_round(self, session: Any) -> None:
        rows = indicators.of(ROWS, SET)
        frozen = {"indicator_set": SET, "set_digest": indicators.digest(rows), "set_rows": rows}
        place = {"programme": "small", "kind": "pilot", "year": 2024, "state": RoundState.OPEN}
        session.add(Round(id="pilot-2024", opened_on=date(2024, 1, 5), **place, **frozen))
        session.flush()

    def _figure(self, code: str, value: Any, clerk: UUID) -> Figure:
        told = {"unit": UNIT, "year": 2023, "version": 1, "definition": "", "origin": "declared", "source": "年鉴"}
        people = {"entered_by": clerk, "entered_at": clock.now(), "case_id": CASE}
        evidence = [sha256(PROOF).hexdigest()]
        return Figure(code=code, value=Decimal(str(value)), evidence=evidence, **told, **people)
