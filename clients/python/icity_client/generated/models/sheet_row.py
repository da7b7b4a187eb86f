from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="SheetRow")


@_attrs_define
class SheetRow:
    """
    Attributes:
        id (UUID | Unset):
        case_id (str | Unset):
        round_ (None | str | Unset):
        unit (str | Unset):
        level (str | Unset):
        agency (None | str | Unset):
        indicator_set (str | Unset):
        set_digest (str | Unset): SHA-256 of the frozen rows
        total (float | Unset):
        gates_met (bool | Unset):
        grade (None | str | Unset):
        digest (str | Unset): SHA-256 of the canonical JSON of `sheet`
        made_at (datetime.datetime | Unset):
        supersedes (None | Unset | UUID):
        reason (None | str | Unset): Why it supersedes another
        superseded_by (None | Unset | UUID): Null while it stands
    """

    id: UUID | Unset = UNSET
    case_id: str | Unset = UNSET
    round_: None | str | Unset = UNSET
    unit: str | Unset = UNSET
    level: str | Unset = UNSET
    agency: None | str | Unset = UNSET
    indicator_set: str | Unset = UNSET
    set_digest: str | Unset = UNSET
    total: float | Unset = UNSET
    gates_met: bool | Unset = UNSET
    grade: None | str | Unset = UNSET
    digest: str | Unset = UNSET
    made_at: datetime.datetime | Unset = UNSET
    supersedes: None | Unset | UUID = UNSET
    reason: None | str | Unset = UNSET
    superseded_by: None | Unset | UUID = UNSET

    def to_dict(self) -> dict[str, Any]:
        id: str | Unset = UNSET
        if not isinstance(self.id, Unset):
            id = str(self.id)

        case_id = self.case_id

        round_: None | str | Unset
        if isinstance(self.round_, Unset):
            round_ = UNSET
        else:
            round_ = self.round_

        unit = self.unit

        level = self.level

        agency: None | str | Unset
        if isinstance(self.agency, Unset):
            agency = UNSET
        else:
            agency = self.agency

        indicator_set = self.indicator_set

        set_digest = self.set_digest

        total = self.total

        gates_met = self.gates_met

        grade: None | str | Unset
        if isinstance(self.grade, Unset):
            grade = UNSET
        else:
            grade = self.grade

        digest = self.digest

        made_at: str | Unset = UNSET
        if not isinstance(self.made_at, Unset):
            made_at = self.made_at.isoformat()

        supersedes: None | str | Unset
        if isinstance(self.supersedes, Unset):
            supersedes = UNSET
        elif isinstance(self.supersedes, UUID):
            supersedes = str(self.supersedes)
        else:
            supersedes = self.supersedes

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        superseded_by: None | str | Unset
        if isinstance(self.superseded_by, Unset):
            superseded_by = UNSET
        elif isinstance(self.superseded_by, UUID):
            superseded_by = str(self.superseded_by)
        else:
            superseded_by = self.superseded_by

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if case_id is not UNSET:
            field_dict["case_id"] = case_id
        if round_ is not UNSET:
            field_dict["round"] = round_
        if unit is not UNSET:
            field_dict["unit"] = unit
        if level is not UNSET:
            field_dict["level"] = level
        if agency is not UNSET:
            field_dict["agency"] = agency
        if indicator_set is not UNSET:
            field_dict["indicator_set"] = indicator_set
        if set_digest is not UNSET:
            field_dict["set_digest"] = set_digest
        if total is not UNSET:
            field_dict["total"] = total
        if gates_met is not UNSET:
            field_dict["gates_met"] = gates_met
        if grade is not UNSET:
            field_dict["grade"] = grade
        if digest is not UNSET:
            field_dict["digest"] = digest
        if made_at is not UNSET:
            field_dict["made_at"] = made_at
        if supersedes is not UNSET:
            field_dict["supersedes"] = supersedes
        if reason is not UNSET:
            field_dict["reason"] = reason
        if superseded_by is not UNSET:
            field_dict["superseded_by"] = superseded_by

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

        case_id = d.pop("case_id", UNSET)

        def _parse_round_(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        round_ = _parse_round_(d.pop("round", UNSET))

        unit = d.pop("unit", UNSET)

        level = d.pop("level", UNSET)

        def _parse_agency(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        agency = _parse_agency(d.pop("agency", UNSET))

        indicator_set = d.pop("indicator_set", UNSET)

        set_digest = d.pop("set_digest", UNSET)

        total = d.pop("total", UNSET)

        gates_met = d.pop("gates_met", UNSET)

        def _parse_grade(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        grade = _parse_grade(d.pop("grade", UNSET))

        digest = d.pop("digest", UNSET)

        _made_at = d.pop("made_at", UNSET)
        made_at: datetime.datetime | Unset
        if isinstance(_made_at, Unset):
            made_at = UNSET
        else:
            made_at = datetime.datetime.fromisoformat(_made_at)

        def _parse_supersedes(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                supersedes_type_0 = UUID(data)

                return supersedes_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        supersedes = _parse_supersedes(d.pop("supersedes", UNSET))

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        def _parse_superseded_by(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                superseded_by_type_0 = UUID(data)

                return superseded_by_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        superseded_by = _parse_superseded_by(d.pop("superseded_by", UNSET))

        sheet_row = cls(
            id=id,
            case_id=case_id,
            round_=round_,
            unit=unit,
            level=level,
            agency=agency,
            indicator_set=indicator_set,
            set_digest=set_digest,
            total=total,
            gates_met=gates_met,
            grade=grade,
            digest=digest,
            made_at=made_at,
            supersedes=supersedes,
            reason=reason,
            superseded_by=superseded_by,
        )

        return sheet_row
