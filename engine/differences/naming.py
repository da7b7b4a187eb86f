"""What elements of a diagram and what they carry are called, in the words of the properties panel."""

import re
from collections.abc import Mapping
from typing import Final

from engine.differences.changes import Words

KINDS: Final[Mapping[str, Words]] = {
    "process": ("流程", "process"), "participant": ("泳池", "pool"), "lane": ("泳道", "lane"),
    "collaboration": ("协作", "collaboration"), "messageFlow": ("消息流", "message flow"),
    "task": ("任务", "task"), "userTask": ("用户任务", "user task"), "serviceTask": ("服务任务", "service task"),
    "businessRuleTask": ("决策任务", "decision task"), "scriptTask": ("脚本任务", "script task"),
    "sendTask": ("发送任务", "send task"), "receiveTask": ("接收任务", "receive task"),
    "manualTask": ("人工任务", "manual task"), "callActivity": ("调用流程", "call activity"),
    "subProcess": ("子流程", "subprocess"), "transaction": ("事务子流程", "transaction"),
    "adHocSubProcess": ("自由子流程", "ad-hoc subprocess"), "startEvent": ("开始事件", "start event"),
    "endEvent": ("结束事件", "end event"), "boundaryEvent": ("边界事件", "boundary event"),
    "intermediateCatchEvent": ("等待事件", "catching event"), "intermediateThrowEvent": ("发出事件", "throwing event"),
    "exclusiveGateway": ("排他网关", "exclusive gateway"), "parallelGateway": ("并行网关", "parallel gateway"),
    "inclusiveGateway": ("包容网关", "inclusive gateway"), "eventBasedGateway": ("事件网关", "event gateway"),
    "complexGateway": ("复杂网关", "complex gateway"), "sequenceFlow": ("连线", "flow"),
    "association": ("关联线", "association"), "textAnnotation": ("注释", "annotation"), "group": ("分组", "group"),
    "dataObject": ("数据对象", "data object"), "dataObjectReference": ("数据对象", "data object"),
    "dataStoreReference": ("数据库", "data store"), "dataStore": ("数据库", "data store"),
    "message": ("消息", "message"), "signal": ("信号", "signal"), "error": ("错误", "error"),
    "escalation": ("升级", "escalation"), "itemDefinition": ("数据类型", "item definition"),
    "category": ("分类", "category"), "correlationProperty": ("关联属性", "correlation property"),
}  # fmt: skip

