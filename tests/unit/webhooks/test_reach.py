"""Reach: an organisation's endpoint is told of what the organisation may see, and of nothing else."""

from uuid import uuid4

from sqlalchemy import insert, select, update

from engine import events
from engine.db import transaction
from engine.tables import Instance, Membership, Organisation, Person
from tests.support import programme
from webhooks import outbound, reach
from webhooks.outbound import Wish
from webhooks.posting import Fence
from webhooks.tables import Delivery

FENCE = Fence(loopback=True, hosts=frozenset())


def subscribe(sessions, **more):
    with transaction(sessions) as session:
        return outbound.subscribe(session, FENCE, Wish("https://example.com/in", **more)).id


def happen(sessions, kind, **about):
    with transaction(sessions) as session:
        events.append(session, kind, **about)


def fan_out(sessions):
    with transaction(sessions) as session:
        return reach.fan_out(session, 100)


def look(sessions, what):
    with transaction(sessions) as session:
        return session.scalars(what).all()


def test_an_organisation_is_told_of_what_it_may_see(sessions, tmp_path):
    programme.deploy(sessions, tmp_path / "small")
    theirs, others = programme.start(sessions, "sleep"), programme.start(sessions, "sleep")
    while fan_out(sessions):
        pass
    with transaction(sessions) as session:
        session.execute(insert(Organisation), [
            {"id": "county-1", "name": {}, "kind": "county"}, {"id": "province-1", "name": {}, "kind": "province"},
        ])  # fmt: skip
        session.execute(update(Instance).where(Instance.id == theirs).values(organisation="county-1"))
        person = uuid4()
        session.execute(insert(Person).values(id=person, login="p", name="P", password="x"))
        session.execute(insert(Membership).values(person=person, organisation="province-1", role="PRV_OFFICER"))
    kinds = ["milestone.reached", "decision.made", "message.sent", "person.signed_in", "round.opened"]
    county = subscribe(sessions, kinds=kinds, organisation="county-1")
    province = subscribe(sessions, kinds=kinds, organisation="province-1")
    house = subscribe(sessions, kinds=kinds)
    for instance in (theirs, others):
        for kind in kinds[:3]:
            happen(sessions, kind, instance=instance)
        happen(sessions, "message.sent", instance=instance, data={"payload": {"organisation": "county-1"}})
    happen(sessions, "person.signed_in")
    happen(sessions, "round.opened")
    fan_out(sessions)
    told = dict.fromkeys((county, province, house), 0)
    for endpoint in look(sessions, select(Delivery.endpoint)):
        told[endpoint] += 1
    assert told == {county: 4, province: 9, house: 10}
