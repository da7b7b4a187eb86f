"""Multi-instance, sub-processes, call activities and steps that fail."""

import pytest

from tests.support.diagrams import Play, flows

REVIEW = (
    '<startEvent id="s"/><subProcess id="sp"><multiInstanceLoopCharacteristics icity:collection="=departments"'
    ' icity:elementVariable="department" icity:outputCollection="opinions" icity:outputElement="=reply.opinion"/>'
    '<startEvent id="ss"/><userTask id="op" icity:role="R" icity:result="reply"/>'
    '<boundaryEvent id="lapse" attachedToRef="op"><timerEventDefinition><timeDuration>P7D</timeDuration>'
    '</timerEventDefinition></boundaryEvent><endEvent id="se"/><endEvent id="se2"/>'
    + flows(("ss", "op"), ("op", "se"), ("lapse", "se2"))
    + '</subProcess><userTask id="after"/><endEvent id="e"/>'
    + flows(("s", "sp"), ("sp", "after"), ("after", "e"))
)


def test_each_department_answers_for_itself_and_a_silent_one_does_not_hold_the_others():
    play = Play(data={"departments": ["A", "B", "C"]}, p=REVIEW)
    assert play.tasks == ["op", "op", "op"]
    play.complete("op", opinion="agree")
    play.complete("op", opinion="object")
    play.come("lapse")
    assert play.tasks == ["after"]
    data = play.execution.data(play.task("after"))
    assert data["opinions"] == ["agree", "object"]
    assert "department" not in data
    assert "reply" not in data


@pytest.mark.parametrize(("sequential", "open_at_once"), [("false", [3, 2]), ("true", [1, 1])])
def test_a_completion_condition_ends_the_rest(sequential, open_at_once):
    body = (
        f'<startEvent id="s"/><userTask id="u" icity:result="r"><multiInstanceLoopCharacteristics'
        f' isSequential="{sequential}" icity:collection="=xs" icity:elementVariable="x" icity:outputCollection="rs"'
        ' icity:outputElement="=r.v"><completionCondition>=nrOfCompletedInstances &gt;= 2</completionCondition>'
        '</multiInstanceLoopCharacteristics></userTask><endEvent id="e"/>' + flows(("s", "u"), ("u", "e"))
    )
    play = Play(data={"xs": [1, 2, 3]}, p=body)
    seen = []
    for value in (10, 20):
        seen.append(len(play.tasks))
        play.complete("u", v=value)
    assert seen == open_at_once
    assert play.execution.ended
    assert play.execution.data()["rs"] == [10, 20]


def test_an_empty_collection_passes_at_once_with_an_empty_output():
    play = Play(data={"departments": []}, p=REVIEW)
    assert play.execution.data(play.task("after"))["opinions"] == []


def test_a_called_process_sees_only_its_inputs_and_gives_only_its_outputs():
    caller = (
        '<startEvent id="s"/><callActivity id="call" calledElement="q"><extensionElements>'
        '<icity:input name="n" value="=count(xs)"/><icity:output name="got" value="=answer.v"/></extensionElements>'
        '</callActivity><userTask id="after"/><endEvent id="e"/>'
        + flows(("s", "call"), ("call", "after"), ("after", "e"))
    )
    called = '<startEvent id="qs"/><userTask id="qa" icity:result="answer"/><endEvent id="qe"/>' + flows(
        ("qs", "qa"), ("qa", "qe")
    )
    play = Play(data={"xs": [1, 2], "secret": 1}, p=caller, q=called)
    assert play.execution.data(play.task("qa")) == {"n": 2}
    play.complete("qa", v=7)
    assert play.execution.data(play.task("after")) == {"xs": [1, 2], "secret": 1, "got": 7}


FAILING = (
    '<startEvent id="s"/><parallelGateway id="f"/><serviceTask id="sv" icity:operator="op" icity:result="v"/>'
    '<userTask id="a"/><parallelGateway id="j"/><endEvent id="e"/>'
    + flows(("s", "f"), ("f", "sv"), ("f", "a"), ("sv", "j"), ("a", "j"), ("j", "e"))
)


def test_a_failing_step_stands_still_on_its_branch_and_goes_on_after_a_retry():
    broken = [True]

    def operate(_name, _given):
        if broken:
            raise ValueError("the register is closed")
        return 7

    play = Play(p=FAILING, operate=operate)
    assert (play.tasks, play.failures) == (["a"], ["sv"])
    play.complete("a")
    assert (play.execution.ended, play.failures) == (False, ["sv"])
    play.retry()
    assert play.failures == ["sv"]
    broken.clear()
    play.retry()
    assert play.execution.ended
    assert play.execution.data()["v"] == 7


def test_a_timer_that_cannot_be_reckoned_is_an_incident_not_a_crash():
    body = (
        '<startEvent id="s"/><userTask id="a"/><intermediateCatchEvent id="t"><timerEventDefinition>'
        '<timeDuration>=period</timeDuration></timerEventDefinition></intermediateCatchEvent><endEvent id="e"/>'
        + flows(("s", "a"), ("a", "t"), ("t", "e"))
    )
    play = Play(data={"period": "nonsense"}, p=body)
    play.complete("a")
    assert play.failures == ["t"]


def test_a_loop_without_people_is_stopped_by_its_budget_and_can_be_loaded_again():
    body = '<startEvent id="s"/><exclusiveGateway id="m"/><task id="t"/>' + flows(("s", "m"), ("m", "t"), ("t", "m"))
    play = Play(p=body)
    play.reload()
    assert play.failures
