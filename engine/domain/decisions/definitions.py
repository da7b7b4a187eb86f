"""Types of a DMN file: itemDefinition elements and the `typeRef` that name them (DMN 1.3 chapter 7.3.2)."""

from typing import Any, Final

from engine.domain import feel
from engine.domain.decisions import xml
from engine.domain.decisions.kinds import named
from engine.domain.feel import limits
from engine.domain.feel.scope import Scope
from engine.domain.feel.types import Type
from engine.errors import ExpressionFailed, ExpressionRefused

_DEEPEST: Final = 20


class Definitions:
    """The types of one file, each made when somebody first asks for it."""

    def __init__(self, root: Any) -> None:
        self.elements = {xml.spelled(each.get("name")): each for each in xml.children(root, "itemDefinition")}
        self.types: dict[str, Type] = {}
        self.allowed: dict[str, str] = {}
        self._making: list[str] = []

    def wanted(self, name: str | None) -> Type | None:
        """Return the type a `typeRef` names, None when it names none; raise ExpressionRefused for an unknown one."""
        if not name or xml.spelled(name) == "Any" or name.endswith(":Any"):
            return None
        spelled = xml.spelled(name)
        for each in (spelled, spelled.rpartition(":")[2]):
            if each in self.elements and each not in self.types:
                self._define(each)
        found = named(spelled, self.types)
        if found is None:
            expected = "a type of FEEL or an itemDefinition of this file"
            raise ExpressionRefused(source=spelled, expected=expected)
        return found

    def all(self) -> dict[str, Type]:
        """Return every type of the file by name; raise ExpressionRefused."""
        for name in self.elements:
            self.wanted(name)
        return self.types

    def _define(self, name: str) -> None:
        if name in self._making:
            raise ExpressionRefused(source=name, expected="a type that does not contain itself")
        self._making.append(name)
        try:
            self.types[name] = self._read(self.elements[name], name, 0)
        finally:
            self._making.pop()

    def _read(self, element: Any, name: str, depth: int) -> Type:
        if depth > _DEEPEST:
            raise ExpressionRefused(source=name, expected=f"≤ {_DEEPEST} types inside each other")
        made = self._single(element, name, depth)
        return made if element.get("isCollection") != "true" else Type("list", f"list<{made.shown}>", (made,))

    def _single(self, element: Any, name: str, depth: int) -> Type:
        components = xml.children(element, "itemComponent")
        if components:
            names = tuple(xml.spelled(each.get("name")) for each in components)
            members = tuple(self._read(each, each.get("name") or name, depth + 1) for each in components)
            told = ", ".join(f"{each}: {member.shown}" for each, member in zip(names, members, strict=True))
            return Type("context", f"{name} {{{told}}}", members, names)
        if xml.child(element, "functionItem") is not None:
            return Type("function", name)
        reference = xml.child(element, "typeRef")
        base = self.wanted(None if reference is None else (reference.text or "").strip()) or Type("Any", "Any")
        allowed = xml.text(xml.child(element, "allowedValues"))
        return self._constrained(base, name, allowed) if allowed else base

    def values(self, name: str | None) -> str:
        """Return the tests that restrict the type a `typeRef` names, the empty text when there are none."""
        spelled = xml.spelled(name)
        return self.allowed.get(spelled) or self.allowed.get(spelled.rpartition(":")[2]) or ""

    def _constrained(self, base: Type, name: str, allowed: str) -> Type:
        self.allowed[name] = allowed
        test = feel.Expression(allowed, unary=True)

        def permits(meter: limits.Meter, value: Any) -> bool:
            if base.allowed is not None and not base.allowed(meter, value):
                return False
            try:
                return test.work(Scope({"?": value}, None, meter)) is True
            except ExpressionFailed as failure:
                raise ExpressionFailed(**({"type": name} | failure.facts)) from failure

        return Type(base.kind, f"{name} ({allowed})", base.members, base.names, permits)

    def component_names(self) -> list[str]:
        """Return the names of the components of all types, which paths are made of."""
        return [
            xml.spelled(each.get("name"))
            for element in self.elements.values()
            for each in xml.inside(element, "itemDefinition", "itemComponent")
        ]
