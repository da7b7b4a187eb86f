"""From a DMN file to decisions: every cell is compiled here, and every fault says where it stands."""

from typing import Any, Final

from engine.domain import feel
from engine.domain.decisions.table import AGGREGATES, RANKED, Decision, HitPolicy, Input, Output, Rule, plain
from engine.errors import ExpressionRefused

NAMESPACES: Final = frozenset(
    {
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
    }
)
MOST_RULES: Final = 1_000
MOST_CELLS: Final = 10_000


def parse(root: Any) -> dict[str, Decision]:
    """Return the decisions of a DMN 1.1 to 1.3 file by id; `root` is the lxml element from the gate.

    Raise ExpressionRefused with the facts decision, expected and, where known, rule (from 1), column and source.
    """
    found: dict[str, Decision] = {}
    for element in root.iter():
        if _local(element) == "decision":
            decision = _Reader(element).decision()
            if decision.id in found:
                raise ExpressionRefused(decision=decision.id, expected="every decision under an id of its own")
            found[decision.id] = decision
    if not found:
        raise ExpressionRefused(decision="", expected="a decision in a DMN 1.1, 1.2 or 1.3 file")
    return found


def _local(element: Any) -> str:
    namespace, _, name = str(element.tag).rpartition("}")
    return name if namespace.lstrip("{") in NAMESPACES else ""


def _children(element: Any, name: str) -> list[Any]:
    return [child for child in element if _local(child) == name]


def _child(element: Any, name: str) -> Any:
    return next(iter(_children(element, name)), None)


def _text(element: Any) -> str:
    """Return the text of an element that holds `<text>`, the empty text when it or its text is missing."""
    inner = None if element is None else _child(element, "text")
    return "" if inner is None else (inner.text or "").strip()


class _Reader:
    """Reads one decision and keeps in mind where it is, so that every fault can say where."""

    def __init__(self, element: Any) -> None:
        self.element = element
        self.id = element.get("id") or element.get("name") or ""

    def decision(self) -> Decision:
        name = self.element.get("name") or self.id
        table, literal = _child(self.element, "decisionTable"), _child(self.element, "literalExpression")
        if not self.id or (table is None and literal is None):
            raise self._refused(expected="an id and a decision table or a literal expression")
        if _child(self.element, "informationRequirement") is not None and self._requires_decisions():
            raise self._refused(expected="no required decisions: give the process a task for each")
        if table is None:
            rule = Rule(self.id, (), (self._compiled(literal, 1, name),))
            return Decision(self.id, name, HitPolicy.UNIQUE, (), (Output(name, (), None),), (rule,))
        return self._table(name, table)

    def _requires_decisions(self) -> bool:
        needs = _children(self.element, "informationRequirement")
        return any(_child(need, "requiredDecision") is not None for need in needs)

    def _table(self, name: str, table: Any) -> Decision:
        policy = self._policy(table)
        inputs = tuple(self._input(column, place) for place, column in enumerate(_children(table, "input"), 1))
        columns = _children(table, "output")
        outputs = tuple(self._output(column, place) for place, column in enumerate(columns, 1))
        rows = _children(table, "rule")
        if len(rows) > MOST_RULES or len(rows) * (len(inputs) + len(outputs)) > MOST_CELLS:
            raise self._refused(expected=f"≤ {MOST_RULES} rules and ≤ {MOST_CELLS} cells")
        self._fits(policy, outputs)
        rules = tuple(self._rule(row, number, inputs, outputs) for number, row in enumerate(rows, 1))
        return Decision(self.id, name, policy, inputs, outputs, rules)

    def _policy(self, table: Any) -> HitPolicy:
        words = [table.get("hitPolicy") or "UNIQUE", table.get("aggregation") or ""]
        word = "_".join(part.strip().upper().replace(" ", "_") for part in words if part)
        if word not in HitPolicy.__members__:
            raise self._refused(expected="a hit policy of DMN 1.3", source=word)
        return HitPolicy[word]

    def _fits(self, policy: HitPolicy, outputs: tuple[Output, ...]) -> None:
        names = [output.name for output in outputs]
        if not outputs or (len(outputs) > 1 and (len(set(names)) < len(names) or not all(names))):
            raise self._refused(expected="outputs, each with a name of its own")
        if policy in RANKED and not all(output.allowed for output in outputs):
            raise self._refused(expected="output values in order of priority for every output")
        if policy in AGGREGATES and len(outputs) > 1:
            raise self._refused(expected="a single output to aggregate")

    def _input(self, column: Any, place: int) -> Input:
        element = _child(column, "inputExpression")
        label = column.get("label") or _text(element) or str(place)
        if not _text(element):
            raise self._refused(expected="an input expression", column=label)
        values = _child(column, "inputValues")
        allowed = self._compiled(values, 0, label, unary=True)
        return Input(label, self._required(element, label), element.get("typeRef") or "", allowed)

    def _required(self, element: Any, label: str) -> feel.Expression:
        expression = self._compiled(element, 0, label)
        if expression is None:
            raise self._refused(expected="an expression", column=label)
        return expression

    def _output(self, column: Any, place: int) -> Output:
        name = column.get("name") or column.get("label") or (str(place) if place > 1 else self.id)
        values = _child(column, "outputValues")
        allowed: tuple[Any, ...] = ()
        if _text(values):
            listed = self._list(values, name).evaluate({})
            allowed = tuple(plain(self.id, value) for value in listed)
        return Output(name, allowed, self._compiled(_child(column, "defaultOutputEntry"), 0, name))

    def _list(self, values: Any, column: str) -> feel.Expression:
        try:
            return feel.compile(f"[{_text(values)}]")
        except ExpressionRefused as fault:
            raise self._refused(**fault.facts, column=column) from fault

    def _rule(self, row: Any, number: int, inputs: tuple[Input, ...], outputs: tuple[Output, ...]) -> Rule:
        conditions, answers = _children(row, "inputEntry"), _children(row, "outputEntry")
        if len(conditions) != len(inputs) or len(answers) != len(outputs):
            raise self._refused(expected=f"{len(inputs)} conditions and {len(outputs)} answers", rule=number)
        return Rule(
            row.get("id") or f"{self.id}#{number}",
            tuple(self._compiled(c, number, i.label, unary=True) for c, i in zip(conditions, inputs, strict=True)),
            tuple(self._compiled(a, number, o.name) for a, o in zip(answers, outputs, strict=True)),
        )

    def _compiled(self, element: Any, rule: int, column: str, *, unary: bool = False) -> feel.Expression | None:
        text = _text(element)
        if text in ("", "-"):
            return None
        language = element.get("expressionLanguage") or "feel"
        where = {"rule": rule, "column": column} if rule else {"column": column}
        if "feel" not in language.lower():
            raise self._refused(expected="FEEL", source=language, **where)
        try:
            return feel.compile(text, unary=unary)
        except ExpressionRefused as fault:
            raise self._refused(**where, **fault.facts) from fault

    def _refused(self, **facts: Any) -> ExpressionRefused:
        return ExpressionRefused(decision=self.id, **facts)
