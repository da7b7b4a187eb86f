"""What must hold of the rows of every database, whatever happened to it: one query a rule, returning what breaks it.

A rule about instances is asked of a batch of them, so that its cost and its memory are those of the batch; a rule about
everything is asked once. A query returns (instance or none, subject, detail).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

MINE = "i.id = ANY(CAST(:ids AS uuid[]))"
MOST = 100  # rows a rule tells; a broken database is not printed whole


@dataclass(frozen=True)
class Broken:
    """A rule that something breaks: `subject` is what, `text` says it in zh and en."""

    rule: str
    subject: str
    instance: UUID | None
    text: Mapping[str, str]


@dataclass(frozen=True)
class Rule:
    """A rule and its two sentences; `{detail}` in them is the query's last column."""

    name: str
    zh: str
    en: str
    query: str = ""

    def broken(self, subject: str, instance: UUID | None, detail: object) -> Broken:
        """Return the violation of this rule by `subject`."""
        facts = {"detail": detail, "subject": subject}
        return Broken(self.name, subject, instance, {"zh": self.zh.format(**facts), "en": self.en.format(**facts)})


OF_INSTANCES = (
    Rule(
        "stands-still",
        "流程（{detail}）未结束，却没有任务、定时器、消息等待或故障：没有人能推动它。",
        "The instance ({detail}) has not ended and has no task, timer, subscription or incident: nobody can move it.",
        """SELECT i.id, i.id, i.process FROM instance i WHERE :mine AND i.ended_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM task t WHERE t.instance = i.id AND t.state = 'open')
        AND NOT EXISTS (SELECT 1 FROM timer t WHERE t.instance = i.id)
        AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.instance = i.id)
        AND NOT EXISTS (SELECT 1 FROM incident n WHERE n.instance = i.id AND n.state = 'open')""",
    ),
    Rule(
        "ended-and-open",
        "流程已结束，却仍有未了结的 {detail}。",
        "The instance has ended and a {detail} of it is still open.",
        """SELECT i.id, o.subject, o.kind FROM instance i JOIN (
          SELECT instance, CAST(id AS text) AS subject, 'task' AS kind FROM task WHERE state = 'open'
          UNION ALL SELECT instance, CAST(task AS text), 'timer' FROM timer
          UNION ALL SELECT instance, CAST(task AS text), 'subscription' FROM subscription
          UNION ALL SELECT instance, CAST(task AS text), 'incident' FROM incident WHERE state = 'open'
        ) o ON o.instance = i.id WHERE :mine AND i.ended_at IS NOT NULL""",
    ),
    Rule(
        "ended-at",
        "流程状态为 {detail}，与其结束时间不符。",
        "The instance is {detail}, which its moment of ending contradicts.",
        """SELECT i.id, i.id, i.state FROM instance i
        WHERE :mine AND (i.state IN ('running', 'suspended')) <> (i.ended_at IS NULL)""",
    ),
    Rule(
        "steps",
        "记录的步数与历史不符（{detail}）：有环节丢失或重复。",
        "The steps counted and the steps in the history differ ({detail}): one is lost or doubled.",
        """SELECT i.id, i.id, format('%s / %s', i.steps, count(h.id)) FROM instance i
        LEFT JOIN history h ON h.instance = i.id AND h.outcome <> 'cancelled' WHERE :mine
        GROUP BY i.id HAVING count(h.id) <> i.steps OR count(DISTINCT h.step) <> i.steps
        OR coalesce(max(h.step) + 1, 0) <> i.steps""",
    ),
    Rule(
        "version",
        "保存的状态比历史旧（{detail}）。",
        "The state that was kept is older than its history ({detail}).",
        """SELECT i.id, i.id, format('%s / %s', i.version, max(h.version)) FROM instance i
        LEFT JOIN history h ON h.instance = i.id WHERE :mine
        GROUP BY i.id HAVING i.version < greatest(1, count(DISTINCT h.at), max(h.version))""",
    ),
    Rule(
        "lifecycle-told",
        "流程的开始或结束（{detail}）没有恰好一条审计记录。",
        "The beginning or the end of the instance ({detail}) is not told by exactly one event.",
        """SELECT i.id, i.id, i.state FROM instance i
        LEFT JOIN event e ON e.instance = i.id AND e.kind LIKE 'instance.%' WHERE :mine
        GROUP BY i.id HAVING count(*) FILTER (WHERE e.kind = 'instance.started') <> 1
        OR count(*) FILTER (WHERE e.kind IN ('instance.finished', 'instance.cancelled', 'instance.terminated'))
          <> CAST(i.ended_at IS NOT NULL AS integer)""",
    ),
    Rule(
        "task-told",
        "任务（{detail}）与其审计记录不符。",
        "The task is {detail}, and its events say otherwise.",
        """SELECT t.instance, t.id, t.state FROM instance i JOIN task t ON t.instance = i.id
        LEFT JOIN event e ON e.instance = t.instance AND e.task = t.id WHERE :mine
        GROUP BY t.id HAVING count(*) FILTER (WHERE e.kind = 'task.created') <> 1
        OR count(*) FILTER (WHERE e.kind = 'task.completed') <> CAST(t.state = 'completed' AS integer)
        OR count(*) FILTER (WHERE e.kind = 'task.cancelled') - count(*) FILTER (WHERE e.kind = 'task.restored')
          <> CAST(t.state = 'cancelled' AS integer)""",
    ),
    Rule(
        "task-kept",
        "任务（{detail}）与流程历史不符。",
        "The task is {detail}, and the history of its instance says otherwise.",
        """SELECT t.instance, t.id, t.state FROM instance i JOIN task t ON t.instance = i.id
        LEFT JOIN history h ON h.instance = t.instance AND h.task = t.id
        WHERE :mine AND NOT EXISTS (SELECT 1 FROM incident n WHERE n.task = t.id AND n.state = 'open')
        GROUP BY t.id HAVING count(*) FILTER (WHERE h.outcome = 'completed') <> CAST(t.state = 'completed' AS integer)
        OR count(*) FILTER (WHERE h.outcome = 'cancelled') - (SELECT count(*) FROM event e
          WHERE e.instance = t.instance AND e.task = t.id AND e.kind = 'task.restored')
          <> CAST(t.state = 'cancelled' AS integer)""",
    ),
    Rule(
        "task-answered",
        "任务状态为 {detail}，与其办结人或办结时间不符。",
        "The task is {detail}, which contradicts who ended it or when.",
        """SELECT t.instance, t.id, t.state FROM instance i JOIN task t ON t.instance = i.id
        WHERE :mine AND ((t.state = 'completed') <> (t.ended_by IS NOT NULL)
        OR (t.state = 'open') <> (t.ended_at IS NULL))""",
    ),
    Rule(
        "timer-told",
        "历史中定时器触发次数与审计记录不符（{detail}）。",
        "The timers that fired by the history and by the events differ ({detail}).",
        """SELECT i.id, i.id, format('%s / %s', f.fired, f.told) FROM instance i CROSS JOIN LATERAL (
          SELECT (SELECT count(*) FROM history h WHERE h.instance = i.id AND h.outcome = 'fired') AS fired,
          (SELECT count(*) FROM event e WHERE e.instance = i.id AND e.kind = 'timer.fired') AS told
        ) f WHERE :mine AND f.fired <> f.told""",
    ),
    Rule(
        "timer-given-up",
        "定时器（{detail}）已放弃重试，却没有故障记录。",
        "The timer {detail} was given up and no incident tells it.",
        """SELECT i.id, t.task, t.element FROM instance i JOIN timer t ON t.instance = i.id
        WHERE :mine AND t.retry_at > now() + interval '1000 years' AND NOT EXISTS (
          SELECT 1 FROM incident n WHERE n.task = t.task AND n.element = t.element AND n.kind = 'timer'
          AND n.state = 'open')""",
    ),
    Rule(
        "clock-astray",
        "“{detail}”停止计算期限，却没有正在进行的环节使其停止，或流程已结束。",
        "The clock of {detail} stands still, though no open activity stops it, or its instance has ended.",
        """SELECT i.id, t.id, t.element FROM instance i JOIN task t ON t.instance = i.id
        WHERE :mine AND t.state = 'open' AND jsonb_array_length(t.term->'stops') > 0
        AND t.term->'stops'->-1->>1 IS NULL AND NOT EXISTS (SELECT 1 FROM clock_stop c
          WHERE c.instance = i.id AND c.ended_at IS NULL AND t.term->>'key' = ANY(c.keys))
        UNION ALL SELECT i.id, c.task, c.element FROM instance i JOIN clock_stop c ON c.instance = i.id
        WHERE :mine AND i.ended_at IS NOT NULL AND c.ended_at IS NULL""",
    ),
    Rule(
        "incident-idle",
        "故障（{detail}）所指的定时器、信号或任务已不存在。",
        "An incident of a {detail} is open, though its timer, signal or task is gone.",
        """SELECT i.id, n.task, n.kind FROM instance i JOIN incident n ON n.instance = i.id
        WHERE :mine AND n.state = 'open' AND NOT CASE n.kind
          WHEN 'timer' THEN EXISTS (SELECT 1 FROM timer t WHERE t.task = n.task AND t.element = n.element)
          WHEN 'assignment' THEN EXISTS (SELECT 1 FROM task t WHERE t.id = n.task AND t.state = 'open')
          WHEN 'signal' THEN EXISTS (SELECT 1 FROM signal_copy c WHERE c.instance = i.id)
          ELSE true END""",
    ),
)

