"""Cases of the rules about expressions, times, data, pools, lanes, artifacts and the drawing."""

from tests.features.lint.drawings import MESSAGE, Case, U, boundary, catch, choice, inside, one, sub, throw, way
from tests.features.lint.happening import again, many
from tests.support.diagrams import flows

SHAPE = '<di:BPMNDiagram id="dd"><di:BPMNPlane id="dp" bpmnElement="p">{}</di:BPMNPlane></di:BPMNDiagram>'
OBJECT = '<dataObject id="o"/><dataObjectReference id="r" dataObjectRef="o"/>'
OTHER = '<task id="y"><ioSpecification><dataInput id="ya"/><inputSet/><outputSet/></ioSpecification></task>'
TYPES = '<itemDefinition id="t1" structureRef="a"/><itemDefinition id="t2" structureRef="b" isCollection="true"/>'


def timer(inner: str) -> str:
    """Draw an event that waits for this time."""
    return one(catch(f"<timerEventDefinition>{inner}</timerEventDefinition>"))


def lasting(text: str) -> str:
    """Draw an event that waits this long."""
    return timer(f"<timeDuration>{text}</timeDuration>")


def io(inner: str, tag: str = "task", **attributes: str) -> str:
    """Draw an activity with an ioSpecification."""
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return one(f'<{tag} id="x"{written}><ioSpecification id="io">{inner}</ioSpecification></{tag}>')


def copied(inner: str, before: str = "", tag: str = "dataInputAssociation") -> str:
    """Draw an activity with data and an association."""
    items = '<dataInput id="in"/><dataOutput id="out"/><inputSet><dataInputRefs>in</dataInputRefs></inputSet>'
    items += "<outputSet><dataOutputRefs>out</dataOutputRefs></outputSet>"
    drawn = f'<task id="x"><ioSpecification>{items}</ioSpecification><{tag} id="da">{inner}</{tag}></task>'
    return before + one(drawn)


def ends(source: str, target: str) -> str:
    """Write both ends of a data association."""
    return f"<sourceRef>{source}</sourceRef><targetRef>{target}</targetRef>"


def pools(*flow: str, extra: str = "") -> str:
    """Draw two pools and a message flow between these."""
    people = '<participant id="pa" processRef="p"/><participant id="pb" processRef="q"/><participant id="pc"/>'
    sent = f'<messageFlow id="mf" sourceRef="{flow[0]}" targetRef="{flow[1]}"/>' if flow else ""
    mine = way("u", "x", middle=U + throw(MESSAGE))
    theirs = f'<startEvent id="t">{MESSAGE}</startEvent><endEvent id="o"/>' + flows(("t", "o"))
    processes = f'<process id="p">{mine}</process><process id="q">{theirs}</process>'
    return f'<collaboration id="c">{people}{sent}{extra}</collaboration>{processes}'


def lanes(*nodes: tuple[str, ...]) -> str:
    """Draw a lane for each group of nodes."""
    refs = ("".join(f"<flowNodeRef>{node}</flowNodeRef>" for node in group) for group in nodes)
    drawn = "".join(f'<lane id="l{n}">{inner}</lane>' for n, inner in enumerate(refs))
    return f'<laneSet id="ls">{drawn}</laneSet>'


