from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="OpenTask")


@_attrs_define
class OpenTask:
    """
    Attributes:
        id (UUID | Unset):
        element (str | Unset):
        name (str | Unset):
        role (None | str | Unset):
        due_at (datetime.datetime | None | Unset):
        provisional (bool | Unset):
        person (None | str | Unset): Who has claimed it
    """

    id: UUID | Unset = UNSET
    element: str | Unset = UNSET
    name: str | Unset = UNSET
    role: None | str | Unset = UNSET
    due_at: datetime.datetime | None | Unset = UNSET
    provisional: bool | Unset = UNSET
    person: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        id: str | Unset = UNSET
        if not isinstance(self.id, Unset):
            id = str(self.id)

        element = self.element

        name = self.name

        role: None | str | Unset
        if isinstance(self.role, Unset):
            role = UNSET
        else:
            role = self.role

        due_at: None | str | Unset
        if isinstance(self.due_at, Unset):
            due_at = UNSET
        elif isinstance(self.due_at, datetime.datetime):
            due_at = self.due_at.isoformat()
        else:
            due_at = self.due_at

        provisional = self.provisional

        person: None | str | Unset
        if isinstance(self.person, Unset):
            person = UNSET
        else:
            person = self.person

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if element is not UNSET:
            field_dict["element"] = element
        if name is not UNSET:
            field_dict["name"] = name
        if role is not UNSET:
            field_dict["role"] = role
        if due_at is not UNSET:
            field_dict["due_at"] = due_at
        if provisional is not UNSET:
            field_dict["provisional"] = provisional
        if person is not UNSET:
            field_dict["person"] = person

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _id = d.pop("id", UNSET)
        id: UUID | Unset
        if isinstance(_id, Unset):
            id = UNSET
        else:
            id = UUID(_id)

        element = d.pop("element", UNSET)

        name = d.pop("name", UNSET)

        def _parse_role(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        role = _parse_role(d.pop("role", UNSET))

        def _parse_due_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                due_at_type_0 = datetime.datetime.fromisoformat(data)

                return due_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        due_at = _parse_due_at(d.pop("due_at", UNSET))

        provisional = d.pop("provisional", UNSET)

        def _parse_person(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        person = _parse_person(d.pop("person", UNSET))

        open_task = cls(
            id=id,
            element=element,
            name=name,
            role=role,
            due_at=due_at,
            provisional=provisional,
            person=person,
        )

        return open_task