# What an element carries; `input` and `output` are followed by the name of the parameter.
PARTS: Final[Mapping[str, Words]] = {
    "name": ("名称", "name"), "documentation": ("办理说明", "instructions"), "text": ("文字", "text"),
    "form": ("表单", "form"), "role": ("办理角色", "role"), "organisation": ("办理单位", "organisation"),
    "assignee": ("指定人员", "person"), "performerOf": ("由办过该环节的人办理", "given to whoever did"),
    "deadline": ("期限", "deadline"), "result": ("结果存入", "result"), "operator": ("操作", "operator"),
    "decision": ("决策", "decision"), "actions": ("允许的操作", "allowed actions"),
    "opinion": ("须写意见的操作", "actions with an opinion"),
    "collection": ("多人办理名单", "list of those who take part"),
    "elementVariable": ("每人的变量", "variable of each"),
    "outputCollection": ("结果汇总到", "results gathered in"), "outputElement": ("每人的结果", "result of each"),
    "correlation": ("关联条件", "correlation"), "anchor": ("起算点", "reckoned from"),
    "milestone": ("里程碑", "milestone"),
    "remind": ("提醒", "reminder"), "remindRoles": ("提醒角色", "roles reminded"), "stops": ("停止计时", "clock stops"),
    "title": ("标题", "title"), "programme": ("所属事项", "programme"), "bpmn": ("扩展版本", "extension"),
    "input": ("输入", "input"), "output": ("输出", "output"), "conditionExpression": ("条件", "condition"),
    "condition": ("条件", "condition"), "completionCondition": ("完成规则", "completion rule"),
    "loopCardinality": ("次数", "number of times"), "loopCondition": ("重复条件", "repeated while"),
    "isSequential": ("依次办理", "one after another"), "timeDuration": ("时长", "duration"),
    "timeDate": ("时间", "date"), "timeCycle": ("周期", "cycle"), "default": ("默认分支", "default flow"),
    "cancelActivity": ("中断任务", "interrupts"), "isInterrupting": ("中断流程", "interrupts"),
    "attachedToRef": ("依附于", "attached to"), "calledElement": ("调用的流程", "called process"),
    "messageRef": ("消息", "message"), "signalRef": ("信号", "signal"), "errorRef": ("错误", "error"),
    "escalationRef": ("升级", "escalation"), "activityRef": ("补偿的活动", "compensated activity"),
    "errorCode": ("错误代码", "error code"), "escalationCode": ("升级代码", "escalation code"),
    "isExecutable": ("可执行", "executable"), "triggeredByEvent": ("由事件触发", "triggered by event"),
    "isForCompensation": ("用于补偿", "for compensation"), "event": ("事件类型", "kind of event"),
    "repeats": ("办理方式", "repeats"), "flowNodeRef": ("所含环节", "steps in it"), "script": ("脚本", "script"),
    "sourceRef": ("起点", "from"), "targetRef": ("终点", "to"), "processRef": ("流程", "process"),
    "dataObjectRef": ("数据对象", "data object"), "eventGatewayType": ("网关方式", "kind of gateway"),
    "instantiate": ("启动流程", "starts the process"), "parallelMultiple": ("同时多个", "all at once"),
    "kind": ("类型", "kind"),
}  # fmt: skip

EVENTS: Final[Mapping[str, Words]] = {
    "timerEventDefinition": ("定时", "timer"), "messageEventDefinition": ("消息", "message"),
    "signalEventDefinition": ("信号", "signal"), "errorEventDefinition": ("错误", "error"),
    "escalationEventDefinition": ("升级", "escalation"), "conditionalEventDefinition": ("条件", "condition"),
    "compensateEventDefinition": ("补偿", "compensation"), "cancelEventDefinition": ("取消", "cancel"),
    "linkEventDefinition": ("链接", "link"), "terminateEventDefinition": ("终止", "terminate"),
}  # fmt: skip
REPEATS: Final[Mapping[str, Words]] = {
    "multiInstanceLoopCharacteristics": ("多人办理", "several at once"),
    "standardLoopCharacteristics": ("重复办理", "again and again"),
}
LENGTH: Final = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
SPANS: Final = (
    *(("年", "years"), ("个月", "months"), ("周", "weeks"), ("天", "days")),
    *(("小时", "hours"), ("分钟", "minutes"), ("秒", "seconds")),
)
YES_NO: Final[Mapping[str, Words]] = {"true": ("是", "yes"), "false": ("否", "no")}
VALUES: Final[Mapping[str, Mapping[str, Words]]] = {
    "event": EVENTS,
    "repeats": REPEATS,
    "kind": KINDS,
    **dict.fromkeys(
        ("isSequential", "cancelActivity", "isInterrupting", "isExecutable", "triggeredByEvent", "isForCompensation"),
        YES_NO,
    ),
}


def duration(text: str) -> Words:
    """Return a length of time as people say it, for P1Y2M3DT4H; anything else as it is written."""
    found = LENGTH.fullmatch(text)
    spans = [] if found is None else [(n, *unit) for n, unit in zip(found.groups(), SPANS, strict=True) if n]
    if not spans:
        return text, text
    return "".join(f"{n}{zh}" for n, zh, _ in spans), ", ".join(f"{n} {en}" for n, _, en in spans)


def part(key: str) -> Words:
    """Return what something that an element carries is called; a parameter keeps its own name."""
    kind, _, name = key.partition(":")
    zh, en = PARTS.get(kind, (kind, kind))
    return (f"{zh}“{name}”", f"{en} “{name}”") if name else (zh, en)
