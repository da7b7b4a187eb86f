from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.task_closed_type_0 import TaskClosedType0
    from ..models.task_organisation_name_type_0 import TaskOrganisationNameType0


T = TypeVar("T", bound="Task")


@_attrs_define
class Task:
    """
    Attributes:
        id (UUID | Unset):
        instance (UUID | Unset):
        element (str | Unset):
        name (str | Unset):
        form (None | str | Unset):
        role (None | str | Unset):
        organisation (None | str | Unset):
        organisation_name (None | TaskOrganisationNameType0 | Unset):
        assignee (None | Unset | UUID):
        assignee_name (None | str | Unset):
        state (str | Unset): open, completed or cancelled
        created_at (datetime.datetime | Unset):
        due_at (datetime.datetime | None | Unset):
        provisional (bool | Unset): Holidays up to due_at are not published yet
        stopped (bool | Unset): Its clock stands still; it has no due_at until it goes on
        overdue (bool | Unset):
        workdays_left (int | None | Unset):
        ended_at (datetime.datetime | None | Unset):
        title (str | Unset): Of the instance
        subject (None | str | Unset):
        programme (str | Unset):
        process (str | Unset):
        unit (None | str | Unset): Name of the city or county
        urged (bool | Unset): Somebody asked to hurry with it
        priority (str | Unset): urged, overdue, soon or normal
        kind (str | Unset): task, or sign when an opinion on it is asked for
        sign (None | Unset | UUID): Which sign is asked for
        asked_by (None | str | Unset):
        asked_at (datetime.datetime | None | Unset):
        closed (None | TaskClosedType0 | Unset): zh and en: why one may not claim it, in the list of what may be claimed
    """

    id: UUID | Unset = UNSET
    instance: UUID | Unset = UNSET
    element: str | Unset = UNSET
    name: str | Unset = UNSET
    form: None | str | Unset = UNSET
    role: None | str | Unset = UNSET
    organisation: None | str | Unset = UNSET
    organisation_name: None | TaskOrganisationNameType0 | Unset = UNSET
    assignee: None | Unset | UUID = UNSET
    assignee_name: None | str | Unset = UNSET
    state: str | Unset = UNSET
    created_at: datetime.datetime | Unset = UNSET
    due_at: datetime.datetime | None | Unset = UNSET
    provisional: bool | Unset = UNSET
    stopped: bool | Unset = UNSET
    overdue: bool | Unset = UNSET
    workdays_left: int | None | Unset = UNSET
    ended_at: datetime.datetime | None | Unset = UNSET
    title: str | Unset = UNSET
    subject: None | str | Unset = UNSET
    programme: str | Unset = UNSET
    process: str | Unset = UNSET
    unit: None | str | Unset = UNSET
    urged: bool | Unset = UNSET
    priority: str | Unset = UNSET
    kind: str | Unset = UNSET
    sign: None | Unset | UUID = UNSET
    asked_by: None | str | Unset = UNSET
    asked_at: datetime.datetime | None | Unset = UNSET
    closed: None | TaskClosedType0 | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.task_closed_type_0 import TaskClosedType0  # noqa: PLC0415
        from ..models.task_organisation_name_type_0 import TaskOrganisationNameType0  # noqa: PLC0415

        id: str | Unset = UNSET
        if not isinstance(self.id, Unset):
            id = str(self.id)

        instance: str | Unset = UNSET
        if not isinstance(self.instance, Unset):
            instance = str(self.instance)

        element = self.element

        name = self.name

        form: None | str | Unset
        if isinstance(self.form, Unset):
            form = UNSET
        else:
            form = self.form

        role: None | str | Unset
        if isinstance(self.role, Unset):
            role = UNSET
        else:
            role = self.role

        organisation: None | str | Unset
        if isinstance(self.organisation, Unset):
            organisation = UNSET
        else:
            organisation = self.organisation

        organisation_name: dict[str, Any] | None | Unset
        if isinstance(self.organisation_name, Unset):
            organisation_name = UNSET
        elif isinstance(self.organisation_name, TaskOrganisationNameType0):
            organisation_name = self.organisation_name.to_dict()
        else:
            organisation_name = self.organisation_name

        assignee: None | str | Unset
        if isinstance(self.assignee, Unset):
            assignee = UNSET
        elif isinstance(self.assignee, UUID):
            assignee = str(self.assignee)
        else:
            assignee = self.assignee

        assignee_name: None | str | Unset
        if isinstance(self.assignee_name, Unset):
            assignee_name = UNSET
        else:
            assignee_name = self.assignee_name

        state = self.state

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat()

        due_at: None | str | Unset
        if isinstance(self.due_at, Unset):
            due_at = UNSET
        elif isinstance(self.due_at, datetime.datetime):
            due_at = self.due_at.isoformat()
        else:
            due_at = self.due_at

        provisional = self.provisional

        stopped = self.stopped

        overdue = self.overdue

        workdays_left: int | None | Unset
        if isinstance(self.workdays_left, Unset):
            workdays_left = UNSET
        else:
            workdays_left = self.workdays_left

        ended_at: None | str | Unset
        if isinstance(self.ended_at, Unset):
            ended_at = UNSET
        elif isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

        title = self.title

        subject: None | str | Unset
        if isinstance(self.subject, Unset):
            subject = UNSET
        else:
            subject = self.subject

        programme = self.programme

        process = self.process

        unit: None | str | Unset
        if isinstance(self.unit, Unset):
            unit = UNSET
        else:
            unit = self.unit

        urged = self.urged

        priority = self.priority

        kind = self.kind

        sign: None | str | Unset
        if isinstance(self.sign, Unset):
            sign = UNSET
        elif isinstance(self.sign, UUID):
            sign = str(self.sign)
        else:
            sign = self.sign

        asked_by: None | str | Unset
        if isinstance(self.asked_by, Unset):
            asked_by = UNSET
        else:
            asked_by = self.asked_by

        asked_at: None | str | Unset
        if isinstance(self.asked_at, Unset):
            asked_at = UNSET
        elif isinstance(self.asked_at, datetime.datetime):
            asked_at = self.asked_at.isoformat()
        else:
            asked_at = self.asked_at

        closed: dict[str, Any] | None | Unset
        if isinstance(self.closed, Unset):
            closed = UNSET
        elif isinstance(self.closed, TaskClosedType0):
            closed = self.closed.to_dict()
        else:
            closed = self.closed

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if instance is not UNSET:
            field_dict["instance"] = instance
        if element is not UNSET:
            field_dict["element"] = element
        if name is not UNSET:
            field_dict["name"] = name
        if form is not UNSET:
            field_dict["form"] = form
        if role is not UNSET:
            field_dict["role"] = role
        if organisation is not UNSET:
            field_dict["organisation"] = organisation
        if organisation_name is not UNSET:
            field_dict["organisation_name"] = organisation_name
        if assignee is not UNSET:
            field_dict["assignee"] = assignee
        if assignee_name is not UNSET:
            field_dict["assignee_name"] = assignee_name
        if state is not UNSET:
            field_dict["state"] = state
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if due_at is not UNSET:
            field_dict["due_at"] = due_at
        if provisional is not UNSET:
            field_dict["provisional"] = provisional
        if stopped is not UNSET:
            field_dict["stopped"] = stopped
        if overdue is not UNSET:
            field_dict["overdue"] = overdue
        if workdays_left is not UNSET:
            field_dict["workdays_left"] = workdays_left
        if ended_at is not UNSET:
            field_dict["ended_at"] = ended_at
        if title is not UNSET:
            field_dict["title"] = title
        if subject is not UNSET:
            field_dict["subject"] = subject
        if programme is not UNSET:
            field_dict["programme"] = programme
        if process is not UNSET:
            field_dict["process"] = process
        if unit is not UNSET:
            field_dict["unit"] = unit
        if urged is not UNSET:
            field_dict["urged"] = urged
        if priority is not UNSET:
            field_dict["priority"] = priority
        if kind is not UNSET:
            field_dict["kind"] = kind
        if sign is not UNSET:
            field_dict["sign"] = sign
        if asked_by is not UNSET:
            field_dict["asked_by"] = asked_by
        if asked_at is not UNSET:
            field_dict["asked_at"] = asked_at
        if closed is not UNSET:
            field_dict["closed"] = closed

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.task_closed_type_0 import TaskClosedType0  # noqa: PLC0415
        from ..models.task_organisation_name_type_0 import TaskOrganisationNameType0  # noqa: PLC0415

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

        element = d.pop("element", UNSET)

        name = d.pop("name", UNSET)

        def _parse_form(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        form = _parse_form(d.pop("form", UNSET))

        def _parse_role(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        role = _parse_role(d.pop("role", UNSET))

        def _parse_organisation(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        organisation = _parse_organisation(d.pop("organisation", UNSET))

        def _parse_organisation_name(data: object) -> None | TaskOrganisationNameType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                organisation_name_type_0 = TaskOrganisationNameType0.from_dict(data)

                return organisation_name_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TaskOrganisationNameType0 | Unset, data)

        organisation_name = _parse_organisation_name(d.pop("organisation_name", UNSET))

        def _parse_assignee(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                assignee_type_0 = UUID(data)

                return assignee_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        assignee = _parse_assignee(d.pop("assignee", UNSET))

        def _parse_assignee_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        assignee_name = _parse_assignee_name(d.pop("assignee_name", UNSET))

        state = d.pop("state", UNSET)

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = datetime.datetime.fromisoformat(_created_at)

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

        stopped = d.pop("stopped", UNSET)

        overdue = d.pop("overdue", UNSET)

        def _parse_workdays_left(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        workdays_left = _parse_workdays_left(d.pop("workdays_left", UNSET))

        def _parse_ended_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_at_type_0 = datetime.datetime.fromisoformat(data)

                return ended_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        ended_at = _parse_ended_at(d.pop("ended_at", UNSET))

        title = d.pop("title", UNSET)

        def _parse_subject(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        subject = _parse_subject(d.pop("subject", UNSET))

        programme = d.pop("programme", UNSET)

        process = d.pop("process", UNSET)

        def _parse_unit(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        unit = _parse_unit(d.pop("unit", UNSET))

        urged = d.pop("urged", UNSET)

        priority = d.pop("priority", UNSET)

        kind = d.pop("kind", UNSET)

        def _parse_sign(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                sign_type_0 = UUID(data)

                return sign_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        sign = _parse_sign(d.pop("sign", UNSET))

        def _parse_asked_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        asked_by = _parse_asked_by(d.pop("asked_by", UNSET))

        def _parse_asked_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                asked_at_type_0 = datetime.datetime.fromisoformat(data)

                return asked_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        asked_at = _parse_asked_at(d.pop("asked_at", UNSET))

        def _parse_closed(data: object) -> None | TaskClosedType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                closed_type_0 = TaskClosedType0.from_dict(data)

                return closed_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TaskClosedType0 | Unset, data)

        closed = _parse_closed(d.pop("closed", UNSET))

        task = cls(
            id=id,
            instance=instance,
            element=element,
            name=name,
            form=form,
            role=role,
            organisation=organisation,
            organisation_name=organisation_name,
            assignee=assignee,
            assignee_name=assignee_name,
            state=state,
            created_at=created_at,
            due_at=due_at,
            provisional=provisional,
            stopped=stopped,
            overdue=overdue,
            workdays_left=workdays_left,
            ended_at=ended_at,
            title=title,
            subject=subject,
            programme=programme,
            process=process,
            unit=unit,
            urged=urged,
            priority=priority,
            kind=kind,
            sign=sign,
            asked_by=asked_by,
            asked_at=asked_at,
            closed=closed,
        )

        return task
