"""Rehearsals of small diagrams, and the questions that stories ask of them."""

from typing import Any

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:icity="urn:icity:bpmn:1" id="d_{process}"'
    ' targetNamespace="tests"><message id="answer" name="answer"/><message id="order" name="order"/>'
    '<signal id="alarm" name="alarm"/><error id="E1" name="E1" errorCode="C1"/>'
)
START = "2024-02-29T09:00:00+08:00"


class Rehearsal:
    """What a rehearsal printed, and the questions that stories ask of it."""

    def __init__(self, told: dict[str, Any], code: int) -> None:
        self.told, self.code = told, code

    @property
    def state(self) -> tuple[str, int]:
        return self.told["state"], self.code

    @property
    def rules(self) -> list[str]:
        return [f"{one['element']} {one['rule']}" for one in self.told["findings"] if one["severity"] == "error"]

    @property
    def completed(self) -> list[str]:
        return [one["element"] for one in self.told["trace"] if one["event"] == "completed"]

    @property
    def waiting(self) -> list[tuple[str, str]]:
        return [(one["element"], one["kind"]) for one in self.told["waiting"]]

    @property
    def data(self) -> dict[str, Any]:
        return self.told["data"]

    def when(self, element: str, event: str = "completed") -> list[str]:
        return [one["at"] for one in self.told["trace"] if (one["element"], one["event"]) == (element, event)]


def drawn(process: str, body: str) -> str:
    """Return the file that draws one process."""
    head = HEAD.format(process=process)
    return f'{head}<process id="{process}" isExecutable="true">{body}</process></definitions>'
