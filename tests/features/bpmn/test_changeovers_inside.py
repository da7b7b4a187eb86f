"""Change-overs of what an instance remembers and what lies inside: compensation, clocks, sub-processes left empty."""

import pytest

from engine.bpmn import returns
from engine.bpmn.judgements import DROP, Verdict
from engine.bpmn.returns import Reopening
from engine.errors import NotFound
from tests.features.bpmn.test_compensation import AFTER, INNER, undoing
from tests.support.changing import LATE, around, branches, change, end, ids, judged, kinds, line, seats
from tests.support.diagrams import Play, flows
from tests.support.shapes import compensation, start, sub, throw, way

WHOLE = way("s sp t after e")


def nested(inner: str) -> str:
    return start() + sub("sp", inner) + throw("t", compensation()) + AFTER + WHOLE


def test_what_was_done_inside_is_undone_under_its_new_names() -> None:
    play = Play(p=nested(INNER + undoing("by_hand")))
    play.complete("a")
    play.complete("b")
    assert play.tasks == ["by_hand"]
    play = Play(
        p=start()
        + sub("sp", INNER)
        + sub("so", line("x").replace('"s"', '"xs"').replace('"e"', '"xe"'))
        + throw("t", compensation())
        + AFTER
        + way("s sp so t after e")
    )
    for name in ("a", "b"):
        play.complete(name)
    second = sub("so", line("x").replace('"s"', '"xs"').replace('"e"', '"xe"'))
    new = start() + sub("sp", INNER.replace('"not_a"', '"un_a"')) + second + throw("t", compensation()) + AFTER
    found = change(play, p=new + way("s sp so t after e"))
    assert found.verdict is Verdict.MAPPED
    lost = judged(play, p=start() + second + throw("t", compensation()) + AFTER + way("s so t after e"))
    assert set(kinds(lost)) == {"compensation"}
    play.complete("x")
    assert play.tasks == ["not_b"]
    last = start() + sub("sp", INNER.replace('"not_a"', '"no_a"')) + second + throw("t", compensation()) + AFTER
    assert change(play, p=last + way("s sp so t after e")).verdict is Verdict.MAPPED
    play.complete("not_b")
    assert play.tasks == ["no_a"]
    play.complete("no_a")
    end(play)


def test_an_event_sub_process_that_undoes_is_found_under_its_new_name_or_missed() -> None:
    second = sub("so", line("x").replace('"s"', '"xs"').replace('"e"', '"xe"'))

    def drawing(inner: str) -> str:
        return start() + sub("sp", inner) + second + throw("t", compensation()) + AFTER + way("s sp so t after e")

    play = Play(p=drawing(INNER + undoing("by_hand")))
    play.complete("a")
    play.complete("b")
    assert "compensation" in kinds(judged(play, p=drawing(INNER)))
    change(play, p=drawing(INNER + undoing("by_foot")))
    play.complete("x")
    assert play.tasks == ["by_foot"]


def test_a_clock_that_was_stopped_for_a_return_goes_with_its_renamed_step() -> None:
    named = line("a", "b").replace('id="a"', 'id="a" name="Look"')
    play = Play(p=named)
    play.execution._instance.kept["away"] = {"a": {"key": "k"}, "b": {"key": "l"}, "gone": {"key": "m"}}
    play.reload()
    change(play, p=named.replace('"a"', '"a2"').replace('"b"', '"c"'))
    assert set(play.execution._instance.kept["away"]) == {"a2", "b", "gone"}


def test_a_return_to_what_a_changeover_took_away_is_refused() -> None:
    play = Play(p=branches("a", "b"))
    play.complete("a")
    taken = list(ids(play))
    with pytest.raises(NotFound):
        returns.go_back(play.execution, None, taken, [Reopening("gone", taken[0])])
    waiting = returns.Waiting("j", "no_flow", taken[0])
    with pytest.raises(NotFound):
        returns.go_back(play.execution, None, [], [Reopening("a", taken[0], joins=[waiting])])


def test_a_sub_process_that_all_leave_is_left_with_its_data() -> None:
    play = Play(p=around(line("a", "b"), LATE.replace('"a"', '"P"')))
    play.execution._instance.subprocesses[next(iter(play.execution._instance.subprocesses))].data["own"] = 7
    play.reload()
    task = play.task("a")
    outside = around(line("b"), "") + '<userTask id="a"/>' + flows(("P", "a"), ("a", "pe"))
    found = change(play, p=outside)
    assert found.verdict is Verdict.MAPPED
    assert [watch.element for watch in found.disarmed] == ["late"]
    assert (ids(play), play.waits, play.data["own"]) == ({task: "a"}, [], 7)
    end(play)


def test_data_inside_that_would_be_hidden_are_told_as_lost() -> None:
    flat = line("a").replace('"s"', '"ps"').replace('"e"', '"pe"')
    play = Play(p=around(line("a")), data={"own": 1})
    play.execution._instance.subprocesses[next(iter(play.execution._instance.subprocesses))].data["own"] = 7
    play.reload()
    assert kinds(change(play, p=flat)) == ["variables"]
    assert play.data["own"] == 1


