"""What happened in a case, a sentence an event, in both languages, for a reader who has nothing but the package."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

FACT = re.compile(r"\{(\w+)\}")
SYSTEM = {"zh": "系统", "en": "The system"}
NO_REASON = {"zh": "未说明", "en": "no reason given"}

# By kind of event; what has no sentence of its own is told by its kind and the name it carries.
SENTENCES: Mapping[str, tuple[str, str]] = {
    "instance.started": ("{who}启动了流程。", "{who} started the process."),
    "instance.finished": ("流程办结。", "The process reached its end."),
    "instance.cancelled": ("{who}提前终止流程：{reason}。", "{who} ended the process early: {reason}."),
    "instance.terminated": ("{who}立即终止流程：{reason}。", "{who} ended the process at once: {reason}."),
    "instance.suspended": ("{who}暂停流程：{reason}。", "{who} paused the process: {reason}."),
    "instance.resumed": ("{who}恢复流程：{reason}。", "{who} let the process go on: {reason}."),
    "instance.moved": ("{who}将流程转到其他环节：{reason}。", "{who} took the process to another step: {reason}."),
    "instance.returned": ("{who}将流程退回“{what}”：{reason}。", "{who} sent the process back to “{what}”: {reason}."),
    "instance.changed": ("{who}更正流程数据：{reason}。", "{who} corrected facts of the process: {reason}."),
    "milestone.reached": ("达到阶段“{what}”。", "The stage “{what}” was reached."),
    "task.created": ("“{what}”待办。", "“{what}” is waiting to be done."),
    "task.claimed": ("{who}领取“{what}”。", "{who} claimed “{what}”."),
    "task.released": ("{who}退回“{what}”。", "{who} gave “{what}” back."),
    "task.reassigned": ("{who}将“{what}”转交他人：{reason}。", "{who} gave “{what}” to somebody else: {reason}."),
    "task.completed": ("{who}办结“{what}”。", "{who} completed “{what}”."),
    "task.cancelled": ("“{what}”不再需要，已撤回。", "“{what}” was withdrawn."),
    "timer.armed": ("“{what}”定时至{due}。", "The clock of “{what}” was set for {due}."),
    "timer.rearmed": ("{who}改定“{what}”的时间：{reason}。", "{who} set the clock of “{what}” anew: {reason}."),
    "timer.fired": ("“{what}”时间已到。", "The time of “{what}” has come."),
    "message.received": ("收到消息“{what}”。", "The message “{what}” arrived."),
    "message.delivered": ("消息“{what}”送达。", "The message “{what}” reached the case."),
    "message.sent": ("发出消息“{what}”。", "The message “{what}” was sent."),
    "message.parked": ("消息“{what}”无人接收，已搁置。", "Nobody waited for the message “{what}”."),
    "signal.sent": ("发出信号“{what}”。", "The signal “{what}” was sent to all."),
    "signal.delivered": ("信号“{what}”送达。", "The signal “{what}” reached the case."),
    "decision.made": ("“{what}”得出结果：{why}。", "“{what}” was decided: {why}."),
    "incident.raised": ("“{what}”出现故障：{reason}。", "“{what}” failed: {reason}."),
    "incident.resolved": ("故障已排除。", "The failure was overcome."),
    "incident.settled": ("{who}人工处理“{what}”：{reason}。", "{who} put “{what}” right by hand: {reason}."),
    "reminder.due": ("已提醒“{what}”，期限{due}。", "People were reminded of “{what}”, due {due}."),
    "title.granted": ("授予称号“{title}”：{number}。", "The title “{title}” was granted: {number}."),
    "title.ended": ("称号“{title}”终止：{ending}。", "The title “{title}” ended: {ending}."),
    "unit.barred": ("该单位{rounds}轮内不得申报：{reason}。", "The unit may not apply for {rounds} rounds: {reason}."),
    "figures.recorded": ("{year}年度{count}项数据登记入库。", "{count} figures of {year} came on record."),
    "figure.corrected": ("{year}年度{code}已更正：{reason}。", "The figure {code} of {year} was corrected: {reason}."),
    "document.issued": ("公文{number}已印发：{name}。", "The document {number} was issued: {name}."),
    "document.voided": ("公文{number}已作废：{reason}。", "The document {number} was declared void: {reason}."),
    "document.rendered": ("公文{number}已排版成文。", "The document {number} was printed."),
    "evidence.kept": ("{who}提交证明材料“{name}”。", "{who} handed in the file “{name}”."),
}


def told(event: Mapping[str, Any], names: Mapping[str, str], english: Mapping[str, str]) -> dict[str, str]:
    """Return an event as {zh, en}; `names` are those of elements by id, `english` their English by Chinese name.

    An event has kind, element, who (the actor's name or none) and data.
    """
    data = event["data"]
    name = names.get(event["element"] or "") or data.get("name") or data.get("milestone") or event["element"] or ""
    zh, en = SENTENCES.get(event["kind"], ("{kind}：{what}。", "{kind}: {what}."))
    facts = {key: str(value) for key, value in data.items() if isinstance(value, str | int)}
    facts |= {"kind": event["kind"], "due": str(data.get("due_at") or "")[:10], "why": _why(data)}
    reason = str(data.get("reason") or "").rstrip("。.；; ")
    tongues = {"zh": (zh, name), "en": (en, english.get(name, name))}
    return {
        tongue: _fill(
            text, facts | {"who": event["who"] or SYSTEM[tongue], "what": what, "reason": reason or NO_REASON[tongue]}
        )
        for tongue, (text, what) in tongues.items()
    }


def timeline(events: Iterable[Mapping[str, Any]], language: str) -> bytes:
    """Return the events as a text, a line each, in one language."""
    return "".join(f"{event['at'][:16].replace('T', ' ')}  {event[language]}\n" for event in events).encode()


def _fill(text: str, facts: Mapping[str, str]) -> str:
    """Put facts into a sentence; what is not known stays empty."""
    return FACT.sub(lambda found: facts.get(found[1], ""), text)


def _why(data: Mapping[str, Any]) -> str:
    """Return the notes of the rules that answered, or the answer where no rule has a note."""
    tables = [table for one in data.get("decisions", ()) for table in one.get("tables", ())]
    notes = [note for table in tables for rule in table["rules"] for note in rule["annotations"].values() if note]
    return "；".join(dict.fromkeys(map(str, notes))).rstrip("。.；; ") or str(data.get("value"))
