from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.step_changes_type_0 import StepChangesType0


T = TypeVar("T", bound="Step")


@_attrs_define
class Step:
    """
    Attributes:
        step (int | Unset):
        at (datetime.datetime | Unset):
        process (str | Unset):
        element (str | Unset):
        name (str | Unset):
        outcome (str | Unset):
        person (None | str | Unset):
        changes (None | StepChangesType0 | Unset):
    """

    step: int | Unset = UNSET
    at: datetime.datetime | Unset = UNSET
    process: str | Unset = UNSET
    element: str | Unset = UNSET
    name: str | Unset = UNSET
    outcome: str | Unset = UNSET
    person: None | str | Unset = UNSET
    changes: None | StepChangesType0 | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.step_changes_type_0 import StepChangesType0  # noqa: PLC0415

        step = self.step

        at: str | Unset = UNSET
        if not isinstance(self.at, Unset):
            at = self.at.isoformat()

        process = self.process

        element = self.element

        name = self.name

        outcome = self.outcome

        person: None | str | Unset
        if isinstance(self.person, Unset):
            person = UNSET
        else:
            person = self.person

        changes: dict[str, Any] | None | Unset
        if isinstance(self.changes, Unset):
            changes = UNSET
        elif isinstance(self.changes, StepChangesType0):
            changes = self.changes.to_dict()
        else:
            changes = self.changes

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if step is not UNSET:
            field_dict["step"] = step
        if at is not UNSET:
            field_dict["at"] = at
        if process is not UNSET:
            field_dict["process"] = process
        if element is not UNSET:
            field_dict["element"] = element
        if name is not UNSET:
            field_dict["name"] = name
        if outcome is not UNSET:
            field_dict["outcome"] = outcome
        if person is not UNSET:
            field_dict["person"] = person
        if changes is not UNSET:
            field_dict["changes"] = changes

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.step_changes_type_0 import StepChangesType0  # noqa: PLC0415

        d = dict(src_dict)
        step = d.pop("step", UNSET)

        _at = d.pop("at", UNSET)
        at: datetime.datetime | Unset
        if isinstance(_at, Unset):
            at = UNSET
        else:
            at = datetime.datetime.fromisoformat(_at)

        process = d.pop("process", UNSET)

        element = d.pop("element", UNSET)

        name = d.pop("name", UNSET)

        outcome = d.pop("outcome", UNSET)

        def _parse_person(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        person = _parse_person(d.pop("person", UNSET))

        def _parse_changes(data: object) -> None | StepChangesType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                changes_type_0 = StepChangesType0.from_dict(data)

                return changes_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | StepChangesType0 | Unset, data)

        changes = _parse_changes(d.pop("changes", UNSET))

        step = cls(
            step=step,
            at=at,
            process=process,
            element=element,
            name=name,
            outcome=outcome,
            person=person,
            changes=changes,
        )

        return step
