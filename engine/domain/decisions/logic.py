"""Reads what stands in a decision or a business knowledge model: a boxed expression, whatever its kind."""

from collections.abc import Callable
from typing import Any, Final

from engine.domain.decisions import xml
from engine.domain.decisions.boxed import Definition, Entries, Invocation, Relation, Sequence, Text, Typed
from engine.domain.decisions.definitions import Definitions
from engine.domain.decisions.rows import Rows
from engine.domain.decisions.run import Logic
from engine.domain.decisions.table import Table
from engine.domain.feel.scope import Vocabulary

EXPECTED: Final = "a decision table, a literal expression, an invocation, a context, a list, a relation or a function"
_DEEPEST: Final = 30


class Reader(Rows):
    """Reads the logic of one owner."""

    def __init__(self, owner: str, definitions: Definitions, vocabulary: Vocabulary) -> None:
        super().__init__(owner, definitions, vocabulary)
        self.tables: list[Table] = []
        self._depth = 0
        self._kinds: dict[str, Callable[[Any], Logic | None]] = {
            "literalExpression": self._text,
            "decisionTable": self._table,
            "context": self._context,
            "list": self._list,
            "relation": self._relation,
            "invocation": self._invocation,
            "functionDefinition": self.definition,
        }

    def logic(self, element: Any) -> Logic | None:
        """Return the boxed expression inside `element`, None when there is none or it cannot be read."""
        for part in element:
            if xml.local(part) in self._kinds:
                return self._part(part)
        self.refuse(element, expected=EXPECTED)
        return None

    def _part(self, part: Any) -> Logic | None:
        if self._depth >= _DEEPEST:
            self.refuse(part, expected=f"≤ {_DEEPEST} expressions inside each other")
            return None
        self._depth += 1
        found = self._kinds[xml.local(part)](part)
        self._depth -= 1
        return self.typed(part, found)

    def typed(self, element: Any, logic: Logic | None) -> Logic | None:
        """Return `logic` bound to the type that `element` says its value is of."""
        wanted = self.type(element)
        return logic if logic is None or wanted is None else Typed(self.owner, logic, wanted)

    def _text(self, element: Any) -> Logic:
        label = xml.spelled(element.get("label")) or self.owner
        return Text(self.owner, label, self.required(element, rule=1, column=label))

    def _context(self, element: Any) -> Logic | None:
        entries = xml.children(element, "contextEntry")
        names = [xml.spelled(_name(xml.child(entry, "variable"))) for entry in entries]
        if not entries or "" in names[:-1] or len(set(names)) < len(names):
            self.refuse(element, expected="entries, each with a name of its own; only the last may have none")
            return None
        values = [self._entry(entry) for entry in entries]
        return Entries(tuple(names), tuple(value for value in values if value is not None))

    def _entry(self, entry: Any) -> Logic | None:
        variable = xml.child(entry, "variable")
        found = self.logic(entry)
        return found if variable is None else self.typed(variable, found)

    def _list(self, element: Any) -> Logic:
        return Sequence(tuple(self._parts(element)))

    def _parts(self, element: Any) -> list[Logic]:
        """Return the boxed expressions directly inside `element`, one after the other."""
        found = [self._part(part) for part in element if xml.local(part) in self._kinds]
        return [logic for logic in found if logic is not None]

    def _relation(self, element: Any) -> Logic | None:
        columns = tuple(xml.spelled(column.get("name")) for column in xml.children(element, "column"))
        rows = tuple(tuple(self._parts(row)) for row in xml.children(element, "row"))
        if not all(columns) or len(set(columns)) < len(columns) or any(len(row) != len(columns) for row in rows):
            if not self.faults:
                self.refuse(element, expected="columns, each with a name of its own, and a value for each in every row")
            return None
        return Relation(columns, rows)

    def _invocation(self, element: Any) -> Logic | None:
        callee = xml.child(element, "literalExpression")
        if callee is None:
            self.refuse(element, expected="the name of a function")
            return None
        bindings: dict[str, Logic] = {}
        for binding in xml.children(element, "binding"):
            name = xml.spelled(_name(xml.child(binding, "parameter")))
            found = self.logic(binding)
            if not name or name in bindings:
                self.refuse(binding, expected="parameters, each with a name of its own")
            elif found is not None:
                bindings[name] = found
        return Invocation(self.owner, self.required(callee, column="invocation"), bindings)

    def definition(self, element: Any) -> Definition | None:
        """Return the function an element defines: its formalParameters and its body."""
        kind = element.get("kind") or "FEEL"
        if kind != "FEEL":
            self.refuse(element, expected="a function written in FEEL", source=kind)
            return None
        given = xml.children(element, "formalParameter")
        names = tuple(xml.spelled(each.get("name")) for each in given)
        if not all(names) or len(set(names)) < len(names):
            self.refuse(element, expected="parameters, each with a name of its own")
        types = tuple(self.type(each, column=each.get("name") or "") for each in given)
        body = self.logic(element)
        return None if body is None else Definition(self.owner, names, types, body)

    def _table(self, element: Any) -> Table | None:
        found = self.table(element)
        if found is not None:
            self.tables.append(found)
        return found


def _name(element: Any) -> str | None:
    return None if element is None else element.get("name")
