"""The one factory of SpiffWorkflow's script engine: FEEL for every expression, nothing for scripts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.script_engine.python_environment import BasePythonScriptEngineEnvironment

from engine.bpmn.elements import Element
from engine.domain import feel
from engine.domain.deadlines import Term, read, resumed
from engine.domain.workdays import Calendar
from engine.errors import DecisionFailed, ExpressionRefused


class Decision(Protocol):
    """A decision that can be asked."""

    def evaluate(self, context: Mapping[str, Any]) -> Any:
        """Return the decision's answer for this data."""

    def explain(self, context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer as `value`, and in `decisions` what was asked of it and the rules that answered."""


class Operators(Protocol):
    """The vetted functions behind service tasks."""

    def __call__(self, operator: str, parameters: dict[str, Any]) -> Any:
        """Return the result of the named operator."""


class BusinessError(Exception):
    """What an operator raises to end its task by the error event with this code (BPMN 2.0.2 §10.5.6)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Thrown:
    """A message or a signal that a step has thrown to the world outside its instance."""

    element: str
    name: str
    correlation: str
    payload: dict[str, Any]
    kind: str = "message"


@dataclass(frozen=True)
class Made:
    """A decision that a step has made; `told` is how it was made."""

    element: str
    told: dict[str, Any]


@dataclass
class Surroundings:
    """What one move may see besides the data: the instant, the calendar, decisions, operators, and who moves."""

    now: datetime
    calendar: Calendar
    decisions: Mapping[str, Decision]
    operate: Operators
    thrown: list[Thrown] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    actor: UUID | None = None
    away: dict[str, dict[str, Any]] = field(default_factory=dict)

    def value(self, source: str, data: Mapping[str, Any]) -> Any:
        """Return the plain JSON value of a FEEL expression over `data`."""
        return feel.to_json(feel.compile(source).evaluate(data))

    def serve(self, element: Element, inputs: dict[str, Any], data: Mapping[str, Any]) -> Any:
        """Do a service task or a business-rule task; without inputs a decision sees all the data."""
        if element.decision:
            told = self.decisions[element.decision].explain(inputs or data)
            self.made.append(Made(element.id, told))
            return told["value"]
        if element.operator:
            return self.operate(element.operator, inputs)
        return None

    def term(self, key: str, element: str = "") -> Term:
        """Return the term of a deadline that starts now, or that goes on where a return had stopped it.

        Raise DecisionFailed when the decision does not know it.
        """
        if element in self.away and self.away[element]["key"] == key:
            return resumed(read(self.away[element]), self.now)
        row = self.decisions["deadline"].evaluate({"task_key": key}) if "deadline" in self.decisions else None
        if row is None:
            raise DecisionFailed(decision="deadline", reason=f"no row for {key}")
        return Term(key, int(row["days"]), row["unit"], self.now)


class FeelEnvironment(BasePythonScriptEngineEnvironment):
    """Answers SpiffWorkflow's own evaluations; no diagram reaches Python."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__()
        self.surroundings = surroundings

    def evaluate(self, expression: str, context: dict[str, Any], external_context: Any = None) -> Any:
        """Return the FEEL value of `expression`."""
        return self.surroundings.value(expression, {**(external_context or {}), **context})

    def execute(self, script: str, context: dict[str, Any], external_context: Any = None) -> bool:
        """Refuse: scripts never run."""
        raise ExpressionRefused(source=script, expected="an operator of a service task, not a script")

    def call_service(self, context: dict[str, Any], **kwargs: Any) -> Any:
        """Refuse: service tasks name an operator instead."""
        raise ExpressionRefused(source=str(kwargs), expected="icity:operator")


def script_engine(surroundings: Surroundings) -> PythonScriptEngine:
    """Return the script engine that every workflow of the house is given."""
    return PythonScriptEngine(environment=FeelEnvironment(surroundings))
