"""The vocabulary of BPMN 2.0.2 (chapter 15, Semantic.xsd): what each element may carry and hold."""

from collections.abc import Mapping
from dataclasses import dataclass

BOOLEAN = "true|false"


@dataclass(frozen=True, slots=True)
class Shape:
    """What an element may carry: the type of each attribute, those it needs, and whether a child may come often.

    The type of an attribute is id, text, int, ref, or the values it may have with bars between them.
    """

    attributes: Mapping[str, str]
    needed: frozenset[str]
    children: Mapping[str, bool]


def _shape(*parts: Shape, attributes: str = "", children: str = "", needed: str = "") -> Shape:
    """Put shapes together: attributes are written `name:type`, children that may come often `name*`."""
    carried = {name: kind for part in parts for name, kind in part.attributes.items()}
    held = {name: often for part in parts for name, often in part.children.items()}
    carried |= {name: kind for name, _, kind in (word.partition(":") for word in attributes.split())}
    held |= {word.rstrip("*"): word.endswith("*") for word in children.split()}
    wanted = frozenset().union(*(part.needed for part in parts), needed.split())
    return Shape(carried, wanted, held)


_base = _shape(attributes="id:id", children="documentation* extensionElements")
_named = _shape(_base, attributes="name:text")
_element = _shape(_named, children="auditing monitoring categoryValueRef*")
_node = _shape(_element, children="incoming* outgoing*")
_definitions = (
    "cancelEventDefinition* compensateEventDefinition* conditionalEventDefinition* errorEventDefinition* "
    "escalationEventDefinition* linkEventDefinition* messageEventDefinition* signalEventDefinition* "
    "terminateEventDefinition* timerEventDefinition* eventDefinitionRef*"
)
_event = _shape(_node, children=f"property* {_definitions}")
_catch = _shape(
    _event, attributes=f"parallelMultiple:{BOOLEAN}", children="dataOutput* dataOutputAssociation* outputSet"
)
_throw = _shape(_event, children="dataInput* dataInputAssociation* inputSet")
_gateway = _shape(_node, attributes="gatewayDirection:Unspecified|Converging|Diverging|Mixed")
_chooser = _shape(_gateway, attributes="default:ref")
_resources = "resourceRole* performer* humanPerformer* potentialOwner*"
_activity = _shape(
    _node,
    attributes=f"isForCompensation:{BOOLEAN} startQuantity:int completionQuantity:int default:ref",
    children=f"ioSpecification property* dataInputAssociation* dataOutputAssociation* {_resources} "
    "multiInstanceLoopCharacteristics standardLoopCharacteristics",
)
_flow_elements = (
    "adHocSubProcess* boundaryEvent* businessRuleTask* callActivity* callChoreography* choreographyTask* "
    "complexGateway* dataObject* dataObjectReference* dataStoreReference* endEvent* eventBasedGateway* "
    "exclusiveGateway* implicitThrowEvent* inclusiveGateway* intermediateCatchEvent* intermediateThrowEvent* "
    "manualTask* parallelGateway* receiveTask* scriptTask* sendTask* sequenceFlow* serviceTask* startEvent* "
    "subChoreography* subProcess* task* transaction* userTask*"
)
_artifacts = "association* group* textAnnotation*"
_implemented = _shape(attributes="implementation:text")
_sub = _shape(
    _activity,
    attributes=f"triggeredByEvent:{BOOLEAN}",
    children=f"laneSet* {_flow_elements} {_artifacts}",
)
_callable = _shape(_named, children="supportedInterfaceRef* ioSpecification ioBinding*")
_global = _shape(_callable, children=_resources)
_item = _shape(_named, attributes="itemSubjectRef:ref", children="dataState")
_data = _shape(_item, attributes=f"isCollection:{BOOLEAN}")
_association = _shape(_base, children="sourceRef* targetRef transformation assignment*")
_performer = _shape(_named, children="resourceRef resourceParameterBinding* resourceAssignmentExpression")
_conversation = _shape(_named, children="participantRef* messageFlowRef* correlationKey* participantAssociation*")
_roots = (
    "category* collaboration* correlationProperty* dataStore* endPoint* error* escalation* "
    "cancelEventDefinition* compensateEventDefinition* conditionalEventDefinition* errorEventDefinition* "
    "escalationEventDefinition* linkEventDefinition* messageEventDefinition* signalEventDefinition* "
    "terminateEventDefinition* timerEventDefinition* globalBusinessRuleTask* globalManualTask* globalScriptTask* "
    "globalTask* globalUserTask* interface* itemDefinition* message* partnerEntity* partnerRole* process* "
    "resource* signal* choreography* globalChoreographyTask* globalConversation*"
)
EXPRESSION = _shape(_base, attributes="language:text evaluatesToTypeRef:text")
REFERENCE = _shape()
LINE = _shape(attributes="id:id textFormat:text")

