"""An example agency: hears of an assignment, reads the case, judges it, files its report and sends the measurement.

`python agency.py agency.toml`; the file holds `icity`, `login`, `password`, `webhook_secrets` (those of the endpoint at
icity that tells us `message.sent`), `source_secret` (that of the source `agency`), `port` and `inbox`.
"""

import sys
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from icity_client import sign_in, told
from icity_client.generated.api.evidence import keep
from icity_client.generated.api.instances import show
from icity_client.generated.models.instance_view import InstanceView
from icity_client.generated.models.keep_body import KeepBody
from icity_client.generated.types import File
from icity_client.inbox import Inbox
from icity_client.office import Office
from icity_client.webhooks import Door, Event, post_event

ASSIGNED = "agency.assigned"
JUDGED = ("F1", "F2", "F3")  # what experts judge: the codes of the indicator set
SUPPORTED = "rd_expenditure"  # the figure that our report proves
YEAR = "data_year"  # stands among the values and is none


@dataclass(frozen=True)
class Agency:
    """Measures what it is assigned; `door` is where the results go."""

    address: str
    login: str
    password: str
    door: Door

    def __call__(self, event: Event) -> None:
        """Measure the unit of an assignment; leave every other event alone."""
        if event.kind != "message.sent" or event.data["name"] != ASSIGNED:
            return
        assignment = event.data["payload"]
        scores = judged(assignment["values"], assignment["expert_count"])
        with sign_in(self.address, self.login, self.password) as client:
            case = told(show.sync_detailed(UUID(event.data["instance"]), client=client))
            table = KeepBody(File(BytesIO(report(case, scores)), "report.csv", "text/csv"))
            digest = told(keep.sync_detailed(client=client, body=table)).digest
        link = f"{self.address}/api/v1/evidence/{digest}"
        result = {
            "case_id": assignment["case_id"],
            "values": {code: figure for code, figure in assignment["values"].items() if _is_value(code, figure)},
            "expert_scores": scores,
            "evidence": {SUPPORTED: [link]},
            "report": link,
        }
        post_event(self.door, f"{event.message_id}-measured", result)


def judged(values: Mapping[str, Any], experts: int) -> dict[str, list[float]]:
    """Return what each expert gives for each code, of 100; a stand-in for the people who judge."""
    share = 100 * float(values.get(SUPPORTED) or 0) / float(values.get("gdp") or 1)
    middle = min(90.0, 70 + 5 * share)
    return {code: [round(middle + seat - experts // 2, 1) for seat in range(experts)] for code in JUDGED}


def report(case: InstanceView, scores: Mapping[str, list[float]]) -> bytes:
    """Return the report of a case as a table in CSV."""
    rows = [f"{code},{','.join(map(str, given))}" for code, given in scores.items()]
    return "\n".join([f"case,{case.id}", *rows, ""]).encode()


def opened(settings: Mapping[str, Any]) -> Office:
    """Return the office of an agency with these settings."""
    door = Door(settings["icity"], "agency", settings["source_secret"])
    agency = Agency(settings["icity"], settings["login"], settings["password"], door)
    return Office(settings["webhook_secrets"], Inbox(Path(settings["inbox"])), agency, settings["port"])


def _is_value(code: str, figure: Any) -> bool:
    return code != YEAR and isinstance(figure, int | float) and not isinstance(figure, bool)


if __name__ == "__main__":
    with opened(tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
        threading.Event().wait()
