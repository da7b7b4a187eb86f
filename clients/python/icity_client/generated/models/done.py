from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Done")


@_attrs_define
class Done:
    """
    Attributes:
        id (UUID | Unset):
        instance (UUID | Unset):
        next_ (list[str] | Unset): Names of the tasks that opened
        waits_for (list[str] | Unset): Names of those whose signs it waits for
    """

    id: UUID | Unset = UNSET
    instance: UUID | Unset = UNSET
    next_: list[str] | Unset = UNSET
    waits_for: list[str] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        id: str | Unset = UNSET
        if not isinstance(self.id, Unset):
            id = str(self.id)

        instance: str | Unset = UNSET
        if not isinstance(self.instance, Unset):
            instance = str(self.instance)

        next_: list[str] | Unset = UNSET
        if not isinstance(self.next_, Unset):
            next_ = self.next_

        waits_for: list[str] | Unset = UNSET
        if not isinstance(self.waits_for, Unset):
            waits_for = self.waits_for

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if instance is not UNSET:
            field_dict["instance"] = instance
        if next_ is not UNSET:
            field_dict["next"] = next_
        if waits_for is not UNSET:
            field_dict["waits_for"] = waits_for

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

        _instance = d.pop("instance", UNSET)
        instance: UUID | Unset
        if isinstance(_instance, Unset):
            instance = UNSET
        else:
            instance = UUID(_instance)

        next_ = cast(list[str], d.pop("next", UNSET))

        waits_for = cast(list[str], d.pop("waits_for", UNSET))

        done = cls(
            id=id,
            instance=instance,
            next_=next_,
            waits_for=waits_for,
        )

        return done
