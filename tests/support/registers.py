"""A life on record, of the fictional county: titles, rounds, figures and who entered them, scores, a document."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import delegates, documents, processes, titles
from engine.bpmn.gate import parse_xml
from engine.delegates import Grounds
from engine.documents import House, Order
from engine.domain import decisions, indicators
from engine.domain.titles import Kind, Title
from engine.domain.workdays import Calendar
from engine.settings import ROOT
from engine.tables import Bar, Evidence, Figure, Person, Round, RoundResult, RoundState
from engine.titles import Ground
from tests.support.papers import LETTER, ON, issuing, template

FOLDER = ROOT / "workflows" / "innovative-city"
ROWS = indicators.read_rows((FOLDER / "indicators.csv").read_bytes())
GRADING = decisions.parse(parse_xml((FOLDER / "grade.dmn").read_bytes(), "grade.dmn"))
SET = "ZJ-DEMO-2012"
RAW = indicators.parse(ROWS, SET).raw_inputs()
VALUES = {raw.code: 2.5 + place / 10 for place, raw in enumerate(RAW)}
EXPERTS = {"F1": [78, 82, 80, 75, 85], "F2": [72, 76, 74, 70, 78], "F3": [70, 75, 72, 68, 80]}
PROGRAMME, AGENCY = "innovative-city", "agency-qiming"
UNIT, OTHER, NEIGHBOUR = "339921", "339922", "339481"  # three counties
CASE = f"{UNIT}-2024"
LAST, NOW_ROUND = "pilot-2024", "biennial-2026"
PILOTED, NOW = date(2024, 6, 3), datetime(2026, 5, 6, 1, tzinfo=UTC)
PROOF = "ab" * 32
WHY = "核对原始凭证后更正"


@dataclass(frozen=True)
class Lived:
    """What the county's life left: its score sheets, the oldest first, and a document."""

    sheets: list[UUID]
    document: UUID


def lived(session: Session, folder: Path, state: RoundState = RoundState.PUBLISHED) -> Lived:
    """Enter the life of the county; its second round is in the state `state`."""
    a_round(session, LAST, RoundState.PUBLISHED)
    a_round(session, NOW_ROUND, state)
    granted = Title(UNIT, Kind.PILOT, PILOTED, "浙科发〔2024〕9号")
    titles.seed(session, PROGRAMME, [Title(UNIT, Kind.SCIENCE_STRONG, date(2012, 1, 1), "浙委办发〔2004〕29号")])
    titles.grant(session, Ground(PROGRAMME), granted, CASE)
    session.add(Bar(programme=PROGRAMME, unit=OTHER, since=PILOTED, rounds=2, reason="数据造假"))
    for round_, outcome in ((LAST, "pilot"), (NOW_ROUND, "continue")):
        practice = "科技特派员入企服务" if round_ == NOW_ROUND else None
        session.add(RoundResult(round=round_, unit=UNIT, outcome=outcome, practice=practice, kept_at=NOW))
    figures(session)
    sheets = [UUID(score(session, LAST, 2023, values=VALUES)), UUID(score(session, NOW_ROUND, 2025, values=VALUES))]
    score(session, NOW_ROUND, 2025, unit=OTHER, case_id=f"{OTHER}-2024", expert_scores=rated(95))
    return Lived(sheets, letter(session, folder))


def a_round(session: Session, name: str, state: RoundState) -> None:
    """Enter a round, known by its kind and year, under the demonstration's indicator set."""
    kind, year = name.split("-")
    rows = indicators.of(ROWS, SET)
    frozen = {"indicator_set": SET, "set_digest": indicators.digest(rows), "set_rows": rows}
    days = {"opened_on": date(int(year), 1, 5), "document_no": f"浙科发〔{year}〕8号"}
    session.add(Round(id=name, programme=PROGRAMME, kind=kind, year=int(year), state=state, **frozen, **days))
    session.flush()


def figures(session: Session) -> None:
    """Enter what the county declared for two years; its gdp of 2025 was corrected, with a file behind it."""
    people_ = select(Person).where(Person.login.in_(["heshu", "shuju"]))
    checker, clerk = session.scalars(people_.order_by(Person.login))
    kept = {"kept_at": NOW, "kept_by": clerk.id, "keepers": [clerk.id]}
    session.add(Evidence(digest=PROOF, name="统计年鉴.pdf", media_type="application/pdf", size=1234, **kept))
    people = {"entered_by": clerk.id, "entered_at": NOW, "confirmed_by": checker.id, "confirmed_at": NOW}
    for year in (2023, 2025):
        for code, value in VALUES.items():
            a_figure(session, year, code, value, **people)
    more = {"version": 2, "reason": WHY, "evidence": [PROOF]}
    a_figure(session, 2025, "gdp", VALUES["gdp"], **people | more)
    session.flush()


def a_figure(session: Session, year: int, code: str, value: float, **more: Any) -> None:
    """Enter one version of a figure that the county declared."""
    told = {"unit": UNIT, "version": 1, "definition": "", "origin": "declared", "evidence": []} | more
    session.add(Figure(year=year, code=code, value=Decimal(str(value)), **told))


def score(session: Session, round_: str, year: int, **more: Any) -> str:
    """Score a county in a round; return the id of its sheet."""
    given = {
        "set": SET, "level": "county", "values": VALUES, "expert_scores": EXPERTS, "unit": UNIT, "case_id": CASE,
        "round": round_, "year": year, "agency": AGENCY, "reason": "演示",
    }  # fmt: skip
    grounds = Grounds(ROWS, Calendar({}, date.min), NOW, PROGRAMME, session, decisions=GRADING)
    return str(delegates.run("score case", given | more, grounds)["sheet"])


def rated(score_: int) -> dict[str, list[int]]:
    """Return the scores of experts who all think the same of a unit."""
    return {code: [score_] * len(scores) for code, scores in EXPERTS.items()}


def letter(session: Session, folder: Path, **more: Any) -> UUID:
    """Issue a letter about the county's case."""
    processes.deploy(session, issuing(folder / f"issuing-{uuid4().hex}"), "a test")
    house = House("浙科函", ("浙江省科学技术厅",), "", "10年", signatory="厅领导")
    order = {"case_id": CASE, "on": ON} | more
    return documents.issue(session, Order("issuing", "letter", LETTER, **order), house, template("letter")).id
