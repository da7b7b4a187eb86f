"""Timers, messages and errors: at boundaries, between activities, behind gateways."""

from datetime import UTC, datetime, timedelta

import pytest

from engine import clock
from tests.support.diagrams import Play, flows


@pytest.fixture(autouse=True)
def _home():
    clock.travel(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
    yield
    clock.come_home()


def timer(name, text, **attributes):
    extra = " ".join(f'icity:{key}="{value}"' for key, value in attributes.items())
    return (
        f'<intermediateCatchEvent id="{name}" {extra}><timerEventDefinition><timeDuration>{text}</timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>"
    )


def test_a_duration_is_reckoned_on_the_calendar_not_in_seconds():
    play = Play(p='<startEvent id="s"/>' + timer("t", "P2Y") + '<endEvent id="e"/>' + flows(("s", "t"), ("t", "e")))
    assert play.due("t") == datetime(2028, 3, 2, 1, 0, tzinfo=UTC)
    play.come("t")
    assert play.execution.ended


def test_an_anchored_duration_falls_due_on_the_next_anniversary_and_never_drifts():
    body = (
        '<startEvent id="s"/><exclusiveGateway id="m"/>'
        + timer("t", "P2Y", anchor="=granted")
        + '<userTask id="a"/>'
        + flows(("s", "m"), ("m", "t"), ("t", "a"), ("a", "m"))
    )
    play = Play(data={"granted": "2024-02-29"}, p=body)
    found = []
    for _ in range(10):
        found.append(play.due("t").astimezone(clock.CIVIL).date().isoformat())
        clock.travel(play.due("t") + timedelta(days=40))
        play.execution.meet(play.around())
        play.come("t")
        play.complete("a")
    assert found == [f"{year}-02-{29 if year % 4 == 0 else 28}" for year in range(2028, 2048, 2)]


def test_a_deadline_counts_working_days():
    body = (
        '<startEvent id="s"/><userTask id="a"/><boundaryEvent id="late" attachedToRef="a" icity:deadline="T1">'
        "<timerEventDefinition><timeDuration>P0D</timeDuration></timerEventDefinition></boundaryEvent>"
        '<endEvent id="e"/><endEvent id="lapsed"/>' + flows(("s", "a"), ("a", "e"), ("late", "lapsed"))
    )
    play = Play(p=body)
    assert play.due("late") == datetime(2026, 3, 9, 15, 59, 59, tzinfo=UTC)
    play.come("late")
    assert play.execution.ended


CYCLE = (
    '<startEvent id="s"/><userTask id="a"/><boundaryEvent id="again" attachedToRef="a" cancelActivity="false">'
    "<timerEventDefinition><timeCycle>R3/P1D</timeCycle></timerEventDefinition></boundaryEvent>"
    '<userTask id="r"/><endEvent id="e"/><endEvent id="e2"/>'
    + flows(("s", "a"), ("a", "e"), ("again", "r"), ("r", "e2"))
)


def later(play, days):
    clock.travel(clock.now() + timedelta(days=days))
    play.execution.meet(play.around())


def test_a_cycle_beside_a_task_grows_a_branch_each_time_and_the_task_goes_on():
    play = Play(p=CYCLE)
    later(play, 1)
    play.come("again")
    assert play.tasks == ["a", "r"]
    assert play.due("again") == datetime(2026, 3, 4, 1, 0, tzinfo=UTC)


def test_finishing_a_task_keeps_the_branches_its_cycle_began():
    play = Play(p=CYCLE)
    later(play, 1)
    play.come("again")
    play.complete("a")
    assert play.tasks == ["r"]
    play.complete("r")
    assert play.execution.ended


def test_a_cycle_overdue_for_a_week_fires_once():
    play = Play(p=CYCLE)
    later(play, 9)
    play.come("again")
    assert play.tasks == ["a", "r"]
    assert play.waits == []


GATEWAY = (
    '<startEvent id="s"/><eventBasedGateway id="g"/>'
    + timer("t", "P1D")
    + '<intermediateCatchEvent id="c" icity:correlation="=case" icity:result="got">'
    '<messageEventDefinition messageRef="answer"/></intermediateCatchEvent><userTask id="late"/><userTask id="came"/>'
    '<endEvent id="e"/><endEvent id="e2"/>'
    + flows(("s", "g"), ("g", "t"), ("g", "c"), ("t", "late"), ("c", "came"), ("late", "e"), ("came", "e2"))
)


def test_an_event_gateway_waits_for_all_its_events_and_takes_the_first():
    play = Play(data={"case": "K1"}, p=GATEWAY)
    assert play.waits == ["c", "t"]
    play.come("c", {"score": 5})
    assert (play.tasks, play.waits) == (["came"], [])
    assert play.execution.data(play.task("came"))["got"] == {"score": 5}


def test_an_event_gateway_goes_the_timers_way_when_no_message_comes():
    play = Play(data={"case": "K1"}, p=GATEWAY)
    play.come("t")
    assert (play.tasks, play.waits) == (["late"], [])


SCOPE = (
    '<startEvent id="s"/><subProcess id="sp"><startEvent id="ss"/><userTask id="u" icity:result="r"/>'
    '<exclusiveGateway id="x" default="x_ok"/><endEvent id="bad"><errorEventDefinition/></endEvent><endEvent id="ok"/>'
    + flows(("ss", "u"), ("u", "x"), ("x", "bad", "=r.bad"), ("x", "ok"))
    + '</subProcess><boundaryEvent id="wrong" attachedToRef="sp"><errorEventDefinition/></boundaryEvent>'
    '<boundaryEvent id="withdrawn" attachedToRef="sp" icity:correlation="=case">'
    '<messageEventDefinition messageRef="stop"/></boundaryEvent>'
    '<intermediateThrowEvent id="told" icity:correlation="=case"><extensionElements>'
    '<icity:input name="case" value="=case"/></extensionElements><messageEventDefinition messageRef="answer"/>'
    '</intermediateThrowEvent><endEvent id="e"/><userTask id="h"/><endEvent id="e2"/><endEvent id="e3"/>'
    + flows(("s", "sp"), ("sp", "told"), ("told", "e"), ("wrong", "h"), ("h", "e2"), ("withdrawn", "e3"))
)


def test_an_error_end_takes_the_way_of_the_error_boundary():
    play = Play(data={"case": "K1"}, p=SCOPE)
    play.complete("u", bad=True)
    assert play.tasks == ["h"]


def test_a_message_at_the_boundary_interrupts_everything_inside():
    play = Play(data={"case": "K1"}, p=SCOPE)
    play.come("withdrawn")
    assert play.execution.ended
    assert play.execution.steps[-1].element == "e3"


def test_a_thrown_message_carries_its_inputs_and_its_correlation():
    play = Play(data={"case": "K1"}, p=SCOPE)
    play.complete("u", bad=False)
    (thrown,) = play.execution.thrown
    assert (thrown.name, thrown.correlation, thrown.payload) == ("answer", "K1", {"case": "K1"})
