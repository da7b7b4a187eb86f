"""Reads the expressions of one owner; what cannot be read is noted among the faults, and reading goes on."""

from typing import Any, Final

from engine.domain import feel
from engine.domain.decisions import xml
from engine.domain.decisions.columns import Cell
from engine.domain.decisions.definitions import Definitions
from engine.domain.decisions.findings import Fault
from engine.domain.feel import analysis, parser
from engine.domain.feel.scope import Vocabulary
from engine.domain.feel.types import Type
from engine.errors import ExpressionRefused

NOTHING: Final = feel.compile("null")


class Expressions:
    """Reads texts, cells and types of one decision or business knowledge model."""

    def __init__(self, owner: str, definitions: Definitions, vocabulary: Vocabulary) -> None:
        self.owner = owner
        self.definitions = definitions
        self.vocabulary = vocabulary
        self.faults: list[Fault] = []
        self.calls: dict[str, str] = {}
        self._cells: dict[str, Cell | None] = {}

    def refuse(self, element: Any, **facts: Any) -> None:
        """Note a fault: the facts expected and, where known, rule, column and source."""
        self.faults.append(Fault({"decision": self.owner, **facts}, nearest(element)))

    def type(self, element: Any, **where: Any) -> Type | None:
        """Return the type an element refers to, None when it refers to none or to one nobody knows."""
        try:
            return self.definitions.wanted(element.get("typeRef"))
        except ExpressionRefused as fault:
            self.refuse(element, **where, **fault.facts)
            return None

    def expression(self, element: Any, **where: Any) -> feel.Expression | None:
        """Return the expression in the text of `element`, None when it is empty or `-`."""
        text = xml.text(element)
        if text in ("", "-") or not self._is_feel(element, **where):
            return None
        try:
            made = feel.Expression(text, vocabulary=self.vocabulary)
        except ExpressionRefused as fault:
            self.refuse(element, **where, **fault.facts)
            return NOTHING
        self.note_calls(element, made)
        return made

    def required(self, element: Any, **where: Any) -> feel.Expression:
        """Return the expression in the text of `element`, which must hold one."""
        before = len(self.faults)
        found = self.expression(element, **where)
        if found is None and len(self.faults) == before:
            self.refuse(element, expected="an expression", **where)
        return found or NOTHING

    def cell(self, element: Any, **where: Any) -> Cell | None:
        """Return the unary tests in the text of `element`, None when anything passes them."""
        return self.cell_of(xml.text(element), element, **where) if self._is_feel(element, **where) else None

    def cell_of(self, text: str, element: Any, **where: Any) -> Cell | None:
        """Return the unary tests in `text`, which stands in `element`."""
        if text in ("", "-"):
            return None
        if text not in self._cells:
            self._cells[text] = self._cell(element, text, where)
        return self._cells[text]

    def _cell(self, element: Any, text: str, where: dict[str, Any]) -> Cell | None:
        try:
            tree = parser.parse(text, tests=True, known=self.vocabulary.names)
            shape = analysis.shape(tree)
            if shape is not None:
                return Cell(text, shape, None)
            made = feel.Expression(text, unary=True, vocabulary=self.vocabulary, tree=tree)
        except ExpressionRefused as fault:
            self.refuse(element, **where, **fault.facts)
            return None
        self.note_calls(element, made)
        return Cell(text, None, made)

    def note_calls(self, element: Any, expression: feel.Expression) -> None:
        """Remember which functions are called that DMN does not define, and where."""
        for name in expression.calls:
            self.calls.setdefault(name, nearest(element))

    def _is_feel(self, element: Any, **where: Any) -> bool:
        language = (None if element is None else element.get("expressionLanguage")) or "feel"
        if "feel" in language.lower():
            return True
        self.refuse(element, expected="FEEL", source=language, **where)
        return False


def nearest(element: Any) -> str:
    """Return the id of `element`, or of the nearest one around it that has one."""
    while element is not None:
        if element.get("id"):
            return str(element.get("id"))
        element = element.getparent()
    return ""
