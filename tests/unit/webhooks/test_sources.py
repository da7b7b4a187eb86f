"""Sources: what config/sources.toml may say, and what a body must hold."""

import pytest

from engine.errors import MessageRefused, SettingsRefused
from webhooks import sources

GOOD = {
    "case_id": "A-1",
    "values": {"A1": 2.5, "A2": 4},
    "expert_scores": {"Q1": [80, 92.5]},
    "report": "https://agency.example/r/1",
}
HEAD = '[x]\nname = {}\nmessage = "m"\npayload = "b"\nmax_bytes = 1\n'


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"case_id": None}, "case_id: missing"),
        ({"case_id": ""}, "case_id: not of type text"),
        ({"case_id": 7}, "case_id: not of type text"),
        ({"case_id": "x" * 201}, "case_id: longer than 200 characters"),
        ({"values": [1]}, "values: not of type context"),
        ({"values": {"A1": "2.5"}}, "values.A1: not of type number"),
        ({"values": {"A1": True}}, "values.A1: not of type number"),
        ({"values": {"A1": None}}, "values.A1: missing"),
        ({"expert_scores": {"Q1": 80}}, "expert_scores.Q1: not of type list"),
        ({"expert_scores": {"Q1": ["x"]}}, "expert_scores.Q1[0]: not of type number"),
        ({"report": "javascript:alert(1)"}, "report: not of type url"),
        ({"report": "https://[::1"}, "report: not of type url"),
    ],
)
def test_a_body_that_does_not_hold_what_was_promised_is_refused(change, fault):
    with pytest.raises(MessageRefused) as refusal:
        sources.check(sources.load()["agency"], {**GOOD, **change})
    assert fault in refusal.value.facts["reason"]


@pytest.mark.parametrize("body", [[], "text", 1, None])
def test_a_body_that_is_no_object_is_refused(body):
    with pytest.raises(MessageRefused):
        sources.check(sources.load()["agency"], body)


def test_what_is_optional_may_be_missing_and_more_may_be_there():
    body = {**{key: value for key, value in GOOD.items() if key != "report"}, "more": {"x": 1}}
    assert sources.check(sources.load()["agency"], body) == body


def test_every_type_knows_its_own():
    samples = {
        "text": "a",
        "number": 1.5,
        "integer": 3,
        "boolean": True,
        "date": "2026-02-28",
        "context": {},
        "list": [],
    }
    for name, sample in samples.items():
        assert sources.TYPES[name](sample)
        assert not sources.TYPES[name](None)
    assert not sources.TYPES["date"]("2026-02-30")
    assert not sources.TYPES["integer"](True)


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        '[x]\nname = { zh = "x", en = "x" }\n',
        HEAD + 'correlation = "a"\nfields = [{ path = "a", type = "z" }]',
        HEAD + 'correlation = "a"\nfields = [{ pat = "a" }]',
        HEAD + 'correlation = "a +"\nfields = []',
    ],
)
def test_a_file_with_faults_is_refused_at_the_start(text, tmp_path):
    path = tmp_path / "sources.toml"
    path.write_text(text)
    with pytest.raises(SettingsRefused):
        sources.load(path)