SHAPES: Mapping[str, Shape] = {
    "definitions": _shape(
        _named,
        attributes="targetNamespace:text expressionLanguage:text typeLanguage:text exporter:text exporterVersion:text",
        children=f"import* extension* relationship* {_roots}",
    ),
    "import": _shape(attributes="importType:text location:text namespace:text", needed="importType location namespace"),
    "extension": _shape(attributes=f"definition:text mustUnderstand:{BOOLEAN}", children="documentation*"),
    "relationship": _shape(
        _base, attributes="type:text direction:None|Forward|Backward|Both", children="source* target*", needed="type"
    ),
    "documentation": LINE,
    "text": LINE,
    "extensionElements": _shape(),
    "auditing": _base,
    "monitoring": _base,
    "rendering": _base,
    "endPoint": _base,
    "category": _shape(_named, children="categoryValue*"),
    "categoryValue": _shape(_base, attributes="value:text"),
    "textAnnotation": _shape(_base, attributes="textFormat:text", children="text"),
    "group": _shape(_base, attributes="categoryValueRef:ref"),
    "association": _shape(
        _base,
        attributes="sourceRef:ref targetRef:ref associationDirection:None|One|Both",
        needed="sourceRef targetRef",
    ),
    "process": _shape(
        _callable,
        attributes=f"processType:None|Public|Private isClosed:{BOOLEAN} isExecutable:{BOOLEAN} "
        "definitionalCollaborationRef:ref",
        children=f"auditing monitoring property* laneSet* {_flow_elements} {_artifacts} {_resources} "
        "correlationSubscription* supports*",
    ),
    "globalTask": _global,
    "globalManualTask": _global,
    "globalUserTask": _shape(_global, _implemented, children="rendering*"),
    "globalBusinessRuleTask": _shape(_global, _implemented),
    "collaboration": _shape(
        _named,
        attributes=f"isClosed:{BOOLEAN}",
        children=f"participant* messageFlow* {_artifacts} callConversation* conversation* subConversation* "
        "conversationAssociation* participantAssociation* messageFlowAssociation* correlationKey* choreographyRef* "
        "conversationLink*",
    ),
    "participant": _shape(
        _named, attributes="processRef:ref", children="interfaceRef* endPointRef* participantMultiplicity"
    ),
    "participantMultiplicity": _shape(_base, attributes="minimum:int maximum:int"),
    "participantAssociation": _shape(_base, children="innerParticipantRef outerParticipantRef"),
    "messageFlow": _shape(
        _named, attributes="sourceRef:ref targetRef:ref messageRef:ref", needed="sourceRef targetRef"
    ),
    "messageFlowAssociation": _shape(
        _base,
        attributes="innerMessageFlowRef:ref outerMessageFlowRef:ref",
        needed="innerMessageFlowRef outerMessageFlowRef",
    ),
    "conversation": _conversation,
    "subConversation": _shape(_conversation, children="conversation* subConversation* callConversation*"),
    "callConversation": _shape(_conversation, attributes="calledCollaborationRef:ref"),
    "conversationLink": _shape(_named, attributes="sourceRef:ref targetRef:ref", needed="sourceRef targetRef"),
    "conversationAssociation": _shape(_base, attributes="innerConversationNodeRef:ref outerConversationNodeRef:ref"),
    "partnerEntity": _shape(_named, children="participantRef*"),
    "partnerRole": _shape(_named, children="participantRef*"),
    "laneSet": _shape(_named, children="lane*"),
    "childLaneSet": _shape(_named, children="lane*"),
    "lane": _shape(_named, attributes="partitionElementRef:ref", children="partitionElement flowNodeRef* childLaneSet"),
    "partitionElement": _base,
    "sequenceFlow": _shape(
        _element,
        attributes=f"sourceRef:ref targetRef:ref isImmediate:{BOOLEAN}",
        children="conditionExpression",
        needed="sourceRef targetRef",
    ),
    "task": _activity,
    "manualTask": _activity,
    "userTask": _shape(_activity, _implemented, children="rendering*"),
    "businessRuleTask": _shape(_activity, _implemented),
    "serviceTask": _shape(_activity, _implemented, attributes="operationRef:ref"),
    "sendTask": _shape(_activity, _implemented, attributes="messageRef:ref operationRef:ref"),
    "receiveTask": _shape(_activity, _implemented, attributes=f"messageRef:ref operationRef:ref instantiate:{BOOLEAN}"),
    "callActivity": _shape(_activity, attributes="calledElement:ref"),
    "subProcess": _sub,
    "transaction": _shape(_sub, attributes="method:text"),
    "startEvent": _shape(_catch, attributes=f"isInterrupting:{BOOLEAN}"),
    "intermediateCatchEvent": _catch,
    "boundaryEvent": _shape(_catch, attributes=f"cancelActivity:{BOOLEAN} attachedToRef:ref", needed="attachedToRef"),
    "intermediateThrowEvent": _throw,
    "endEvent": _throw,
    "event": _throw,
    "exclusiveGateway": _chooser,
    "inclusiveGateway": _chooser,
    "parallelGateway": _gateway,
    "eventBasedGateway": _shape(_gateway, attributes=f"instantiate:{BOOLEAN} eventGatewayType:Exclusive|Parallel"),
    "cancelEventDefinition": _base,
    "terminateEventDefinition": _base,
    "compensateEventDefinition": _shape(_base, attributes=f"waitForCompletion:{BOOLEAN} activityRef:ref"),
    "conditionalEventDefinition": _shape(_base, children="condition"),
    "errorEventDefinition": _shape(_base, attributes="errorRef:ref"),
    "escalationEventDefinition": _shape(_base, attributes="escalationRef:ref"),
    "linkEventDefinition": _shape(_named, children="source* target", needed="name"),
    "messageEventDefinition": _shape(_base, attributes="messageRef:ref", children="operationRef"),
    "signalEventDefinition": _shape(_base, attributes="signalRef:ref"),
    "timerEventDefinition": _shape(_base, children="timeDate timeDuration timeCycle"),
    "error": _shape(_named, attributes="errorCode:text structureRef:text"),
    "escalation": _shape(_named, attributes="escalationCode:text structureRef:text"),
    "message": _shape(_named, attributes="itemRef:ref"),
    "signal": _shape(_named, attributes="structureRef:text"),
    "itemDefinition": _shape(
        _base, attributes=f"structureRef:text isCollection:{BOOLEAN} itemKind:Information|Physical"
    ),
    "resource": _shape(_named, children="resourceParameter*", needed="name"),
    "resourceParameter": _shape(_named, attributes=f"type:text isRequired:{BOOLEAN}"),
    "interface": _shape(_named, attributes="implementationRef:text", children="operation*", needed="name"),
    "operation": _shape(
        _named,
        attributes="implementationRef:text",
        children="inMessageRef outMessageRef errorRef*",
        needed="name",
    ),
    "multiInstanceLoopCharacteristics": _shape(
        _base,
        attributes=f"isSequential:{BOOLEAN} behavior:None|One|All|Complex oneBehaviorEventRef:ref "
        "noneBehaviorEventRef:ref",
        children="loopCardinality loopDataInputRef loopDataOutputRef inputDataItem outputDataItem "
        "complexBehaviorDefinition* completionCondition",
    ),
    "standardLoopCharacteristics": _shape(
        _base, attributes=f"testBefore:{BOOLEAN} loopMaximum:int", children="loopCondition"
    ),
    "complexBehaviorDefinition": _shape(_base, children="condition event"),
    "dataObject": _shape(_element, _data),
    "dataObjectReference": _shape(_element, _item, attributes="dataObjectRef:ref"),
    "property": _item,
    "dataInput": _data,
    "dataOutput": _data,
    "inputDataItem": _data,
    "outputDataItem": _data,
    "dataState": _named,
    "ioSpecification": _shape(_base, children="dataInput* dataOutput* inputSet* outputSet*"),
    "inputSet": _shape(_named, children="dataInputRefs* optionalInputRefs* whileExecutingInputRefs* outputSetRefs*"),
    "outputSet": _shape(_named, children="dataOutputRefs* optionalOutputRefs* whileExecutingOutputRefs* inputSetRefs*"),
    "dataInputAssociation": _association,
    "dataOutputAssociation": _association,
    "assignment": _shape(_base, children="from to"),
    "correlationProperty": _shape(_named, attributes="type:text", children="correlationPropertyRetrievalExpression*"),
    "correlationPropertyRetrievalExpression": _shape(
        _base, attributes="messageRef:ref", children="messagePath", needed="messageRef"
    ),
    "resourceRole": _performer,
    "performer": _performer,
    "humanPerformer": _performer,
    "potentialOwner": _performer,
    "resourceParameterBinding": _shape(
        _base, attributes="parameterRef:ref", children="formalExpression expression", needed="parameterRef"
    ),
    "resourceAssignmentExpression": _shape(_base, children="formalExpression expression"),
}

# Elements that only occur inside others: text that is an expression, or the name of something.
EXPRESSIONS = frozenset(
    {
        "condition",
        "conditionExpression",
        "completionCondition",
        "loopCardinality",
        "loopCondition",
        "timeDate",
        "timeDuration",
        "timeCycle",
        "from",
        "to",
        "transformation",
        "messagePath",
        "dataPath",
        "expression",
        "formalExpression",
    }
)
