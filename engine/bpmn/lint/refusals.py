"""What the standard has and this engine does not run, by name; and the vocabulary of the engine's own attributes."""

from collections.abc import Mapping

# Known to the standard, refused here: each with what to draw instead, in both languages.
REFUSED: Mapping[str, tuple[str, str]] = {
    "complexGateway": ("请用排他、并行或包容网关表达。", "Use exclusive, parallel or inclusive gateways."),
    "adHocSubProcess": (
        "请画出顺序流，或用多实例子流程。",
        "Draw the order of its activities, or use a multi-instance sub-process.",
    ),
    "choreography": ("请画成流程。", "Draw a process."),
    "choreographyTask": ("请画成流程中的任务。", "Draw a task of a process."),
    "subChoreography": ("请画成子流程。", "Draw a sub-process."),
    "callChoreography": ("请用调用活动。", "Use a call activity."),
    "globalChoreographyTask": ("请画成流程。", "Draw a process."),
    "globalConversation": ("请用协作图中的消息流。", "Use message flows of a collaboration."),
    "choreographyRef": ("请删除。", "Remove it."),
    "dataStore": ("请用数据对象或服务任务。", "Use a data object or a service task."),
    "dataStoreReference": ("请用数据对象或服务任务。", "Use a data object or a service task."),
    "globalScriptTask": ("请改用服务任务。", "Use a service task."),
    "ioBinding": ("流程不能作为网络服务发布。", "A process cannot be offered as a web service; remove it."),
    "supportedInterfaceRef": ("流程不能作为网络服务发布。", "A process cannot be offered as a web service; remove it."),
    "correlationKey": ("请在消息事件上写 icity:correlation。", "Write icity:correlation on the message events."),
    "correlationSubscription": (
        "请在消息事件上写 icity:correlation。",
        "Write icity:correlation on the message events.",
    ),
    "implicitThrowEvent": ("请用中间抛出事件。", "Use an intermediate throw event."),
}

# Values the standard has and this engine does not run: what it runs, and what to do instead.
REFUSED_VALUES: Mapping[str, tuple[frozenset[str], str, str]] = {
    "startQuantity": (frozenset({"1"}), "只支持 1；请用并行网关汇合。", "Only 1 is run; join with a parallel gateway."),
    "completionQuantity": (
        frozenset({"1"}),
        "只支持 1；请画多条流出。",
        "Only 1 is run; draw several ways out.",
    ),
    "parallelMultiple": (
        frozenset({"false"}),
        "请用并行网关等待每个事件。",
        "Wait for each of the events behind a parallel gateway.",
    ),
    "eventGatewayType": (
        frozenset({"Exclusive"}),
        "请用并行网关等待每个事件。",
        "Wait for each of the events behind a parallel gateway.",
    ),
    "method": (
        frozenset({"##Compensate", "##compensate"}),
        "事务只以补偿撤销。",
        "Transactions are undone by compensation only.",
    ),
    "mustUnderstand": (frozenset({"false"}), "此扩展不被理解。", "This extension is not understood; remove it."),
}

# The attributes of urn:icity:bpmn:1, by element.
_timed = frozenset({"anchor", "deadline", "remind", "remindRoles"})
_heard = frozenset({"correlation", "result"})
_human = frozenset({"form", "role", "organisation", "assignee", "deadline", "result", "remind", "remindRoles"})
_human |= {"actions", "opinion"}
_lasting = frozenset({"milestone", "stops"})
_own_task = _human | _lasting | {"performerOf"}
_work = frozenset({"operator", "result"})
_rule = frozenset({"decision", "result"})
OWN: Mapping[str, frozenset[str]] = {
    "userTask": _own_task,
    "manualTask": _own_task,
    "globalUserTask": _human,
    "globalManualTask": _human,
    "globalTask": frozenset({"result"}),
    "globalBusinessRuleTask": _rule,
    "task": frozenset({"milestone"}),
    "serviceTask": _work | {"milestone"},
    "businessRuleTask": _rule | {"milestone"},
    "sendTask": _heard | {"milestone"},
    "receiveTask": _heard | _timed | _lasting,
    "callActivity": _lasting | {"result"},
    "subProcess": _lasting,
    "transaction": _lasting,
    "startEvent": _timed | _heard | {"milestone", "form", "title"},
    "intermediateCatchEvent": _timed | _heard | {"milestone"},
    "boundaryEvent": _timed | _heard | {"milestone"},
    "intermediateThrowEvent": _heard | {"milestone"},
    "endEvent": _heard | {"milestone"},
    "exclusiveGateway": frozenset({"milestone"}),
    "parallelGateway": frozenset({"milestone"}),
    "inclusiveGateway": frozenset({"milestone"}),
    "eventBasedGateway": frozenset({"milestone"}),
    "multiInstanceLoopCharacteristics": frozenset(
        {"collection", "elementVariable", "outputCollection", "outputElement"}
    ),
}
OWN_NAMES = frozenset().union(*OWN.values())
OWN_ELEMENTS = frozenset({"input", "output"})
MAPPED = frozenset(OWN) | {"process"} - {"multiInstanceLoopCharacteristics"}
