"""Programs examine a draft's scenarios, play it, and try faults on it."""

import pytest

from engine import processes, revisions
from engine.db import transaction
from tests.support import drafts
from tests.support import programme as small
from tests.support.played import PATH, files


@pytest.fixture
def draft(sessions):
    drafts.ground(sessions)
    with transaction(sessions) as session:
        processes.deploy_files(session, files(), "a test")
        return revisions.begin(session, drafts.person(sessions, "liuguan"), "small", "演练").id


def test_a_program_examines_plays_and_tries_faults(program, draft, sessions):
    owner = program("liuguan")
    where = f"/revisions/{draft}"
    shown = owner.get(f"{where}/scenarios").json
    assert (shown["ok"], [one["path"] for one in shown["results"]]) == (True, [PATH])
    assert shown["painted"]["p"]["a"] == 1
    lines = owner.post(f"{where}/rehearsals", {"scenario": PATH}).json["lines"]
    assert [one["kind"] for one in lines] == ["begun", "opened", "done", "reminded", "fired", "ended"]
    case = small.start(sessions, "p", unit="339921")
    wish = {"case": str(case), "policy": "agree", "until": "P1M"}
    assert {"opened", "done"} <= {one["kind"] for one in owner.post(f"{where}/rehearsals", wish).json["lines"]}
    wish = {"process": "p", "plan": {"start": "2028-02-29"}, "policy": "first", "until": "P3D"}
    assert owner.post(f"{where}/rehearsals", wish).json["lines"][-1]["kind"] == "ended"
    refused = owner.post(f"{where}/rehearsals", {"process": "q"})
    assert (refused.status_code, refused.content_type) == (422, "application/problem+json")
    assert owner.post(f"{where}/faults", {"process": "p"}).json["caught"] > 0
    assert program("jingban").get(f"{where}/scenarios").status_code == 403
    assert program("liushen").post(f"{where}/rehearsals", {"case": str(case)}).status_code == 403