EXPRESSIONS = [
    Case("feel", "x_y", choice(("=1 +", "=b"))),
    Case("feel", "x_y", choice(("${a}", "=b"))),
    Case("feel", "x", one('<userTask id="x" icity:role="R" icity:organisation="=a +"/>')),
    Case(
        "feel",
        "x",
        one('<task id="x"><extensionElements><icity:input name="a" value="=("/></extensionElements></task>'),
    ),
    Case(
        "feel",
        "x",
        one(catch("<conditionalEventDefinition><condition>=a &lt;</condition></conditionalEventDefinition>")),
    ),
    Case("feel", "x", again(many("<loopCardinality>=)</loopCardinality>"))),
    Case(
        "feel",
        "x",
        again("<standardLoopCharacteristics><loopCondition>=)</loopCondition></standardLoopCharacteristics>"),
    ),
    Case("feel", "x", lasting("=duration(")),
    Case("feel-function", "x_y", choice(("=launch(1)", "=b"))),
    Case("empty-expression", "x", again(many("<loopCardinality/>", icity_collection="=a"))),
    Case("empty-expression", "x", one(catch(MESSAGE, icity_correlation=""))),
    *(
        Case("timer", "x", lasting(text))
        for text in ("P1", "1D", "-P1D", "P201Y", "PT", "P1.5D", "每天", "P99999999999Y")
    ),
    *(
        Case("timer", "x", timer(f"<timeDate>{text}</timeDate>"))
        for text in ("2023-02-29", "2024", "tomorrow", "24:00")
    ),
    *(
        Case("timer", "x", timer(f"<timeCycle>{text}</timeCycle>"))
        for text in ("R0/P1D", "R/PT1S", "R3", "R3/P300Y", "0 0 * * *")
    ),
    Case("timer", "x", lasting('="soon"')),
    Case("timer-missing", "x", timer("")),
    Case("timer-missing", "x", lasting("")),
    Case("timer-several", "x", timer("<timeDuration>P1D</timeDuration><timeDate>2030-01-01</timeDate>")),
    Case("timer-cycle", "x", timer("<timeCycle>R3/P1D</timeCycle>")),
    Case(
        "timer-cycle",
        "b",
        one(U + boundary("<timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition>"), "u"),
    ),
    Case("timer-zero", "x", lasting("PT0S")),
    Case("remind", "x", one(catch(MESSAGE, icity_remind="6M"))),
    *(
        Case("loop-cardinality", "x", again(many(f"<loopCardinality>{text}</loopCardinality>")))
        for text in ("-1", "100000", "2.5", "=true", '="many"', "=null")
    ),
    Case("constant-condition", "x_y", choice(("=true", "=b"))),
    Case("condition-type", "x_y", choice(("=1", "=b"))),
    Case("condition-type", "x_y", choice(('="yes"', "=b"))),
    Case("bad-name", "x", one('<userTask id="x" icity:role="R" icity:result="the result"/>')),
    Case("bad-name", "x", again(many(icity_collection="=a", icity_elementVariable="1st"))),
    Case(
        "repeated-mapping",
        "x",
        one(
            '<task id="x"><extensionElements>'
            + '<icity:input name="a" value="=1"/>' * 2
            + "</extensionElements></task>"
        ),
    ),
]

