"""From the elements of a DMN file to decisions that know what they need (DMN 1.3 chapter 6)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from engine.domain.decisions import xml
from engine.domain.decisions.boxed import Definition, Typed
from engine.domain.decisions.definitions import Definitions
from engine.domain.decisions.expressions import nearest
from engine.domain.decisions.findings import Fault, Finding
from engine.domain.decisions.graph import Datum, Decision, Knowledge, Service
from engine.domain.decisions.logic import Reader
from engine.domain.decisions.table import Table
from engine.domain.feel.names import unusual
from engine.domain.feel.scope import Vocabulary

_MOST_FAULTS: Final = 50
_NEEDS: Final = {
    "requiredInput": "an inputData of this file",
    "requiredDecision": "a decision of this file",
    "requiredKnowledge": "a businessKnowledgeModel or a decisionService of this file",
    "outputDecision": "a decision of this file",
    "encapsulatedDecision": "a decision of this file",
    "inputDecision": "a decision of this file",
    "inputData": "an inputData of this file",
}
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "requiredInput": (Datum,),
    "requiredDecision": (Decision,),
    "requiredKnowledge": (Knowledge, Service),
    "outputDecision": (Decision,),
    "encapsulatedDecision": (Decision,),
    "inputDecision": (Decision,),
    "inputData": (Datum,),
}
_DECLARING: Final = ("variable", "formalParameter", "output", "column")
_REQUIREMENTS: Final = frozenset({"informationRequirement", "knowledgeRequirement"})
Part = Datum | Decision | Knowledge | Service


@dataclass(slots=True)
class Reading:
    """What a file holds: the decisions that can be made, by id, and everything that is refused or doubtful."""

    decisions: dict[str, Decision] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def refuse(self, element: Any, **facts: Any) -> None:
        """Note a fault of the file."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(Fault({"decision": "", **facts}, nearest(element)))


