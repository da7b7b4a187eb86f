"""A web process that completes tasks through the application and tells its resident memory early and late, in MB.

`python -m tests.bench.resident URL CASES EARLY ALL`
"""

import sys

from engine import db, identity
from engine.db import transaction
from engine.settings import load
from server.app import create_app
from tests.bench.doors import token
from tests.bench.ground import Ground
from tests.support.memory import held


def main() -> None:
    """Complete ALL tasks round robin over CASES instances; print the memory after EARLY and after ALL."""
    url, cases, early, all_ = sys.argv[1], *(int(word) for word in sys.argv[2:5])
    settings = load(database_url=url)
    engine = db.connect(url)
    sessions = db.sessions(engine)
    with transaction(sessions) as session:
        people = [identity.load(session, "bench0")]
    ground = Ground(url, settings, engine, sessions, people)
    client = create_app(settings, sessions).test_client()
    headers = {"Authorization": f"Bearer {token(ground, 0)}"}
    instances = [ground.start("loop") for _ in range(cases)]
    for turn in range(all_):
        (task,) = ground.open_tasks(instances[turn % cases])
        reply = client.post(
            f"/api/v1/tasks/{task}/complete",
            json={"answers": {"opinion": "同意", "score": 80}},
            headers={**headers, "Idempotency-Key": f"resident-{turn}"},
        )
        if reply.status_code != 200:
            raise SystemExit(reply.text)
        if turn + 1 in {early, all_}:
            sys.stdout.write(f"{held('VmRSS')} ")


main()
