"""What happened in a case, a sentence an event, in both languages, for a reader who has nothing but the package."""

from collections.abc import Iterable, Mapping
from typing import Any

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
    "instance.moved": ("{who}将流程转到其他步骤：{reason}。", "{who} took the process to another step: {reason}."),
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
    "case.archived": ("{who}归档。", "{who} archived the case."),
}


def told(event: Mapping[str, Any], names: Mapping[str, str], english: Mapping[str, str]) -> dict[str, str]:
    """Return an event as {zh, en}; `names` are those of elements by id, `english` their English by Chinese name.

    An event has kind, element, who (the actor's name or none) and data.
    """
    data = event["data"]
    name = names.get(event["element"] or "") or data.get("name") or data.get("milestone") or event["element"] or ""
    zh, en = SENTENCES.get(event["kind"], (f"{event['kind']}：{{what}}。", f"{event['kind']}: {{what}}."))
    due = str(data.get("due_at") or "")[:10]
    common = {"due": due, "why": _why(data)}
    reason = str(data.get("reason") or "").rstrip("。.；; ")
    return {
        "zh": zh.format(who=event["who"] or SYSTEM["zh"], what=name, reason=reason or NO_REASON["zh"], **common),
        "en": en.format(
            who=event["who"] or SYSTEM["en"], what=english.get(name, name), reason=reason or NO_REASON["en"], **common
        ),
    }


def timeline(events: Iterable[Mapping[str, Any]], language: str) -> bytes:
    """Return the events as a text, a line each, in one language."""
    return "".join(f"{event['at'][:16].replace('T', ' ')}  {event[language]}\n" for event in events).encode()


def _why(data: Mapping[str, Any]) -> str:
    """Return the notes of the rules that answered, or the answer where no rule has a note."""
    tables = [table for one in data.get("decisions", ()) for table in one.get("tables", ())]
    notes = [note for table in tables for rule in table["rules"] for note in rule["annotations"].values() if note]
    return "；".join(dict.fromkeys(map(str, notes))).rstrip("。.；; ") or str(data.get("value"))
