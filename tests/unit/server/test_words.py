"""Words for people: every state and every kind of event that a case can meet has them, in both languages."""

from babel.messages.pofile import read_po

from engine.events import Kind
from engine.settings import ROOT
from engine.tables import InstanceState
from server.pages.instances import STATES
from server.pages.sentences import SENTENCES

ABOUT_NO_CASE = (
    *("calendar.", "feed.", "invariant.", "map.", "person.", "programme.", "substitute.", "version."),
    *("changeover.", "endpoint.", "source."),  # told on their own pages, with what they hold
)
ERRANDS = {kind for kind in Kind if kind.startswith("errand.")} - {Kind.ERRAND_DONE}  # done is told to the case
UNTOLD = {Kind.SIGNAL_BROADCAST} | ERRANDS


def test_every_state_of_a_case_has_a_name() -> None:
    assert set(STATES) == {state.value for state in InstanceState}


def test_every_event_of_a_case_is_told_in_a_sentence() -> None:
    told = {kind for kind in Kind if not kind.startswith(ABOUT_NO_CASE)} - UNTOLD
    assert told == set(SENTENCES)


def test_every_sentence_and_state_is_translated() -> None:
    with (ROOT / "server" / "translations" / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file)
    words = [*(sentence._args[0] for sentence in SENTENCES.values()), *(label._args[0] for label, _ in STATES.values())]
    assert [word for word in words if word not in catalogue or not catalogue[word].string] == []
