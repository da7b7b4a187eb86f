"""A small programme on a real database: drawn in a few words, deployed, and its processes started."""

from pathlib import Path
from typing import Any
from uuid import UUID

from engine import instances, processes
from engine.db import Sessions, transaction
from engine.instances import Application
from tests.support.diagrams import drawn, flows

ABOUT = """
id = "small"
lifecycle = "sleep"
name = { zh = "小流程", en = "Small" }
"""
TIMER = "<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>"
ANSWER = '<messageEventDefinition id="answered" messageRef="answer"/>'
OFFICER = 'icity:role="PRV_OFFICER"'


def timer(text: str, kind: str = "timeDuration") -> str:
    """Return a timer event definition."""
    return TIMER.format(kind=kind, text=text)


PROCESSES = {
    "sleep": '<startEvent id="s"/><endEvent id="e"/>'
    f'<intermediateCatchEvent id="wait" icity:remind="PT30M" icity:remindRoles="APP_LEAD PRV_OFFICER">{timer("PT1H")}'
    "</intermediateCatchEvent>" + flows(("s", "wait"), ("wait", "e")),
    "years": f'<startEvent id="s"/><intermediateCatchEvent id="wait">{timer("P2Y")}</intermediateCatchEvent>'
    '<endEvent id="e"/>' + flows(("s", "wait"), ("wait", "e")),
    "two": '<startEvent id="s"/><parallelGateway id="split"/><parallelGateway id="join"/><endEvent id="e"/>'
    f'<intermediateCatchEvent id="late">{timer("PT2H")}</intermediateCatchEvent>'
    f'<intermediateCatchEvent id="early">{timer("PT1H")}</intermediateCatchEvent>'
    + flows(("s", "split"), ("split", "late"), ("split", "early"), ("late", "join"), ("early", "join"), ("join", "e")),
    "daily": f'<startEvent id="s"/><userTask id="work" name="办理" {OFFICER}/><endEvent id="e"/><endEvent id="rung"/>'
    '<boundaryEvent id="bell" attachedToRef="work" cancelActivity="false">'
    + timer("R/P1D", "timeCycle")
    + "</boundaryEvent>"
    + flows(("s", "work"), ("work", "e"), ("bell", "rung")),
    "ask": '<startEvent id="s"/><receiveTask id="hear" messageRef="answer" icity:correlation="=case"'
    ' icity:result="said"/><endEvent id="e"/>' + flows(("s", "hear"), ("hear", "e")),
    "tell": '<startEvent id="s"/><intermediateThrowEvent id="say" icity:correlation="=case"><extensionElements>'
    f'<icity:input name="word" value="=word"/></extensionElements>{ANSWER}</intermediateThrowEvent><endEvent id="e"/>'
    + flows(("s", "say"), ("say", "e")),
    "fails": f'<startEvent id="s"/><intermediateCatchEvent id="wait">{timer("PT1H")}</intermediateCatchEvent>'
    '<serviceTask id="number" icity:operator="document number" icity:result="no"><extensionElements>'
    '<icity:input name="organ" value="=&quot;浙科&quot;"/><icity:input name="serial" value="=serial"/>'
    '</extensionElements></serviceTask><endEvent id="e"/>' + flows(("s", "wait"), ("wait", "number"), ("number", "e")),
    "hears_and_fails": '<startEvent id="s"/><receiveTask id="hear" messageRef="answer" icity:correlation="=case"'
    ' icity:result="serial"/><serviceTask id="number" icity:operator="document number"><extensionElements>'
    '<icity:input name="organ" value="=&quot;浙科&quot;"/><icity:input name="serial" value="=serial"/>'
    '</extensionElements></serviceTask><endEvent id="e"/>' + flows(("s", "hear"), ("hear", "number"), ("number", "e")),
}


def drawn_waiting(message: str) -> str:
    """Return the body of a process that waits for `message`, which its file must declare, by `case`."""
    return f'<startEvent id="s"/><receiveTask id="hear" messageRef="{message}" icity:correlation="=case"' + (
        ' icity:result="said"/><endEvent id="e"/>' + flows(("s", "hear"), ("hear", "e"))
    )


def deploy(sessions: Sessions, folder: Path, **more: str) -> None:
    """Draw the programme, and `more` processes by name, into `folder` and deploy it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "programme.toml").write_text(ABOUT, encoding="utf-8")
    declared = b'<message id="agency.measured" name="agency.measured"/><process'
    for name, body in {**PROCESSES, **more}.items():
        (folder / f"{name}.bpmn").write_bytes(drawn(name, body).replace(b"<process", declared))
    with transaction(sessions) as session:
        processes.deploy(session, folder, "a test")


def start(sessions: Sessions, process: str, organisation: str | None = None, **data: Any) -> UUID:
    """Start a process of the programme; return the instance's id."""
    wanted = Application("small", process, f"{process} 的标题", None, organisation, data)
    with transaction(sessions) as session:
        return instances.start(session, None, wanted)
