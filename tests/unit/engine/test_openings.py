"""Openings: who may begin what, for whom, and that a request begins exactly one case."""

from uuid import UUID

import pytest
from sqlalchemy import select

from engine import identity, openings, processes, units
from engine.db import Sessions, transaction
from engine.errors import AnswersRefused, NotAllowed, NotFound
from engine.openings import Wish
from engine.settings import ROOT
from engine.tables import Instance, Task

PROGRAMME = "innovative-city"


def _listed(sessions: Sessions, login: str) -> dict[str, openings.OpeningRow]:
    with transaction(sessions) as session:
        rows = openings.listing(session, identity.load(session, login))
    return {f"{row.process}/{row.element}": row for row in rows}


def _begin(sessions: Sessions, login: str, wish: Wish) -> UUID | None:
    with transaction(sessions) as session:
        return openings.begin(session, identity.load(session, login), wish)


def _life(organisation: str, unit: str) -> Wish:
    return Wish(PROGRAMME, "lifecycle", "start", organisation, {"unit": unit})


@pytest.fixture
def ready(sessions: Sessions) -> Sessions:
    """Give a database with the register of divisions and both shipped programmes."""
    with transaction(sessions) as session:
        units.seed(session)
        for programme in (PROGRAMME, "science-strong-county"):
            processes.deploy(session, ROOT / "workflows" / programme, "a test")
    return sessions


def test_an_officer_may_begin_everything_that_carries_a_form(ready: Sessions) -> None:
    listed = _listed(ready, "jingban")
    assert {"lifecycle/start", "pilot_round/start", "biennial_round/start_by_hand", "appeal_review/filed"} <= set(
        listed
    )
    assert "strong_county/start" in listed
    assert not [key for key in listed if key.startswith(("application/", "joint_review/"))]  # called, never begun


def test_others_begin_what_their_roles_say_for_their_own_organisation(ready: Sessions) -> None:
    lead, clerk = _listed(ready, "xianzhang"), _listed(ready, "shuju")
    assert set(lead) == {"lifecycle/start", "strong_county/start", "appeal_review/filed", "data_correction/requested"}
    assert [seat.unit for seat in lead["lifecycle/start"].seats] == ["339921"]
    assert set(clerk) == {"data_correction/requested"}
    assert _listed(ready, "hewen") == {}


def test_a_form_offers_only_the_units_of_the_person(ready: Sessions) -> None:
    with transaction(ready) as session:
        own = openings.show(session, identity.load(session, "xianzhang"), PROGRAMME, "lifecycle", "start")
        all_of_them = openings.show(session, identity.load(session, "jingban"), PROGRAMME, "lifecycle", "start")
    assert own.data["units"] == [{"value": "339921", "label": "云溪县"}]
    assert len(all_of_them.data["units"]) > 100
    assert set(own.data) == {"units", "rounds"}  # what the form does not ask for is not told


def test_a_life_begins_under_the_name_that_its_diagram_gives_it(ready: Sessions) -> None:
    begun = _begin(ready, "xianzhang", _life("yunxi-government", "339921"))
    with transaction(ready) as session:
        case = session.get_one(Instance, begun)
        assert (case.title, case.subject, case.organisation) == (
            "云溪县创建创新型城市（县、区）",
            "339921",
            "yunxi-government",
        )


def test_a_request_begins_the_process_that_waits_for_it(ready: Sessions) -> None:
    answers = {"unit": "339921", "year": 2025, "code": "A1", "value": 2.5, "reason": "凭证有误"}
    wish = Wish(PROGRAMME, "data_correction", "requested", "yunxi-statistics", answers)
    begun = _begin(ready, "heshu", wish)
    with transaction(ready) as session:
        assert session.get_one(Instance, begun).subject == "339921"
        assert session.scalars(select(Task.name).where(Task.instance == begun)).all() == ["核实更正"]


def test_what_is_not_theirs_begins_nothing(ready: Sessions) -> None:
    with pytest.raises(AnswersRefused):
        _begin(ready, "xianzhang", _life("yunxi-government", "330102-2021"))
    with pytest.raises(NotAllowed):
        _begin(ready, "xianzhang", _life("prov-science", "339921"))
    with pytest.raises(NotFound):
        _begin(ready, "hewen", _life("prov-gov", "339921"))
    with pytest.raises(NotFound):
        _begin(ready, "xianzhang", Wish(PROGRAMME, "pilot_round", "start", "yunxi-government", {"year": 2026}))
    with transaction(ready) as session:
        assert session.scalars(select(Instance)).all() == []
