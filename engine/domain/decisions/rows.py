"""Reads decision tables: columns, rows, and what a hit policy asks of them (DMN 1.3 chapter 8)."""

from typing import Any, Final

from engine.domain import feel
from engine.domain.decisions import xml
from engine.domain.decisions.columns import Cell, Column
from engine.domain.decisions.expressions import Expressions, nearest
from engine.domain.decisions.policies import AGGREGATES, RANKED, HitPolicy
from engine.domain.decisions.table import Answering, Constant, Input, Output, Rule, Table
from engine.domain.feel import cells, syntax
from engine.errors import ExpressionFailed, ExpressionRefused

MOST_RULES: Final = 20_000
MOST_CELLS: Final = 200_000
_WHOLE: Final = frozenset({"integer", "int", "long"})
_NAMED: Final = "outputs, each with a name of its own"


class Rows(Expressions):
    """Reads the tables of one owner."""

    def table(self, element: Any) -> Table | None:
        """Return a decision table, None when it is refused as a whole."""
        policy = self._policy(element)
        inputs = tuple(self._input(column, place) for place, column in enumerate(xml.children(element, "input"), 1))
        outputs = tuple(self._output(column, place) for place, column in enumerate(xml.children(element, "output"), 1))
        rows = xml.children(element, "rule")
        if len(rows) > MOST_RULES or len(rows) * (len(inputs) + len(outputs)) > MOST_CELLS:
            self.refuse(element, expected=f"≤ {MOST_RULES} rules and ≤ {MOST_CELLS} cells")
            return None
        if policy is None or not self._fits(element, policy, outputs):
            return None
        found = [self._rule(row, number, inputs, outputs) for number, row in enumerate(rows, 1)]
        rules = tuple(rule for rule in found if rule is not None)
        columns = tuple(Column([rule.inputs[place] for rule in rules]) for place in range(len(inputs)))
        notes = tuple(each.get("name") or "annotation" for each in xml.children(element, "annotation"))
        told = (*notes, *["annotation"] * (1 - len(notes)), "description")
        return Table(self.owner, nearest(element), policy, inputs, outputs, rules, columns, told)

    def _policy(self, element: Any) -> HitPolicy | None:
        words = [element.get("hitPolicy") or "UNIQUE", element.get("aggregation") or ""]
        word = "_".join(part.strip().upper().replace(" ", "_") for part in words if part)
        if word not in HitPolicy.__members__:
            self.refuse(element, expected="a hit policy of DMN 1.3", source=word)
            return None
        return HitPolicy[word]

    def _fits(self, element: Any, policy: HitPolicy, outputs: tuple[Output, ...]) -> bool:
        names = [output.name for output in outputs]
        if not outputs or (len(outputs) > 1 and (len(set(names)) < len(names) or not all(names))):
            self.refuse(element, expected=_NAMED)
        elif policy in RANKED and not all(output.allowed for output in outputs):
            self.refuse(element, expected="output values in order of priority for every output")
        elif policy in AGGREGATES and len(outputs) > 1:
            self.refuse(element, expected="a single output to aggregate")
        else:
            return True
        return False

    def _input(self, column: Any, place: int) -> Input:
        element = xml.child(column, "inputExpression")
        label = column.get("label") or xml.text(element) or str(place)
        if not xml.text(element):
            self.refuse(column, expected="an input expression", column=label)
            return Input(nearest(column), label, feel.compile("null"), None, None)
        wanted = self.type(element, column=label)
        allowed = self._allowed(xml.child(column, "inputValues"), element.get("typeRef"), label)
        whole = xml.spelled(element.get("typeRef")).rpartition(":")[2] in _WHOLE
        return Input(nearest(column), label, self.required(element, column=label), wanted, allowed, whole)

    def _allowed(self, values: Any, type_: str | None, label: str) -> Cell | None:
        if values is not None:
            return self.cell(values, column=label)
        restricted = self.definitions.values(type_)
        return self.cell_of(restricted, values, column=label) if restricted else None

    def _output(self, column: Any, place: int) -> Output:
        name = xml.spelled(column.get("name") or column.get("label")) or (str(place) if place > 1 else self.owner)
        values = xml.child(column, "outputValues")
        allowed = self._listed(xml.text(values), values, column=name) if xml.text(values) else ()
        if not allowed:
            allowed = self._listed(self.definitions.values(column.get("typeRef")), None)
        default = self._answer(xml.child(column, "defaultOutputEntry"), column=name)
        return Output(name, self.type(column, column=name), allowed, default)

    def _listed(self, values: str, element: Any, **where: Any) -> tuple[Any, ...]:
        """Return the values a text lists, from the highest priority down; refuse what is none, where there is a place.

        Restrictions that are no list of values, such as `[0..100]`, give none.
        """
        try:
            found = feel.to_json(feel.Expression(f"[{values}]", vocabulary=self.vocabulary).evaluate({}))
            return tuple(found)
        except (ExpressionRefused, ExpressionFailed) as fault:
            if element is not None:
                self.refuse(element, **{"expected": "values", **where, **fault.facts})
            return ()

    def _rule(self, row: Any, number: int, inputs: tuple[Input, ...], outputs: tuple[Output, ...]) -> Rule | None:
        conditions, answers = xml.children(row, "inputEntry"), xml.children(row, "outputEntry")
        if len(conditions) != len(inputs) or len(answers) != len(outputs):
            self.refuse(row, expected=f"{len(inputs)} conditions and {len(outputs)} answers", rule=number)
            return None
        notes = [xml.text(note) for note in xml.children(row, "annotationEntry")]
        description = xml.child(row, "description")
        return Rule(
            row.get("id") or f"{self.owner}#{number}",
            tuple(self.cell(c, rule=number, column=i.label) for c, i in zip(conditions, inputs, strict=True)),
            tuple(self._answer(a, rule=number, column=o.name) for a, o in zip(answers, outputs, strict=True)),
            (*notes, (description.text or "").strip()) if description is not None else tuple(notes),
        )

    def _answer(self, element: Any, **where: Any) -> Answering | None:
        text = xml.text(element)
        if text in ("", "-"):
            return None
        plain = cells.plain(text)
        if plain is not None and len(plain.tests) == 1 and isinstance(plain.tests[0], syntax.Literal):
            return Constant(plain.tests[0].value, text)
        return self.expression(element, **where)
