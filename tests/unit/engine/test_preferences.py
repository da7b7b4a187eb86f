"""What a person chose for their own desk is kept for them alone, and nonsense is not kept."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from engine import preferences
from engine.errors import AnswersRefused
from engine.identity import Actor, load
from engine.preferences import Notice, Preferences


def test_nothing_chosen_is_as_usual(session: Session, actor: Callable[[str], Actor]) -> None:
    found = preferences.read(session, actor("shouli"))
    assert found == Preferences(50, (), toured=False)
    assert all(found.wants(notice) for notice in Notice)


def test_one_choice_leaves_the_others_and_other_people_alone(session: Session, actor: Callable[[str], Actor]) -> None:
    preferences.choose(session, actor("shouli"), {"rows": 100})
    preferences.choose(session, actor("shouli"), {"unwanted": ["near"]})
    found = preferences.choose(session, actor("shouli"), {"toured": True})
    assert found == Preferences(100, ("near",), toured=True)
    assert not found.wants(Notice.NEAR)
    assert preferences.read(session, actor("jingban")) == Preferences()


@pytest.mark.parametrize("changes", [{"rows": 51}, {"unwanted": ["rain"]}, {"toured": "yes"}, {"colour": "red"}])
def test_what_cannot_be_chosen_is_refused_and_nothing_kept(
    session: Session, actor: Callable[[str], Actor], changes: dict[str, object]
) -> None:
    with pytest.raises(AnswersRefused):
        preferences.choose(session, actor("shouli"), {"rows": 20, **changes})
    assert preferences.read(session, actor("shouli")) == Preferences()


def test_the_language_is_kept_on_the_person(session: Session, actor: Callable[[str], Actor]) -> None:
    preferences.speak(session, actor("shouli"), "en")
    assert load(session, "shouli").language == "en"
    with pytest.raises(AnswersRefused):
        preferences.speak(session, actor("shouli"), "fr")