DATA = [
    Case("data-object-reference", "r", way() + '<dataObjectReference id="r"/>'),
    Case("data-source", "da", copied(ends("no", "in"))),
    Case("data-source", "da", copied(ends("s", "in"))),
    Case("data-target", "da", copied(ends("in", "no"))),
    Case("data-idle", "da", copied("<targetRef>in</targetRef>")),
    Case("data-ends", "da", copied("<sourceRef>in</sourceRef>")),
    Case("data-sources", "da", copied("<sourceRef>r</sourceRef>" + ends("o", "in"), OBJECT)),
    Case("data-scope", "da", copied(ends("o2", "in")) + sub(inside(middle='<dataObject id="o2"/>'), "y")),
    Case("data-direction", "da", copied(ends("o", "out"), OBJECT)),
    Case("data-direction", "da", copied(ends("in", "o"), OBJECT, "dataOutputAssociation")),
    Case(
        "data-type",
        "da",
        copied(
            ends("o1", "o2"),
            '<dataObject id="o1" itemSubjectRef="t1"/><dataObject id="o2" itemSubjectRef="t2" isCollection="true"/>',
        ),
        TYPES,
    ),
    Case("data-collection", "o", way() + '<dataObject id="o" itemSubjectRef="t2"/>', TYPES),
    Case("data-goal", "da", copied("<targetRef>in</targetRef><assignment><from>=1</from><to>a.b</to></assignment>")),
    Case("data-assignment", "da", copied("<targetRef>in</targetRef><assignment><from>=1</from></assignment>")),
    Case("io-sets", "io", io('<dataInput id="a"/>')),
    Case("io-item", "io", io('<dataInput id="a"/><inputSet id="is"/><outputSet id="os"/>')),
    Case(
        "io-list",
        "is",
        io('<dataInput id="a"/><inputSet id="is"><optionalInputRefs>a</optionalInputRefs></inputSet><outputSet/>'),
    ),
    Case("io-pair", "is", io('<inputSet id="is"><outputSetRefs>os</outputSetRefs></inputSet><outputSet id="os"/>')),
    Case(
        "io-foreign",
        "io",
        io("<inputSet><dataInputRefs>ya</dataInputRefs></inputSet><outputSet/>")
        + '<task id="y"><ioSpecification><dataInput id="ya"/><inputSet/><outputSet/></ioSpecification></task>',
    ),
    Case("io-foreign", "da", copied(ends("o", "ya"), OBJECT) + OTHER),
    Case(
        "data-scope",
        "r",
        way() + sub('<dataObject id="o"/>' + inside(), "y") + '<dataObjectReference id="r" dataObjectRef="o"/>',
    ),
    Case(
        "data-type",
        "x",
        io('<dataInput id="a" itemSubjectRef="t1"/><inputSet/><outputSet/>', "sendTask", messageRef="mt"),
        TYPES + '<message id="mt" name="T" itemRef="t2"/>',
    ),
    Case("subprocess-io", "x", one(sub("<ioSpecification><inputSet/><outputSet/></ioSpecification>" + inside()))),
    Case("operation-sets", "x", io("<inputSet/><inputSet/><outputSet/>", "sendTask", messageRef="m")),
    Case("loop-data", "x", again(many("<loopDataInputRef>no</loopDataInputRef>"))),
]

POOLS = [
    Case("participant-twice", "pd", pools(extra='<participant id="pd" processRef="p"/>')),
    Case(
        "participant-multiplicity",
        "pc2",
        pools(extra='<participant id="pc2"><participantMultiplicity minimum="3" maximum="2"/></participant>'),
    ),
    Case(
        "participant-multiplicity",
        "pc2",
        pools(extra='<participant id="pc2"><participantMultiplicity minimum="-1"/></participant>'),
    ),
    Case("message-flow-end", "mf", pools("no", "t")),
    Case("message-flow-end", "mf", pools("s", "t")),
    Case("message-flow-end", "mf", pools("x", "o")),
    Case("message-flow-end", "mf", pools("t", "u")),
    Case("message-flow-end", "mf", pools("u", "x")),
    Case("message-flow-end", "mf", pools("u", "c")),
    Case("message-flow-pool", "mf", pools("x", "u")),
    Case("message-flow-pool", "mf", pools("pa", "u")),
    Case("message-flow-pool", "mf", pools("pb", "pb")),
    Case("lane-twice", "l1", lanes(("s", "e"), ("e",)) + way()),
    Case("lane-foreign", "l0", pools().replace('<process id="p">', '<process id="p">' + lanes(("t",)))),
    Case("association-end", "a", way() + '<association id="a" sourceRef="s" targetRef="no"/>'),
    Case("diagram-reference", "sh", way(), SHAPE.format('<di:BPMNShape id="sh" bpmnElement="no"/>')),
    Case(
        "diagram-twice",
        "sh2",
        way(),
        SHAPE.format('<di:BPMNShape id="sh" bpmnElement="s"/><di:BPMNShape id="sh2" bpmnElement="s"/>'),
    ),
    Case("diagram-kind", "sh", way(), SHAPE.format('<di:BPMNShape id="sh" bpmnElement="s_e"/>')),
    Case(
        "diagram-edge",
        "ed",
        way(),
        SHAPE.format('<di:BPMNEdge id="ed" bpmnElement="s_e"><w:waypoint x="1" y="1"/></di:BPMNEdge>'),
    ),
]
