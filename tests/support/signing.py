"""What tests of signs share: two steps in a line, a sign that is asked for, a sign that is given."""

from engine import signs
from engine.signs import Asking, Opinion, Order
from engine.tables import SignKind, SignState
from tests.support.shapes import end, start, user, way

AGREED, REFUSED = SignState.AGREED, SignState.REFUSED
BEFORE, AFTER = SignKind.BEFORE, SignKind.AFTER
ONE = start() + user("a", role="PRV_OFFICER", result="kept") + user("b", role="ARCHIVIST") + end("e") + way("s a b e")
ONE = ONE.replace('id="a"', 'id="a" icity:form="any"')


def opened(stage, body=ONE, element="a"):
    instance = stage.play(body)
    return instance, stage.task(instance, element)


def ask(stage, task, kind, *people, order=Order.AT_ONCE, by=None):
    return stage.do(signs.ask, task, Asking(kind, [one.id for one in people], "请会签", order), by=by)


def give(stage, sign, who, state=AGREED):
    return stage.do(signs.give, sign, Opinion(state, "看过了"), by=who)
