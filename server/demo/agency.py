"""The demonstration's third-party agency: a peer over real HTTP that is told of an assignment and measures it."""

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import requests
from werkzeug.serving import BaseWSGIServer, make_server

from engine.db import Sessions, transaction
from engine.settings import Settings
from server import keyring
from server.app import create_app
from webhooks import outbound, signing
from webhooks.outbound import Wish
from webhooks.posting import Fence

SOURCE = "agency"
ASSIGNED = "agency.assigned"
TIMEOUT = 30


class Agency:
    """Serves icity and the agency on two free ports of this machine while the block runs."""

    def __init__(self, settings: Settings, sessions: Sessions, told: Mapping[str, Any]) -> None:
        self._sessions = sessions
        self._scores = list(told["expert_scores"])
        self._secrets = keyring.prepare(settings.var_path)[SOURCE]
        self._fence = Fence.of(replace(settings, webhook_loopback=True))
        self._endpoint_secrets: list[str] = []
        self._icity: BaseWSGIServer = make_server("127.0.0.1", 0, create_app(settings, sessions), threaded=True)
        self._office = ThreadingHTTPServer(("127.0.0.1", 0), self._receiver())
        self._measured = 0

    def __enter__(self) -> "Agency":
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        for server in (self._icity, self._office):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{self._office.server_port}/"
        with transaction(self._sessions) as session:
            self._endpoint_secrets = outbound.subscribe(session, self._fence, Wish(address, ["message.sent"])).secrets
        return self

    def __exit__(self, *_: object) -> None:
        for server in (self._icity, self._office):
            server.shutdown()
            server.server_close()

    def _receiver(self) -> type[BaseHTTPRequestHandler]:
        agency = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                signing.verify(agency._endpoint_secrets, headers, body)
                agency._told(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
                """Say nothing."""

        return Receiver

    def _told(self, event: Mapping[str, Any]) -> None:
        """Measure the unit that an assignment names and send the result, signed, through icity's front door."""
        sent = event["data"]["data"] if "data" in event["data"] else event["data"]
        if sent.get("name") != ASSIGNED:
            return
        assignment = sent["payload"]
        scores = self._scores[min(self._measured, len(self._scores) - 1)]
        self._measured += 1
        body = json.dumps(
            {
                "case_id": assignment["case_id"],
                "values": {code: figure for code, figure in assignment["values"].items() if _is_figure(code, figure)},
                "expert_scores": scores,
                "report": f"https://agency.example/reports/{assignment['case_id']}-{self._measured}",
            }
        )
        address = f"http://127.0.0.1:{self._icity.server_port}/hooks/{SOURCE}"
        headers = {"content-type": "application/json", **signing.sign(self._secrets[:1], str(uuid4()), body)}
        requests.post(address, data=body.encode(), headers=headers, timeout=TIMEOUT).raise_for_status()


def _is_figure(code: str, value: Any) -> bool:
    return code != "data_year" and isinstance(value, int | float) and not isinstance(value, bool)
