"""Vital signs: how far timers, events and deliveries are behind, what failed, who is alive; for whoever watches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, literal_column, select, text, union_all
from sqlalchemy.orm import Session

from engine import clock, pulses
from engine.pulses import Pulse
from engine.tables import (
    Event,
    Incident,
    IncidentState,
    Instance,
    InstanceState,
    Message,
    MessageState,
    Reminder,
    SignalCopy,
    StartEvent,
    Timer,
    Violation,
)
from webhooks.tables import Delivery, DeliveryState, Endpoint

JOBS = text(
    "SELECT queue_name, status::text, count(*) FROM procrastinate.procrastinate_jobs GROUP BY 1, 2 ORDER BY 1, 2"
)


@dataclass(frozen=True)
class Queue:
    """What is due and not done: how many, and how long the oldest has waited, in seconds."""

    name: str
    waiting: int
    lag: float


@dataclass(frozen=True)
class Vitals:
    """What was measured at an instant; `failures` counts by kind what waits for a person."""

    at: datetime
    pulses: list[Pulse]
    queues: list[Queue]
    jobs: Mapping[tuple[str, str], int]
    failures: Mapping[str, int]
    running: int


def measure(session: Session) -> Vitals:
    """Measure everything in four queries, none of which opens an instance."""
    now = clock.now()
    queues = [
        Queue(row.name, row.waiting, max(0.0, (now - row.oldest).total_seconds()) if row.oldest else 0.0)
        for row in session.execute(_queues(now))
    ]
    jobs = {(row[0], row[1]): row[2] for row in session.execute(JOBS)}
    counts = {row[0]: row[1] for row in session.execute(_counts())}
    running = counts.pop("running")
    return Vitals(now, pulses.standing(session), queues, jobs, counts, running)


def exposition(vitals: Vitals) -> bytes:
    """Return the vital signs in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Told(vitals))
    return generate_latest(registry)


class _Told(Collector):
    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    def collect(self) -> Iterator[Metric]:
        """Yield every metric with its labels."""
        vitals = self._vitals
        ages = {pulse.part.value: (vitals.at - pulse.at).total_seconds() for pulse in vitals.pulses if pulse.at}
        yield _gauge("icity_heartbeat_age_seconds", "Seconds since a part was last alive", "part", ages)
        alive = {pulse.part.value: float(pulse.alive) for pulse in vitals.pulses}
        yield _gauge("icity_alive", "1 while a part is alive", "part", alive)
        lags = {queue.name: queue.lag for queue in vitals.queues}
        yield _gauge("icity_lag_seconds", "Seconds that the oldest of what is due has waited", "queue", lags)
        waiting = {queue.name: float(queue.waiting) for queue in vitals.queues}
        yield _gauge("icity_waiting", "What is due and not done", "queue", waiting)
        jobs = GaugeMetricFamily("icity_jobs", "Jobs of the workers", labels=["queue", "status"])
        for labels, count in vitals.jobs.items():
            jobs.add_metric(list(labels), count)
        yield jobs
        failures = {name: float(count) for name, count in vitals.failures.items()}
        yield _gauge("icity_failures", "What failed and waits for a person", "kind", failures)
        yield GaugeMetricFamily("icity_instances_running", "Instances that go on", value=vitals.running)


def _gauge(name: str, told: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _queues(now: datetime) -> Any:
    """Return the query for what is due: timers, starts, messages, signals, reminders, events, deliveries."""
    goes_on = Instance.state == InstanceState.RUNNING
    timers = select(func.count(), func.min(Timer.due_at)).join(Instance, Instance.id == Timer.instance)
    reminders = select(func.count(), func.min(Reminder.remind_at)).join(Instance, Instance.id == Reminder.instance)
    deliveries = select(func.count(), func.min(Delivery.next_at)).join(Endpoint, Endpoint.id == Delivery.endpoint)
    told = Reminder.reminded_at.is_(None), Reminder.remind_at <= now
    pending = Delivery.state == DeliveryState.PENDING, Delivery.next_at <= now, Endpoint.active
    parts = {
        "timers": timers.where(goes_on, Timer.due_at <= now),
        "starts": select(func.count(), func.min(StartEvent.due_at)).where(StartEvent.due_at <= now),
        "signals": select(func.count(), func.min(SignalCopy.retry_at)),
        "reminders": reminders.where(goes_on, *told),
        "outbox": select(func.count(), func.min(Event.at)).where(Event.published_at.is_(None)),
        "deliveries": deliveries.where(*pending),
    }
    rows = []
    for name, query in parts.items():
        inner = query.subquery()
        count, oldest = inner.c
        rows.append(select(literal_column(f"'{name}'").label("name"), count.label("waiting"), oldest.label("oldest")))
    return union_all(*rows)


def _counts() -> Any:
    counted = {
        "incidents": select(func.count()).select_from(Incident).where(Incident.state == IncidentState.OPEN),
        "parked messages": select(func.count()).select_from(Message).where(Message.state == MessageState.PARKED),
        "dead deliveries": select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.DEAD),
        "disabled endpoints": select(func.count()).select_from(Endpoint).where(~Endpoint.active),
        "broken rules": select(func.count()).select_from(Violation),
        "running": select(func.count()).select_from(Instance).where(Instance.state == InstanceState.RUNNING),
    }
    return union_all(
        *(select(literal_column(f"'{name}'").label("kind"), query.scalar_subquery()) for name, query in counted.items())
    )
