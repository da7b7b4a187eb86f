"""Where verbs meet: diagrams in which several may act at one moment."""

from tests.support.shapes import (
    boundary,
    catch,
    choice,
    end,
    mapped,
    message,
    parallel,
    service,
    signal,
    start,
    timer,
    user,
    way,
)

ABOUT = 'id = "race"\nlifecycle = "branches"\nname = { zh = "争先", en = "Race" }\n'
ROLE = "PRV_OFFICER"
BRANCHES = (
    start()
    + user("first", "work", "other", "last", "rung", "called", "alarmed", role=ROLE)
    + parallel("split", "join")
    + boundary("bell", "work", timer("=period"))
    + boundary("call", "work", message(), correlation="=case")
    + boundary("alarm_heard", "other", signal(), interrupting=False)
    + end("e", "e1", "e2", "e3")
    + way("s first split work join last e", "split other join", "bell rung e1", "call called e2")
    + way("alarm_heard alarmed e3")
)
EITHER = (
    start()
    + user("first", "rung", "called", "alarmed", role=ROLE)
    + choice("choice")
    + catch("bell", timer("=period"))
    + catch("call", message(), correlation="=case")
    + catch("alarm_heard", signal())
    + end("e", "e1", "e2")
    + way("s first choice bell rung e", "choice call called e1", "choice alarm_heard alarmed e2")
)
STUCK = (
    start()
    + user("first", "other", "rung", role=ROLE)
    + parallel("split", "join")
    + service("number", mapped({"organ": '="浙科"', "serial": "=serial"}), operator="document number", result="no")
    + boundary("bell", "number", timer("=period"))
    + end("e", "e1")
    + way("s first split number join e", "split other join", "bell rung e1")
)
DESKS = ("free", "lent", "held")  # where the first branch stands: unclaimed, with a delegate, waiting for two signs
DIAGRAMS = {"branches": BRANCHES, "either": EITHER, "stuck": STUCK, **dict.fromkeys(DESKS, BRANCHES)}
