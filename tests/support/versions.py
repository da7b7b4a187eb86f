"""Cases of the programme `small` before a new version of it, one for each verdict of a rehearsal."""

from uuid import UUID

from sqlalchemy import select

from engine import changeovers, identity, instances, processes, tasks
from engine.db import Sessions, transaction
from engine.instances import Application
from engine.tables import Task, TaskState
from tests.support import programme
from tests.support.diagrams import drawn
from tests.support.shapes import end, many, parallel, start, way
from tests.support.stage import FORM

OWNER, OFFICER = "liuguan", "jingban"


def step(element: str, name: str, inner: str = "") -> str:
    """Return a task of the officer with a name."""
    return f'<userTask id="{element}" name="{name}" icity:role="PRV_OFFICER">{inner}</userTask>'


OLD = {
    "p": start() + step("check", "受理审查") + step("review", "专家评审") + end("e") + way("s check review e"),
    "q": start() + step("ask", "征求意见", many("=[1, 2, 3]")) + step("sum", "汇总") + end("e") + way("s ask sum e"),
    "r": start()
    + parallel("x", "y")
    + step("site", "现场核查")
    + step("paper", "材料核查")
    + end("e")
    + way("s x site y e", "x paper y"),
    "t": start() + step("hear", "听取汇报") + end("e") + way("s hear e"),
    "u": start() + step("vote", "部门会审", many("=[1, 2, 3]")) + end("e") + way("s vote e"),
}
NEW = {
    "p": start()
    + step("intake", "受理审查")
    + step("more", "补正材料")
    + step("panel", "专家论证")
    + end("e")
    + way("s intake more panel e"),
    "q": start() + step("ask", "征求意见") + step("sum", "汇总") + end("e") + way("s ask sum e"),
    "r": start()
    + parallel("x", "y")
    + step("site", "现场核查")
    + step("desk", "书面核查")
    + end("e")
    + way("s x site y e", "x desk y"),
    "t": start() + step("hear", "听取汇报") + end("e") + way("s hear e"),
    "u": start() + step("vote", "部门会审", many("=[1, 2, 3]", sequential=True)) + end("e") + way("s vote e"),
}


def files(bodies: dict[str, str]) -> dict[str, bytes]:
    """Return the files of `small` that draw some processes."""
    about = programme.ABOUT.replace('"sleep"', f'"{next(iter(bodies))}"').encode()
    diagrams = {f"{name}.bpmn": drawn(name, body) for name, body in bodies.items()}
    return {"programme.toml": about, "forms/any.form": FORM.encode(), **diagrams}


def running(sessions: Sessions, process: str, many: int, steps: int = 0) -> list[UUID]:
    """Start so many cases of a process and finish their first steps."""
    found = []
    with transaction(sessions) as session:
        officer = identity.load(session, OFFICER)
        for number in range(1, many + 1):
            wanted = Application("small", process, f"云溪县申报第{number}件", "339921", None, {})
            case = instances.start(session, None, wanted)
            for _ in range(steps):
                task = session.scalar(
                    select(Task.id).where(Task.instance == case, Task.state == TaskState.OPEN).limit(1)
                )
                assert task
                tasks.complete(session, officer, task, {})
            found.append(case)
    return found


def rehearsed(sessions: Sessions, old: dict[str, str] = OLD, new: dict[str, str] = NEW) -> UUID:
    """Let cases of each kind run on an old version, deploy a new one, and rehearse it; return the rehearsal."""
    with transaction(sessions) as session:
        processes.deploy_files(session, files(old), "a test")
    running(sessions, "p", 3)
    running(sessions, "p", 2, steps=1)
    running(sessions, "q", 2, steps=1)
    running(sessions, "r", 1)
    running(sessions, "t", 4)
    running(sessions, "u", 2)
    with transaction(sessions) as session:
        processes.deploy_files(session, files(new), "a test")
        return changeovers.rehearse(session, identity.load(session, OWNER), "small", files(new))