OF_ALL = (
    Rule(
        "reminder-idle",
        "提醒（{detail}）所等的任务或定时器已不存在。",
        "A reminder of {detail} is pending, though its task or timer is gone.",
        """SELECT r.instance, r.task, r.element FROM reminder r WHERE r.reminded_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM task t WHERE t.id = r.task AND t.state = 'open')
        AND NOT EXISTS (SELECT 1 FROM timer t WHERE t.task = r.task)""",
    ),
    Rule(
        "message-delivered",
        "消息“{detail}”记为已送达，却没有恰好一个流程收到它的审计记录。",
        "The message {detail} counts as delivered, but not exactly one event tells which instance took it.",
        """SELECT m.instance, m.id, m.name FROM message m WHERE m.instance IS NOT NULL AND (SELECT count(*) FROM event e
          WHERE e.instance = m.instance AND e.kind = 'message.delivered' AND e.data->>'source' = m.source
          AND e.data->>'id' = m.external_id) <> 1""",
    ),
    Rule(
        "message-state",
        "消息“{detail}”的状态与其去向或搁置原因不符。",
        "The state of the message {detail} contradicts who took it or why it was parked.",
        """SELECT m.instance, m.id, m.name FROM message m WHERE (m.state = 'delivered') < (m.instance IS NOT NULL)
        OR m.state = 'delivered' AND m.instance IS NULL AND NOT m.source ^@ 'hook:'
        OR (m.state = 'parked') <> (m.reason IS NOT NULL)""",
    ),
    Rule(
        "reply-kept",
        "幂等键有记录而没有答复（{detail}）。",
        "An Idempotency-Key is kept without its reply ({detail}).",
        """SELECT CAST(NULL AS uuid), format('%s %s', y.person, y.key), y.at FROM idempotency y
        WHERE y.status IS NULL OR y.reply IS NULL""",
    ),
    Rule(
        "resource-digest",
        "流程文件的内容（{detail} 字节）与其摘要不符。",
        "A file of a programme ({detail} bytes) does not match its digest.",
        """SELECT CAST(NULL AS uuid), r.digest, length(r.content) FROM resource r
        WHERE encode(sha256(r.content), 'hex') <> r.digest""",
    ),
    Rule(
        "number-gap",
        "文号序列“{subject}”发到第{detail}号，登记的公文与之不符：有空号、重号或者越号。",
        "The series {subject} was given out up to {detail}, and the documents on record are not exactly those numbers.",
        """SELECT CAST(NULL AS uuid), format('%s〔%s〕', coalesce(s.organ, d.organ), coalesce(s.year, d.year)), s.last
        FROM number_series s FULL JOIN (SELECT organ, year, count(*) AS many, min(serial) AS low, max(serial) AS high
          FROM official_document GROUP BY organ, year) d ON d.organ = s.organ AND d.year = s.year
        WHERE (d.many, d.low, d.high) IS DISTINCT FROM (CAST(s.last AS bigint), 1, s.last)""",
    ),
    Rule(
        "document-state",
        "公文 {subject} 的状态（{detail}）与作废理由不符。",
        "The document {subject} is {detail}, which contradicts whether a reason for its being void is kept.",
        """SELECT d.instance, d.number, d.state FROM official_document d
        WHERE (d.state = 'void') <> (d.void_reason IS NOT NULL) OR (d.pdf IS NULL) <> (d.docx IS NULL)""",
    ),
    Rule(
        "document-told",
        "公文 {subject} 在审计记录中印发 {detail} 次，应为一次。",
        "The document {subject} was issued {detail} times by the events, not once.",
        """SELECT d.instance, d.number, t.told FROM official_document d CROSS JOIN LATERAL (
          SELECT count(*) AS told FROM event e WHERE e.instance = d.instance AND e.kind = 'document.issued'
          AND e.data->>'number' = d.number
        ) t WHERE d.instance IS NOT NULL AND t.told <> 1""",
    ),
    Rule(
        "case-twice",
        "单位 {subject} 在同一轮次里有 {detail} 份有效得分，应至多一份。",
        "The unit and round {subject} have {detail} scores in force, not one at most.",
        """SELECT CAST(NULL AS uuid), format('%s %s', s.unit, s.round), count(*) FROM score_sheet s
        WHERE s.round IS NOT NULL AND NOT EXISTS (SELECT 1 FROM score_sheet n WHERE n.supersedes = s.id)
        GROUP BY s.unit, s.round HAVING count(*) > 1""",
    ),
    Rule(
        "figure-versions",
        "数据 {subject} 有 {detail} 个版本，版本号却不连续。",
        "The {detail} versions of the figure {subject} are not numbered without gaps.",
        """SELECT CAST(NULL AS uuid), format('%s %s %s %s', f.unit, f.year, f.code, f.origin), count(*) FROM figure f
        GROUP BY f.unit, f.year, f.code, f.origin HAVING max(f.version) <> count(*) OR min(f.version) <> 1""",
    ),
    Rule(
        "deployment-number",
        "流程方案“{subject}”的版本号不连续（共 {detail} 个）。",
        "The versions of the programme {subject} ({detail}) are not numbered without gaps.",
        """SELECT CAST(NULL AS uuid), d.programme, count(*) FROM deployment d
        GROUP BY d.programme HAVING max(d.number) <> count(*) OR min(d.number) <> 1""",
    ),
    Rule(
        "deployment-files",
        "流程方案“{detail}”的一个版本没有文件。",
        "A version of the programme {detail} has no files.",
        """SELECT CAST(NULL AS uuid), d.digest, d.programme FROM deployment d
        WHERE NOT EXISTS (SELECT 1 FROM deployment_file f WHERE f.deployment = d.digest)""",
    ),
)


def of_instances(session: Session, instances: Sequence[UUID]) -> Iterator[Broken]:
    """Yield what these instances break."""
    for rule in OF_INSTANCES:
        yield from asked(session, rule, rule.query.replace(":mine", MINE), {"ids": list(instances)})


def of_all(session: Session) -> Iterator[Broken]:
    """Yield what reminders, messages, replies and programmes break."""
    for rule in OF_ALL:
        yield from asked(session, rule, rule.query)


def asked(session: Session, rule: Rule, query: str, values: Mapping[str, Any] | None = None) -> Iterator[Broken]:
    """Yield at most MOST violations of one rule."""
    for instance, subject, detail in session.execute(text(f"{query} LIMIT {MOST}"), values or {}):
        yield rule.broken(str(subject), instance, detail)
