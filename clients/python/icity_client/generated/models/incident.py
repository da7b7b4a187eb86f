from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Incident")


@_attrs_define
class Incident:
    """
    Attributes:
        id (int | Unset):
        element (str | Unset):
        reason (str | Unset):
        raised_at (datetime.datetime | Unset):
    """

    id: int | Unset = UNSET
    element: str | Unset = UNSET
    reason: str | Unset = UNSET
    raised_at: datetime.datetime | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        element = self.element

        reason = self.reason

        raised_at: str | Unset = UNSET
        if not isinstance(self.raised_at, Unset):
            raised_at = self.raised_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if element is not UNSET:
            field_dict["element"] = element
        if reason is not UNSET:
            field_dict["reason"] = reason
        if raised_at is not UNSET:
            field_dict["raised_at"] = raised_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id", UNSET)

        element = d.pop("element", UNSET)

        reason = d.pop("reason", UNSET)

        _raised_at = d.pop("raised_at", UNSET)
        raised_at: datetime.datetime | Unset
        if isinstance(_raised_at, Unset):
            raised_at = UNSET
        else:
            raised_at = datetime.datetime.fromisoformat(_raised_at)

        incident = cls(
            id=id,
            element=element,
            reason=reason,
            raised_at=raised_at,
        )

        return incident