class Requirements:
    """Makes the parts of a file one by one, then lets each know what it needs."""

    def __init__(self, definitions: Definitions, reading: Reading) -> None:
        self.definitions = definitions
        self.names = definitions.component_names()
        self.reading = reading
        self._parts: dict[str, tuple[Any, Part]] = {}
        self._needs: dict[str, list[str]] = {}

    def connect(self, elements: list[tuple[Any, str]]) -> None:
        """Put the decisions among `elements` into the reading."""
        makers = {
            "inputData": self._datum,
            "decision": self._decision,
            "businessKnowledgeModel": self._knowledge,
            "decisionService": self._service,
        }
        self.names += [name for element, _ in elements for name in self._names(element)]
        for element, name in elements:
            if name == "import":
                self.reading.refuse(element, expected="everything in one file; imports are not read")
            elif name in makers:
                self._keep(element, makers[name](element))
        for element, part in list(self._parts.values()):
            self._join(element, part)
        if not self._circle():
            self._finish()

    def _keep(self, element: Any, part: Part | None) -> None:
        if part is None:
            return
        key = part.element if isinstance(part, Datum) else part.id
        if key in self._parts:
            self.reading.refuse(element, decision=key, expected="every decision under an id of its own")
        else:
            self._parts[key] = element, part

    def _names(self, element: Any) -> tuple[str, ...]:
        variable = xml.child(element, "variable")
        names = [None if variable is None else variable.get("name"), element.get("name"), element.get("id")]
        found = [xml.spelled(name) for name in names[:2] if xml.spelled(name)]
        return tuple(dict.fromkeys(found or [str(names[2] or "")]))

    def _reader(self, element: Any) -> Reader:
        own = [xml.spelled(each.get("name")) for each in xml.inside(element, *_DECLARING)]
        vocabulary = Vocabulary(unusual([*self.names, *own]), self.definitions.types)
        return Reader(element.get("id") or element.get("name") or "", self.definitions, vocabulary)

    def _datum(self, element: Any) -> Datum:
        reader = self._reader(element)
        variable = xml.child(element, "variable")
        wanted = None if variable is None else reader.type(variable)
        self.reading.faults += reader.faults
        return Datum(reader.owner, self._names(element), wanted)

    def _decision(self, element: Any) -> Decision | None:
        reader = self._reader(element)
        if not reader.owner:
            self.reading.refuse(element, expected="an id and a decision table or a literal expression")
            return None
        logic = reader.logic(element)
        variable = xml.child(element, "variable")
        wanted = None if variable is None else reader.type(variable)
        self._note(reader)
        if logic is None or reader.faults:
            return None
        names = self._names(element)
        decision = Decision(reader.owner, element.get("name") or reader.owner, names, logic, wanted)
        decision.tables, decision.calls = tuple(reader.tables), dict(reader.calls)
        return decision

    def _knowledge(self, element: Any) -> Knowledge | None:
        reader = self._reader(element)
        inside = xml.child(element, "encapsulatedLogic")
        if inside is None:
            reader.refuse(element, expected="an encapsulatedLogic with parameters and an expression")
        made = None if inside is None else reader.definition(inside)
        variable = xml.child(element, "variable")
        wanted = None if variable is None else reader.type(variable)
        self._note(reader)
        if made is None or reader.faults:
            return None
        if wanted is not None and wanted.kind != "function":
            made = Definition(made.owner, made.parameters, made.types, Typed(reader.owner, made.body, wanted))
        return Knowledge(reader.owner, self._names(element), made, tables=tuple(reader.tables))

    def _service(self, element: Any) -> Service:
        return Service(self._reader(element).owner, self._names(element))

    def _note(self, reader: Reader) -> None:
        self.reading.faults += reader.faults[: _MOST_FAULTS - len(self.reading.faults)]

    def _join(self, element: Any, part: Part) -> None:
        """Let a part know what it needs; what nobody defines is a fault, but for data, which is only doubtful."""
        if isinstance(part, Decision):
            part.data = tuple(self._pointed(element, "requiredInput"))
            part.needs = tuple(self._pointed(element, "requiredDecision"))
            part.knowledge = tuple(self._pointed(element, "requiredKnowledge"))
            self._needs[part.id] = [each.id for each in (*part.needs, *part.knowledge)]
        elif isinstance(part, Knowledge):
            part.needs = tuple(self._pointed(element, "requiredKnowledge"))
            self._needs[part.id] = [each.id for each in part.needs]
        elif isinstance(part, Service):
            part.data = tuple(self._pointed(element, "inputData"))
            part.given = tuple(self._pointed(element, "inputDecision"))
            part.outputs = tuple(self._pointed(element, "outputDecision"))
            encapsulated = list(self._pointed(element, "encapsulatedDecision"))
            self._needs[part.id] = [each.id for each in (*part.outputs, *encapsulated)]
            if not part.outputs:
                self.reading.refuse(element, decision=part.id, expected="an output decision")

    def _pointed(self, element: Any, name: str) -> Iterator[Any]:
        owner = element.get("id") or element.get("name") or ""
        for reference in _references(element, name):
            wanted = xml.pointed(reference)
            _, found = self._parts.get(wanted, (None, None))
            if isinstance(found, _KINDS[name]):
                yield found
            elif name == "requiredInput":
                self.reading.findings.append(_unknown_data(owner, wanted, nearest(reference)))
            elif not self._is_broken(wanted):
                self.reading.refuse(reference, decision=owner, source=wanted, expected=_NEEDS[name])

    def _is_broken(self, wanted: str) -> bool:
        """Tell whether a part is missing only because of a fault that is told already."""
        return any(fault.facts.get("decision") == wanted for fault in self.reading.faults)

    def _circle(self) -> bool:
        """Refuse parts that need each other; tell whether there were any."""
        state: dict[str, bool] = {}
        for start in self._needs:
            path: list[tuple[str, Iterator[str]]] = []
            if start not in state:
                state[start] = False
                path.append((start, iter(self._needs[start])))
            while path:
                following = next(path[-1][1], None)
                if following is None:
                    state[path.pop()[0]] = True
                elif following not in state:
                    state[following] = False
                    path.append((following, iter(self._needs.get(following, ()))))
                elif not state[following]:
                    names = [name for name, _ in path]
                    self._refuse_circle([*names[names.index(following) :], following])
                    return True
        return False

    def _refuse_circle(self, names: list[str]) -> None:
        element, _ = self._parts[names[0]]
        expected = "requirements that lead in no circle"
        self.reading.refuse(element, decision=names[0], source=" → ".join(names), expected=expected)

    def _finish(self) -> None:
        for element, part in self._parts.values():
            if not isinstance(part, Decision):
                continue
            part.tables = (*part.tables, *_tables_of(part))
            self.reading.decisions[part.id] = part
            self._doubt_calls(element, part)

    def _doubt_calls(self, element: Any, part: Decision) -> None:
        known = {name for some in (*part.knowledge, *part.needs, *part.data) for name in some.names}
        strangers = part.calls.keys() - known
        if strangers:  # only then is it worth looking for entries and parameters of that name
            strangers -= {xml.spelled(each.get("name")) for each in xml.inside(element, *_DECLARING)}
        for name, where in part.calls.items():
            if name in strangers:
                self.reading.findings.append(_unknown_function(part.name, name, where))


def _references(element: Any, name: str) -> Iterator[Any]:
    """Yield the references called `name` directly inside `element`, or inside one of its requirements."""
    for part in element:
        if xml.local(part) == name:
            yield part
        elif xml.local(part) in _REQUIREMENTS:
            yield from xml.children(part, name)


def _tables_of(decision: Decision) -> list[Table]:
    found: dict[str, Knowledge] = {}
    waiting = [some for some in decision.knowledge if isinstance(some, Knowledge)]
    while waiting:
        some = waiting.pop()
        if some.id not in found:
            found[some.id] = some
            waiting += [need for need in some.needs if isinstance(need, Knowledge)]
    return [table for some in found.values() for table in some.tables]


def _unknown_data(owner: str, wanted: str, element: str) -> Finding:
    return Finding(
        "decision-data",
        "warning",
        f"决策“{owner}”需要的输入数据“{wanted}”在文件里没有定义",
        f"{owner} requires the inputData {wanted!r}, which the file does not define",
        element,
    )


def _unknown_function(decision: str, name: str, element: str) -> Finding:
    return Finding(
        "decision-function",
        "warning",
        f"决策“{decision}”调用的函数“{name}”既不是 DMN 的，也没有声明为所需的知识",
        f"{decision} calls {name!r}, which is neither a function of DMN nor knowledge it requires",
        element,
    )
