from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.problem_errors import ProblemErrors
    from ..models.problem_fields import ProblemFields
    from ..models.problem_findings_item import ProblemFindingsItem


T = TypeVar("T", bound="Problem")


@_attrs_define
class Problem:
    """
    Attributes:
        type_ (str): urn:icity:problem:<name>
        title (str): In the language of Accept-Language: zh or en
        status (int):
        detail (str | Unset):
        errors (ProblemErrors | Unset): Where the request does not fit this description
        fields (ProblemFields | Unset): Faults by form field, each {zh, en}
        findings (list[ProblemFindingsItem] | Unset):
    """

    type_: str
    title: str
    status: int
    detail: str | Unset = UNSET
    errors: ProblemErrors | Unset = UNSET
    fields: ProblemFields | Unset = UNSET
    findings: list[ProblemFindingsItem] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        title = self.title

        status = self.status

        detail = self.detail

        errors: dict[str, Any] | Unset = UNSET
        if not isinstance(self.errors, Unset):
            errors = self.errors.to_dict()

        fields: dict[str, Any] | Unset = UNSET
        if not isinstance(self.fields, Unset):
            fields = self.fields.to_dict()

        findings: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.findings, Unset):
            findings = []
            for findings_item_data in self.findings:
                findings_item = findings_item_data.to_dict()
                findings.append(findings_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "type": type_,
                "title": title,
                "status": status,
            }
        )
        if detail is not UNSET:
            field_dict["detail"] = detail
        if errors is not UNSET:
            field_dict["errors"] = errors
        if fields is not UNSET:
            field_dict["fields"] = fields
        if findings is not UNSET:
            field_dict["findings"] = findings

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.problem_errors import ProblemErrors  # noqa: PLC0415
        from ..models.problem_fields import ProblemFields  # noqa: PLC0415
        from ..models.problem_findings_item import ProblemFindingsItem  # noqa: PLC0415

        d = dict(src_dict)
        type_ = d.pop("type")

        title = d.pop("title")

        status = d.pop("status")

        detail = d.pop("detail", UNSET)

        _errors = d.pop("errors", UNSET)
        errors: ProblemErrors | Unset
        if isinstance(_errors, Unset):
            errors = UNSET
        else:
            errors = ProblemErrors.from_dict(_errors)

        _fields = d.pop("fields", UNSET)
        fields: ProblemFields | Unset
        if isinstance(_fields, Unset):
            fields = UNSET
        else:
            fields = ProblemFields.from_dict(_fields)

        _findings = d.pop("findings", UNSET)
        findings: list[ProblemFindingsItem] | Unset = UNSET
        if _findings is not UNSET:
            findings = []
            for findings_item_data in _findings:
                findings_item = ProblemFindingsItem.from_dict(findings_item_data)

                findings.append(findings_item)

        problem = cls(
            type_=type_,
            title=title,
            status=status,
            detail=detail,
            errors=errors,
            fields=fields,
            findings=findings,
        )

        return problem
