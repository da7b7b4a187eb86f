from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.task import Task
    from ..models.task_view_answers_type_0 import TaskViewAnswersType0
    from ..models.task_view_data import TaskViewData
    from ..models.task_view_facts import TaskViewFacts
    from ..models.task_view_form_type_0 import TaskViewFormType0


T = TypeVar("T", bound="TaskView")


@_attrs_define
class TaskView:
    """
    Attributes:
        task (Task | Unset):
        form (None | TaskViewFormType0 | Unset): form-js schema
        data (TaskViewData | Unset): What the form starts from
        facts (TaskViewFacts | Unset): What the instance knows around it
        answers (None | TaskViewAnswersType0 | Unset): Given when it was completed
    """

    task: Task | Unset = UNSET
    form: None | TaskViewFormType0 | Unset = UNSET
    data: TaskViewData | Unset = UNSET
    facts: TaskViewFacts | Unset = UNSET
    answers: None | TaskViewAnswersType0 | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.task_view_answers_type_0 import TaskViewAnswersType0  # noqa: PLC0415
        from ..models.task_view_form_type_0 import TaskViewFormType0  # noqa: PLC0415

        task: dict[str, Any] | Unset = UNSET
        if not isinstance(self.task, Unset):
            task = self.task.to_dict()

        form: dict[str, Any] | None | Unset
        if isinstance(self.form, Unset):
            form = UNSET
        elif isinstance(self.form, TaskViewFormType0):
            form = self.form.to_dict()
        else:
            form = self.form

        data: dict[str, Any] | Unset = UNSET
        if not isinstance(self.data, Unset):
            data = self.data.to_dict()

        facts: dict[str, Any] | Unset = UNSET
        if not isinstance(self.facts, Unset):
            facts = self.facts.to_dict()

        answers: dict[str, Any] | None | Unset
        if isinstance(self.answers, Unset):
            answers = UNSET
        elif isinstance(self.answers, TaskViewAnswersType0):
            answers = self.answers.to_dict()
        else:
            answers = self.answers

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if task is not UNSET:
            field_dict["task"] = task
        if form is not UNSET:
            field_dict["form"] = form
        if data is not UNSET:
            field_dict["data"] = data
        if facts is not UNSET:
            field_dict["facts"] = facts
        if answers is not UNSET:
            field_dict["answers"] = answers

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.task import Task  # noqa: PLC0415
        from ..models.task_view_answers_type_0 import TaskViewAnswersType0  # noqa: PLC0415
        from ..models.task_view_data import TaskViewData  # noqa: PLC0415
        from ..models.task_view_facts import TaskViewFacts  # noqa: PLC0415
        from ..models.task_view_form_type_0 import TaskViewFormType0  # noqa: PLC0415

        d = dict(src_dict)
        _task = d.pop("task", UNSET)
        task: Task | Unset
        if isinstance(_task, Unset):
            task = UNSET
        else:
            task = Task.from_dict(_task)

        def _parse_form(data: object) -> None | TaskViewFormType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                form_type_0 = TaskViewFormType0.from_dict(data)

                return form_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TaskViewFormType0 | Unset, data)

        form = _parse_form(d.pop("form", UNSET))

        _data = d.pop("data", UNSET)
        data: TaskViewData | Unset
        if isinstance(_data, Unset):
            data = UNSET
        else:
            data = TaskViewData.from_dict(_data)

        _facts = d.pop("facts", UNSET)
        facts: TaskViewFacts | Unset
        if isinstance(_facts, Unset):
            facts = UNSET
        else:
            facts = TaskViewFacts.from_dict(_facts)

        def _parse_answers(data: object) -> None | TaskViewAnswersType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                answers_type_0 = TaskViewAnswersType0.from_dict(data)

                return answers_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TaskViewAnswersType0 | Unset, data)

        answers = _parse_answers(d.pop("answers", UNSET))

        task_view = cls(
            task=task,
            form=form,
            data=data,
            facts=facts,
            answers=answers,
        )

        return task_view
