"""The envelope: what is read back is what was written, and nothing else is read; budgets that stop a move."""

import pytest

from engine.bpmn import codec
from engine.bpmn.execution import Execution
from engine.errors import BudgetSpent, StateDamaged
from tests.support.diagrams import Play, flows

ASK = '<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>' + flows(("s", "a"), ("a", "e"))


def test_a_changed_byte_is_found():
    play = Play(p=ASK)
    envelope = bytearray(play.execution.dump())
    envelope[-3] ^= 1
    with pytest.raises(StateDamaged):
        Execution.load(bytes(envelope), play.model, play.around())


def test_an_unknown_format_is_not_guessed_at():
    play = Play(p=ASK)
    with pytest.raises(StateDamaged):
        Execution.load(b"9" + play.execution.dump()[1:], play.model, play.around())


def test_a_node_that_the_model_does_not_draw_is_damage_not_a_crash():
    play, other = Play(p=ASK), Play(p=ASK.replace('"a"', '"b"').replace('_a"', '_b"').replace('"a_', '"b_'))
    with pytest.raises(StateDamaged):
        Execution.load(play.execution.dump(), other.model, other.around())


def test_variables_beyond_all_measure_are_not_saved(monkeypatch):
    play = Play(p=ASK)
    monkeypatch.setattr(codec, "MAX_BYTES", 10_000)
    play.execution.write({"x": "长" * 10_000})
    with pytest.raises(BudgetSpent):
        play.execution.dump()


def test_what_was_laid_by_when_the_budget_was_spent_goes_on_after_a_retry(monkeypatch):
    monkeypatch.setattr("engine.bpmn.game.MAX_STEPS", 60)
    many = "".join(f'<userTask id="u{n}"/>' for n in range(100))
    body = '<startEvent id="s"/><parallelGateway id="g"/>' + many
    play = Play(p=body + flows(("s", "g"), *(("g", f"u{n}") for n in range(100))))
    assert len(play.failures) == 1
    assert len(play.tasks) < 60
    for _ in range(3):
        play.reload()
        if play.failures:
            play.retry()
    assert play.failures == []
    assert len(play.tasks) == 100
