from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.incident import Incident
    from ..models.instance_view_milestone_name_type_0 import (
        InstanceViewMilestoneNameType0,
    )
    from ..models.open_task import OpenTask


T = TypeVar("T", bound="InstanceView")


@_attrs_define
class InstanceView:
    """
    Attributes:
        id (UUID | Unset):
        title (str | Unset):
        subject (None | str | Unset):
        programme (str | Unset):
        process (str | Unset):
        milestone (None | str | Unset):
        state (str | Unset): running, suspended, finished, cancelled or terminated
        started_at (datetime.datetime | Unset):
        ended_at (datetime.datetime | None | Unset):
        version (int | Unset): Version of the programme it runs on
        milestone_name (InstanceViewMilestoneNameType0 | None | Unset):
        started_by (None | str | Unset):
        open_tasks (list[OpenTask] | Unset):
        incidents (list[Incident] | Unset):
    """

    id: UUID | Unset = UNSET
    title: str | Unset = UNSET
    subject: None | str | Unset = UNSET
    programme: str | Unset = UNSET
    process: str | Unset = UNSET
    milestone: None | str | Unset = UNSET
    state: str | Unset = UNSET
    started_at: datetime.datetime | Unset = UNSET
    ended_at: datetime.datetime | None | Unset = UNSET
    version: int | Unset = UNSET
    milestone_name: InstanceViewMilestoneNameType0 | None | Unset = UNSET
    started_by: None | str | Unset = UNSET
    open_tasks: list[OpenTask] | Unset = UNSET
    incidents: list[Incident] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.instance_view_milestone_name_type_0 import (
            InstanceViewMilestoneNameType0,  # noqa: PLC0415
        )

        id: str | Unset = UNSET
        if not isinstance(self.id, Unset):
            id = str(self.id)

        title = self.title

        subject: None | str | Unset
        if isinstance(self.subject, Unset):
            subject = UNSET
        else:
            subject = self.subject

        programme = self.programme

        process = self.process

        milestone: None | str | Unset
        if isinstance(self.milestone, Unset):
            milestone = UNSET
        else:
            milestone = self.milestone

        state = self.state

        started_at: str | Unset = UNSET
        if not isinstance(self.started_at, Unset):
            started_at = self.started_at.isoformat()

        ended_at: None | str | Unset
        if isinstance(self.ended_at, Unset):
            ended_at = UNSET
        elif isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

        version = self.version

        milestone_name: dict[str, Any] | None | Unset
        if isinstance(self.milestone_name, Unset):
            milestone_name = UNSET
        elif isinstance(self.milestone_name, InstanceViewMilestoneNameType0):
            milestone_name = self.milestone_name.to_dict()
        else:
            milestone_name = self.milestone_name

        started_by: None | str | Unset
        if isinstance(self.started_by, Unset):
            started_by = UNSET
        else:
            started_by = self.started_by

        open_tasks: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.open_tasks, Unset):
            open_tasks = []
            for open_tasks_item_data in self.open_tasks:
                open_tasks_item = open_tasks_item_data.to_dict()
                open_tasks.append(open_tasks_item)

        incidents: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.incidents, Unset):
            incidents = []
            for incidents_item_data in self.incidents:
                incidents_item = incidents_item_data.to_dict()
                incidents.append(incidents_item)

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if title is not UNSET:
            field_dict["title"] = title
        if subject is not UNSET:
            field_dict["subject"] = subject
        if programme is not UNSET:
            field_dict["programme"] = programme
        if process is not UNSET:
            field_dict["process"] = process
        if milestone is not UNSET:
            field_dict["milestone"] = milestone
        if state is not UNSET:
            field_dict["state"] = state
        if started_at is not UNSET:
            field_dict["started_at"] = started_at
        if ended_at is not UNSET:
            field_dict["ended_at"] = ended_at
        if version is not UNSET:
            field_dict["version"] = version
        if milestone_name is not UNSET:
            field_dict["milestone_name"] = milestone_name
        if started_by is not UNSET:
            field_dict["started_by"] = started_by
        if open_tasks is not UNSET:
            field_dict["open_tasks"] = open_tasks
        if incidents is not UNSET:
            field_dict["incidents"] = incidents

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.incident import Incident  # noqa: PLC0415
        from ..models.instance_view_milestone_name_type_0 import (
            InstanceViewMilestoneNameType0,  # noqa: PLC0415
        )
        from ..models.open_task import OpenTask  # noqa: PLC0415

        d = dict(src_dict)
        _id = d.pop("id", UNSET)
        id: UUID | Unset
        if isinstance(_id, Unset):
            id = UNSET
        else:
            id = UUID(_id)

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

        def _parse_milestone(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        milestone = _parse_milestone(d.pop("milestone", UNSET))

        state = d.pop("state", UNSET)

        _started_at = d.pop("started_at", UNSET)
        started_at: datetime.datetime | Unset
        if isinstance(_started_at, Unset):
            started_at = UNSET
        else:
            started_at = datetime.datetime.fromisoformat(_started_at)

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

        version = d.pop("version", UNSET)

        def _parse_milestone_name(data: object) -> InstanceViewMilestoneNameType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                milestone_name_type_0 = InstanceViewMilestoneNameType0.from_dict(data)

                return milestone_name_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(InstanceViewMilestoneNameType0 | None | Unset, data)

        milestone_name = _parse_milestone_name(d.pop("milestone_name", UNSET))

        def _parse_started_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        started_by = _parse_started_by(d.pop("started_by", UNSET))

        _open_tasks = d.pop("open_tasks", UNSET)
        open_tasks: list[OpenTask] | Unset = UNSET
        if _open_tasks is not UNSET:
            open_tasks = []
            for open_tasks_item_data in _open_tasks:
                open_tasks_item = OpenTask.from_dict(open_tasks_item_data)

                open_tasks.append(open_tasks_item)

        _incidents = d.pop("incidents", UNSET)
        incidents: list[Incident] | Unset = UNSET
        if _incidents is not UNSET:
            incidents = []
            for incidents_item_data in _incidents:
                incidents_item = Incident.from_dict(incidents_item_data)

                incidents.append(incidents_item)

        instance_view = cls(
            id=id,
            title=title,
            subject=subject,
            programme=programme,
            process=process,
            milestone=milestone,
            state=state,
            started_at=started_at,
            ended_at=ended_at,
            version=version,
            milestone_name=milestone_name,
            started_by=started_by,
            open_tasks=open_tasks,
            incidents=incidents,
        )

        return instance_view