def test_one_of_several_does_not_leave_their_sub_process() -> None:
    loop = '<multiInstanceLoopCharacteristics xmlns:i="urn:icity:bpmn:1" i:collection="=[1,2]"/>'
    play = Play(p=around(loop + line("a", "b")))
    assert len(play.tasks) == 2
    outside = around(loop + line("b")) + '<userTask id="a"/>' + flows(("P", "a"), ("a", "pe"))
    assert judged(play, p=outside).verdict is Verdict.BLOCKED
    gone = judged(play, p=line("z").replace('"s"', '"ps"').replace('"e"', '"pe"'))
    assert gone.verdict is Verdict.DECISION
    found = judged(play, {"p/P": "p/z"}, p=line("z").replace('"s"', '"ps"').replace('"e"', '"pe"'))
    assert kinds(found) == ["task", "task"]


def test_nobody_is_carried_into_a_repeated_sub_process() -> None:
    loop = '<multiInstanceLoopCharacteristics xmlns:i="urn:icity:bpmn:1" i:collection="=[1,2]"/>'
    play = Play(p=line("a").replace('"s"', '"ps"').replace('"e"', '"pe"'))
    found = judged(play, p=around(loop + line("a", "b")))
    assert found.verdict is Verdict.BLOCKED
    assert found.blocked[0].zh
    assert change(play, {"p/a": "p/P"}, p=around(loop + line("a", "b"))).verdict is Verdict.LOSS
    assert len(play.tasks) == 2


def test_a_handler_that_runs_and_is_gone_hands_its_steps_over() -> None:
    handler = '<subProcess id="h" triggeredByEvent="true"><startEvent id="hs">'
    handler += '<messageEventDefinition messageRef="stop"/></startEvent>'
    handler += '<userTask id="u"/><endEvent id="he"/>' + flows(("hs", "u"), ("u", "he")) + "</subProcess>"
    play = Play(p=line("a", middle=handler))
    play.come("hs")
    task = play.task("u")
    assert change(play, p=line("a", middle=handler.replace('"h"', '"hh"'))).verdict is Verdict.MAPPED
    assert ids(play) == {task: "u"}
    found = change(play, {"hh/u": "p/b"}, p=line("a", "b"))
    assert found.verdict is Verdict.MAPPED
    assert ids(play) == {task: "b"}
    end(play)


@pytest.mark.parametrize("gate", ["parallel", "inclusive"])
def test_joins_are_looked_ahead_to(gate: str) -> None:
    def kind(body: str) -> str:
        return body.replace("parallelGateway", f"{gate}Gateway")

    play = Play(p=kind(branches("a", "b")))
    play.complete("a")
    late = kind(branches("a", "b", "c"))
    assert judged(play, p=late).verdict is (Verdict.BLOCKED if gate == "parallel" else Verdict.MAPPED)
    stopped = kind(branches("a", "b")).replace(
        '<endEvent id="e"/>', '<endEvent id="e"><terminateEventDefinition/></endEvent>'
    )
    change(play, p=stopped)
    end(play)


def test_a_circle_that_is_dropped_takes_its_seats_and_answers_with_it() -> None:
    loop = '<multiInstanceLoopCharacteristics xmlns:i="urn:icity:bpmn:1" i:collection="=[1,2]"/>'
    both = branches("a", "b").replace('<userTask id="b"/>', f'<userTask id="b">{loop}</userTask>')
    play = Play(p=both)
    play.complete("b")
    found = change(play, {"p/b": DROP}, p=branches("a"))
    assert kinds(found) == ["answers", "task"]
    end(play)
    assert judged(Play(p=seats("parallel")), p=seats("parallel", "q")).verdict is Verdict.DECISION


def test_what_no_step_can_take_up_is_blocked() -> None:
    play = Play(p=branches("a", "b"))
    play.complete("b")
    found = judged(play, {"p/b_j": DROP}, p=branches("c", "d"))
    assert found.verdict is Verdict.DECISION or found.blocked
    two = judged(play, p=branches("c", "d", "f"))
    assert two.verdict in {Verdict.DECISION, Verdict.BLOCKED}


def test_what_goes_on_at_once_and_sweeps_others_away_is_told() -> None:
    ends = '<endEvent id="x"><terminateEventDefinition/></endEvent>'
    both = branches("a", "b", "c").replace(flows(("j", "z")), "") + ends + flows(("j", "x"))
    play = Play(p=both)
    play.complete("a")
    play.complete("b")
    less = (
        both.replace(flows(("c", "j")), "").replace(flows(("g", "c")), "")
        + '<endEvent id="ce"/>'
        + flows(("c", "ce"), ("g", "c"))
    )
    found = change(play, p=less)
    assert (found.verdict, kinds(found)) == (Verdict.LOSS, ["task"])
    assert play.ended
