from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Line")


@_attrs_define
class Line:
    """
    Attributes:
        zh (str | Unset):
        en (str | Unset):
    """

    zh: str | Unset = UNSET
    en: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        zh = self.zh

        en = self.en

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if zh is not UNSET:
            field_dict["zh"] = zh
        if en is not UNSET:
            field_dict["en"] = en

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        zh = d.pop("zh", UNSET)

        en = d.pop("en", UNSET)

        line = cls(
            zh=zh,
            en=en,
        )

        return line
