"""Problems: every error has a reply in both languages, and none tells what it should not."""

import inspect
from typing import Any

import pytest
from flask import Flask, g
from sqlalchemy.exc import DataError, OperationalError

from engine import errors
from engine.errors import AnswersRefused, IcityError, NotFound, StateDamaged, TaskClosed
from server import problems

ERRORS = [e for _, e in inspect.getmembers(errors, inspect.isclass) if issubclass(e, IcityError)]


def told(app: Flask, error: Exception, language: str = "en") -> tuple[int, dict[str, Any]]:
    with app.test_request_context("/api/v1/tasks", headers={"Accept-Language": language}):
        reply = problems.reply(error)
        assert reply.content_type == "application/problem+json"
        return reply.status_code, reply.get_json()


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_of_the_house_has_a_reply_in_both_languages(app: Flask, error: type[IcityError]) -> None:
    status, english = told(app, error())
    assert error in problems.REPLIES
    assert 400 <= status < 600
    assert english["type"].startswith("urn:icity:problem:")
    assert english["title"].isascii()
    assert not told(app, error(), "zh-CN")[1]["title"].isascii()


def test_a_reason_that_is_told_in_no_language_is_kept_from_people(app: Flask) -> None:
    with app.test_request_context("/"):
        assert problems.sentence(errors.DocumentRefused(why="no font"), "zh") == problems.sentence(
            errors.DocumentRefused(), "zh"
        )


def test_types_tell_errors_apart() -> None:
    slugs = [reply.slug for kind, reply in problems.REPLIES.items() if issubclass(kind, IcityError)]
    assert len(slugs) == len(set(slugs))


def test_only_facts_meant_for_the_asker_are_shown(app: Flask) -> None:
    _, body = told(app, AnswersRefused(fields={"a": {"zh": "空", "en": "empty"}}, instance="secret"))
    assert body["fields"] == {"a": {"zh": "空", "en": "empty"}}
    assert "secret" not in str(body)
    assert "secret" not in str(told(app, StateDamaged(path="secret")))


def test_what_nobody_foresaw_is_told_without_detail(app: Flask) -> None:
    status, body = told(app, ZeroDivisionError("secret"))
    assert (status, body["type"]) == (500, "urn:icity:problem:internal")
    assert "secret" not in str(body)


def test_an_error_of_a_kind_is_answered_as_its_kind(app: Flask) -> None:
    class TaskGone(TaskClosed):
        """Gone."""

    assert told(app, TaskGone())[0] == 409


@pytest.mark.parametrize(("error", "status"), [(OperationalError, 503), (DataError, 400)])
def test_a_busy_database_is_no_fault_of_the_asker(app: Flask, error: type[Exception], status: int) -> None:
    with app.test_request_context("/api/v1/tasks"):
        reply = problems.reply(error("SELECT secret", {}, Exception("secret")))
    assert reply.status_code == status
    assert ("Retry-After" in reply.headers) == (status == 503)
    assert b"secret" not in reply.data


@pytest.mark.parametrize(
    ("asked", "own", "answer"),
    [("en", "zh", "en"), ("zh-TW,en;q=0.5", "en", "zh"), ("", "en", "en"), ("", None, "zh"), ("fr", None, "zh")],
)
def test_the_language_is_the_one_asked_for_else_ones_own(app: Flask, asked: str, own: str | None, answer: str) -> None:
    headers = {"Accept-Language": asked} if asked else {}
    with app.test_request_context("/api/v1/tasks", headers=headers):
        g.actor = type("Actor", (), {"language": own}) if own else None
        assert problems.language() == answer


def test_a_wrong_method_says_which_are_right(app: Flask) -> None:
    reply = app.test_client().put("/api/v1/sign-in")
    assert reply.status_code == 405
    assert reply.headers["Allow"] == "DELETE, OPTIONS, POST"
    assert reply.get_json()["type"] == "urn:icity:problem:method-not-allowed"


def test_an_unknown_address_of_the_api_is_a_problem_and_of_the_desk_a_page(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/api/v1/nothing").content_type == "application/problem+json"
    assert client.get("/nothing").mimetype == "text/html"


def test_a_fault_of_a_view_is_a_problem_and_rolls_back(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise NotFound(secret="secret")

    monkeypatch.setattr("engine.identity.sign_in", fail)
    reply = app.test_client().post("/api/v1/sign-in", json={"login": "a", "password": "b"})
    assert (reply.status_code, b"secret" in reply.data) == (404, False)
