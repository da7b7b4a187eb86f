"""Change-overs of what many do, of loops, calls, what can be undone, and failures: told as what is lost or why not."""

import pytest

from engine.bpmn import gate, parse
from engine.bpmn.judgements import Verdict
from engine.bpmn.transplant import judge
from engine.errors import StateDamaged
from tests.support.changing import LATE, change, end, ids, judged, kinds, line, seats, versions
from tests.support.diagrams import Play, drawn, flows


def test_several_go_on_together_and_keep_what_they_gave() -> None:
    play = Play(p=seats("parallel"))
    play.pick("a", {"x": 1}, item=2)
    open_ = sorted(ids(play))
    renamed = seats("parallel").replace("i:collection", 'i:elementVariable="one" i:collection')
    found = change(play, p=renamed)
    assert (found.verdict, sorted(ids(play))) == (Verdict.MAPPED, open_)
    assert sorted(seen["one"] for seen in play.seen("a")) == [1, 3]
    end(play)


def test_a_row_becomes_a_circle_without_loss_and_a_circle_a_row_with_it() -> None:
    play = Play(p=seats("sequential"))
    play.complete("a")
    task = play.task("a")
    assert change(play, p=seats("parallel")).verdict is Verdict.MAPPED
    assert task in ids(play)
    assert play.tasks == ["a", "a"]
    found = change(play, p=seats("sequential"))
    assert (found.verdict, kinds(found)) == (Verdict.LOSS, ["seat", "task"])
    assert ids(play) == {task: "a"}
    play.complete("a")
    assert play.seen("a")[0]["item"] == 3
    play.complete("a")
    assert play.ended


def test_one_cannot_become_several_nor_several_one() -> None:
    play = Play(p=line("a"))
    found = judged(play, p=seats("parallel"))
    assert found.verdict is Verdict.BLOCKED
    assert found.blocked[0].zh
    assert change(play, {"p/a": "p/a"}, p=seats("parallel")).verdict is Verdict.LOSS
    assert play.tasks == ["a", "a", "a"]
    assert judged(play, p=line("a")).verdict is Verdict.BLOCKED
    play.complete("a")
    found = change(play, {"p/a": "p/a"}, p=line("a"))
    assert kinds(found) == ["answers", "task", "task"]
    end(play)


def test_the_only_one_of_several_becomes_the_one() -> None:
    only = seats("parallel").replace("[1,2,3]", "[7]").replace("</userTask>", "</userTask>" + LATE)
    play = Play(p=only)
    task, due = play.task("a"), play.due("late")
    found = change(play, p=line("a", middle=LATE))
    assert (found.verdict, ids(play), play.due("late")) == (Verdict.MAPPED, {task: "a"}, due)
    end(play)


def test_rounds_of_a_loop_take_the_new_maximum() -> None:
    def round_(most: int) -> str:
        loop = f'<standardLoopCharacteristics loopMaximum="{most}"/>'
        return f'<startEvent id="s"/><userTask id="a">{loop}</userTask><endEvent id="e"/>' + flows(
            ("s", "a"), ("a", "e")
        )

    play = Play(p=round_(2))
    change(play, p=round_(3))
    play.complete("a")
    play.complete("a")
    assert play.tasks == ["a"]
    assert change(play, p=line("a")).verdict is Verdict.MAPPED
    assert judged(play, p=seats("parallel")).verdict is Verdict.BLOCKED
    end(play)


def call(called: str, name: str = "c") -> str:
    return f'<startEvent id="s"/><callActivity id="{name}" calledElement="{called}"/><endEvent id="e"/>' + flows(
        ("s", name), (name, "e")
    )


def test_a_called_process_changes_with_its_caller() -> None:
    play = Play(p=call("q"), q=line("a", "b"))
    task = play.task("a")
    change(play, p=call("q"), q=line("n", "a", "m"))
    assert ids(play) == {task: "a"}
    assert change(play, p=call("r"), r=line("a")).verdict is Verdict.MAPPED
    assert ids(play) == {task: "a"}
    gone = judged(play, p=line("u"), r=line("a"))
    assert gone.verdict is Verdict.DECISION
    found = change(play, {"p/c": "p/u"}, p=line("u"))
    assert kinds(found) == ["task"]
    end(play)


def test_a_process_that_is_gone_blocks_and_one_of_the_same_name_is_taken() -> None:
    play = Play(p=line("a"))
    assert judged(play, q=line("a")).verdict is Verdict.BLOCKED
    named = drawn("q", line("a")).replace(b'name="q"', b'name="p"')
    new = parse.model({"q": gate.parse_xml(named, "q")})
    found = judge(play.model, new, play.execution.dump(), {})
    assert (found.verdict, found.process) == (Verdict.MAPPED, "q")


def test_what_can_be_undone_stays_so_or_is_told_as_lost() -> None:
    undo = '<boundaryEvent id="ev" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
    undo += '<userTask id="un" isForCompensation="true"/><association id="l" sourceRef="ev" targetRef="un"/>'
    throw = '<intermediateThrowEvent id="t"><compensateEventDefinition/></intermediateThrowEvent>'
    body = line("a", "b").replace(flows(("b", "e")), "") + undo + throw + flows(("b", "t"), ("t", "e"))
    play = Play(p=body)
    play.complete("a")
    lost = judged(play, p=line("a", "b"))
    assert (lost.verdict, kinds(lost)) == (Verdict.LOSS, ["compensation"])
    change(play, p=body.replace('"un"', '"un2"'))
    play.complete("b")
    assert play.tasks == ["un2"]
    assert judged(play, p=body).verdict is Verdict.BLOCKED
    assert judged(play, p=body.replace('"un"', '"un2"').replace('"b"', '"b2"')).verdict is not Verdict.BLOCKED
    play.complete("un2")
    assert play.ended


def test_an_incident_is_carried_and_retried_in_the_new_version() -> None:
    def operate(_: str, given: dict[str, object]) -> object:
        raise ValueError(given)

    work = '<serviceTask id="w" xmlns:i="urn:icity:bpmn:1" i:operator="op"/>'
    body = '<startEvent id="s"/>{}<endEvent id="e"/>' + flows(("s", "w"), ("w", "e"))
    play = Play(p=body.format(work), operate=operate)
    assert play.failures == ["w"]
    found = change(play, p=body.format(work.replace(' i:operator="op"', "")))
    assert (found.verdict, play.failures) == (Verdict.MAPPED, ["w"])
    play.retry()
    assert play.ended


def test_an_envelope_of_another_version_is_damage() -> None:
    play = Play(p=line("a"))
    with pytest.raises(StateDamaged):
        judge(versions(p=line("b")), versions(p=line("a")), play.execution.dump(), {})
