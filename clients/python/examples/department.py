"""An example department: hears of a task, reads what it is asked about, sends its opinion for its reviewer to check.

`python department.py department.toml`; the file holds `icity`, `login`, `password`, `webhook_secrets` (those of the
endpoint at icity that tells us `task.created`), `source_secret` (that of the source `department`), `department` (its
key at icity), `lowest` (the score under which it objects), `port` and `inbox`.
"""

import sys
import threading
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from icity_client import sign_in, told
from icity_client.generated.api.tasks import show
from icity_client.inbox import Inbox
from icity_client.office import Office
from icity_client.webhooks import Door, Event, post_event

ASKED = "T24_department_opinion"


@dataclass(frozen=True)
class Department:
    """Gives its opinion on cases; `door` is where it goes."""

    key: str
    lowest: float
    login: str
    password: str
    door: Door

    def __call__(self, event: Event) -> None:
        """Send the opinion that a task asks for; leave every other event alone."""
        if event.kind != "task.created" or event.data["element"] != ASKED:
            return
        with sign_in(self.door.address, self.login, self.password) as client:
            view = told(show.sync_detailed(UUID(event.data["task"]), client=client)).to_dict()
        opinion = {"department": self.key, "case": view["task"]["title"], **judged(view["facts"]["cases"], self.lowest)}
        post_event(self.door, f"{event.message_id}-opinion", opinion)


def judged(cases: Sequence[Mapping[str, Any]], lowest: float) -> dict[str, str]:
    """Return the opinion on cases; a stand-in for what the department's own system knows."""
    weak = [str(case["unit_name"]) for case in cases if case["score"] < lowest]
    if weak:
        return {"opinion": "object", "reason": f"得分低于{lowest:g}分：{'、'.join(weak)}"}
    return {"opinion": "agree"}


def opened(settings: Mapping[str, Any]) -> Office:
    """Return the office of a department with these settings."""
    door = Door(settings["icity"], "department", settings["source_secret"])
    person = settings["login"], settings["password"]
    department = Department(settings["department"], settings["lowest"], *person, door)
    return Office(settings["webhook_secrets"], Inbox(Path(settings["inbox"])), department, settings["port"])


if __name__ == "__main__":
    with opened(tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
        threading.Event().wait()
