"""The server reads a form as the browser draws it, and believes nothing else."""

import time

import pytest

from engine import clock, forms
from engine.errors import AnswersRefused


def form(*components):
    return {"type": "default", "schemaVersion": 19, "components": list(components)}


def text(key, **more):
    return {"type": "textfield", "key": key, **more}


def choices(*values):
    return [{"label": value, "value": value} for value in values]


def refused(schema, answers, data=None):
    with pytest.raises(AnswersRefused) as caught:
        forms.validate(schema, answers, data or {})
    return caught.value.facts["fields"]


EVERY_INPUT = form(
    {"type": "text", "text": "# 形式审查"},
    text("title", validate={"required": True, "minLength": 2, "maxLength": 10}),
    {"type": "textarea", "key": "reason"},
    {"type": "number", "key": "amount", "decimalDigits": 2, "validate": {"min": 0, "max": 100}},
    {"type": "number", "key": "exact", "serializeToString": True},
    {"type": "checkbox", "key": "confirmed", "validate": {"required": True}},
    {"type": "radio", "key": "verdict", "values": choices("pass", "fail")},
    {"type": "select", "key": "level", "values": choices("city", "county")},
    {"type": "checklist", "key": "files", "values": choices("plan", "scheme")},
    {"type": "taglist", "key": "tags", "values": choices("a", "b")},
    {"type": "datetime", "key": "held_on", "subtype": "date"},
    {"type": "datetime", "key": "at", "subtype": "time"},
    {"type": "datetime", "key": "starts", "subtype": "datetime"},
    {"type": "filepicker", "key": "evidence"},
    {"type": "button", "key": "send", "action": "submit"},
)

GOOD = {
    "title": "云溪县申报", "reason": "理由", "amount": 12.5, "exact": "0.10", "confirmed": True, "verdict": "pass",
    "level": "county", "files": ["plan"], "tags": ["a", "b"], "held_on": "2026-03-02", "at": "09:30",
    "starts": "2026-03-02T09:30+08:00", "evidence": "files::1",
}  # fmt: skip


def test_every_input_comes_back_as_plain_data():
    assert forms.validate(EVERY_INPUT, GOOD, {}) == GOOD


def test_empty_fields_that_may_stay_empty_are_null():
    clean = forms.validate(EVERY_INPUT, {"title": "标题", "confirmed": True, "reason": "  ", "amount": None}, {})
    assert clean["reason"] is clean["amount"] is clean["held_on"] is clean["verdict"] is None
    assert clean["files"] == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("title", ""), ("title", "   "), ("title", "一"), ("title", "字" * 11), ("title", 7), ("title", ["a"]),
        ("title", None),
        ("reason", "a\x00b"), ("reason", "\ud800"), ("reason", "x" * 20_001), ("reason", {}), ("amount", "12"),
        ("amount", True), ("amount", -1), ("amount", 101), ("amount", 1.234), ("amount", float("nan")), ("amount",
        1e300),
        ("exact", "1e400000"), ("exact", "1e-400000"), ("exact", "NaN"), ("exact", "two"), ("confirmed", False),
        ("confirmed", "yes"), ("verdict", "maybe"), ("verdict", ["pass"]), ("verdict", {"value": "pass"}),
        ("level", True), ("files", ["plan", "other"]), ("files", ["plan", "plan"]), ("files", "plan"), ("tags", [None]),
        ("held_on", "2026-02-30"), ("held_on", 20260301), ("at", "25:00"), ("starts", "soon"), ("evidence", 5),
    ],
)  # fmt: skip
def test_fault_is_named_in_both_languages(key, value):
    faults = refused(EVERY_INPUT, {**GOOD, key: value})
    assert set(faults) == {key}
    assert set(faults[key]) == {"zh", "en"}
    assert all(faults[key].values())


def test_all_faults_are_named_at_once():
    assert set(refused(EVERY_INPUT, {"amount": -1, "level": "x"})) == {"title", "confirmed", "amount", "level"}


def test_answers_that_are_no_object_are_refused():
    for answers in (None, [], "a", 1):
        assert set(refused(EVERY_INPUT, answers)) == {""}


def test_what_nobody_asked_for_is_dropped():
    assert forms.validate(form(text("a")), {"a": "1", "b": "2", "__proto__": {"x": 1}}, {}) == {"a": "1"}


def test_disabled_readonly_and_computed_fields_are_dropped():
    schema = form(
        text("disabled", disabled=True),
        text("readonly", readonly=True),
        text("locked", readonly='=state = "closed"'),
        {"type": "expression", "key": "total", "expression": "=1"},
        text("open"),
    )
    answers = dict.fromkeys(["disabled", "readonly", "locked", "total", "open"], "forged")
    assert forms.validate(schema, answers, {"state": "closed"}) == {"open": "forged"}
    assert forms.validate(schema, answers, {"state": "open"}) == {"locked": "forged", "open": "forged"}


HIDING = form(
    {"type": "radio", "key": "verdict", "values": choices("agree", "object")},
    {
        "type": "textarea",
        "key": "reason",
        "validate": {"required": True},
        "conditional": {"hide": '=verdict = "agree"'},
    },
    {
        "type": "group",
        "path": "annex",
        "conditional": {"hide": '=verdict = "agree"'},
        "components": [text("name", validate={"required": True})],
    },
)


def test_hidden_fields_are_neither_required_nor_kept():
    assert forms.validate(HIDING, {"verdict": "agree", "reason": "x", "annex": {"name": "y"}}, {}) == {
        "verdict": "agree"
    }


def test_shown_fields_are_required_even_if_the_client_left_them_out():
    assert set(refused(HIDING, {"verdict": "object"})) == {"reason", "annex.name"}


def test_condition_believes_the_process_and_not_the_client():
    schema = form(
        text("secret", disabled=True),
        text("answer", conditional={"hide": "=secret = true"}),
        text("self", readonly="=self = null"),
    )
    assert forms.validate(schema, {"answer": "x", "secret": False}, {"secret": True}) == {}
    assert forms.validate(schema, {"self": "unlocks itself"}, {}) == {"answer": None}


def test_group_with_a_path_and_dotted_keys_nest():
    schema = form(
        {"type": "group", "path": "plan.goals", "components": [text("first")]}, text("plan.title"), text("other")
    )
    answers = {"plan": {"goals": {"first": "a", "more": "x"}, "title": "b"}, "other": "c"}
    assert forms.validate(schema, answers, {}) == {"plan": {"goals": {"first": "a"}, "title": "b"}, "other": "c"}


def test_group_without_a_path_does_not_nest():
    assert forms.validate(form({"type": "group", "components": [text("a")]}), {"a": "1"}, {}) == {"a": "1"}


ROWS = form(
    {"type": "number", "key": "least"},
    {
        "type": "dynamiclist",
        "path": "plan.measures",
        "components": [
            text("name", validate={"required": True}),
            {"type": "number", "key": "budget", "validate": {"min": "=least"}},
            text("why", validate={"required": True}, conditional={"hide": "=budget = null"}),
            text("fixed", disabled=True),
        ],
    },
)


def test_rows_are_checked_one_by_one():
    rows = [{"name": "一"}, {"name": "二", "budget": 5, "why": "因为", "fixed": "forged", "extra": 1}]
    assert forms.validate(ROWS, {"least": 3, "plan": {"measures": rows}}, {}) == {
        "least": 3,
        "plan": {"measures": [{"name": "一", "budget": None}, {"name": "二", "budget": 5, "why": "因为"}]},
    }


def test_fault_in_a_row_is_named_by_its_number():
    rows = [{"name": "一"}, {"name": "", "budget": 2}]
    faults = refused(ROWS, {"least": 3, "plan": {"measures": rows}})
    assert set(faults) == {"plan.measures.1.name", "plan.measures.1.budget", "plan.measures.1.why"}


@pytest.mark.parametrize("rows", ["text", {"0": {}}, [1], [None], [{}] * 501])
def test_rows_that_are_none_are_refused(rows):
    assert set(refused(ROWS, {"plan": {"measures": rows}})) == {"plan.measures"}


def test_no_rows_are_an_empty_list():
    assert forms.validate(ROWS, {}, {}) == {"least": None, "plan": {"measures": []}}


def test_choices_may_come_from_the_process():
    schema = form(
        {"type": "select", "key": "by_key", "valuesKey": "units"},
        {"type": "select", "key": "by_expression", "valuesExpression": "=units"},
    )
    data = {"units": [{"label": "云溪县", "value": "339921"}, "339902"]}
    assert forms.validate(schema, {"by_key": "339921", "by_expression": "339902"}, data)["by_key"] == "339921"
    assert set(refused(schema, {"by_key": "330102", "units": ["330102"]}, data)) == {"by_key"}
    assert set(refused(schema, {"by_key": "330102"}, {})) == {"by_key"}


def test_radio_of_truth_values_tells_false_from_nothing():
    schema = form(
        {"type": "radio", "key": "a", "values": [{"value": True}, {"value": False}], "validate": {"required": True}}
    )
    assert forms.validate(schema, {"a": False}, {}) == {"a": False}
    assert set(refused(schema, {"a": 0})) == {"a"}


def test_patterns_mails_and_telephones():
    schema = form(
        text("number", validate={"pattern": "^浙科发〔[0-9]{4}〕[0-9]+号$", "patternErrorMessage": "文号不规范"}),
        text("mail", validate={"validationType": "email"}),
        text("phone", validate={"validationType": "phone"}),
    )
    good = {"number": "浙科发〔2026〕3号", "mail": "li@example.gov.cn", "phone": "0571-87054114"}
    assert forms.validate(schema, good, {}) == good
    faults = refused(schema, {"number": "3号", "mail": "li@", "phone": "none"})
    assert set(faults) == {"number", "mail", "phone"}
    assert faults["number"]["zh"] == "文号不规范"


def test_number_in_steps():
    schema = form({"type": "number", "key": "n", "increment": 0.5, "validate": {"min": "=low", "max": "not a number"}})
    assert forms.validate(schema, {"n": 2.5}, {"low": 1}) == {"n": 2.5}
    assert set(refused(schema, {"n": 2.3})) == {"n"}
    assert set(refused(schema, {"n": 0.5}, {"low": 1})) == {"n"}


def test_passed_dates_may_be_refused():
    schema = form({"type": "datetime", "key": "on", "subtype": "date", "disallowPassedDates": True})
    today = clock.today().isoformat()
    assert forms.validate(schema, {"on": today}, {}) == {"on": today}
    assert set(refused(schema, {"on": "2020-01-01"})) == {"on"}


def test_good_schema_has_no_findings():
    for schema in (EVERY_INPUT, HIDING, ROWS):
        assert forms.check(schema) == []


@pytest.mark.parametrize(
    ("component", "rule"),
    [
        ({"type": "script", "key": "a"}, "type"),
        ({"key": "a"}, "type"),
        ({"type": ["textfield"], "key": "a"}, "type"),
        (text(None), "key"),
        (text("a b"), "key"),
        (text("__import__('os')"), "key"),
        ({"type": "dynamiclist", "components": []}, "path"),
        ({"type": "group", "path": "a..b", "components": []}, "path"),
        ({"type": "group", "components": {"a": 1}}, "components"),
        ({"type": "select", "key": "a"}, "values"),
        ({"type": "datetime", "key": "a", "subtype": "year"}, "subtype"),
        (text("a", conditional={"hide": "=1 +"}), "conditional.hide"),
        (text("a", readonly="=1 +"), "readonly"),
        (text("a", validate={"min": "=1 +"}), "validate.min"),
        (text("a", validate=["required"]), "validate"),
        (text("a", validate={"pattern": "["}), "validate.pattern"),
        (text("a", validate={"pattern": "(a+)+$"}), "validate.pattern"),
    ],
)
def test_fault_of_a_schema_is_found_before_deployment(component, rule):
    findings = forms.check(form(component))
    assert [finding["rule"] for finding in findings] == [rule]
    assert set(findings[0]["text"]) == {"zh", "en"}


def test_two_fields_in_one_place_are_found():
    assert [finding["rule"] for finding in forms.check(form(text("a"), text("a.b")))] == ["key"]


def nested(depth):
    component = text("a")
    for _ in range(depth):
        component = {"type": "group", "components": [component]}
    return component


@pytest.mark.parametrize(
    ("schema", "rule"),
    [
        (form(*[text(f"f{n}") for n in range(10_000)]), "size"),
        (form(*[text(f"f{n}") for n in range(501)]), "components"),
        (form(text("a", defaultValue="x" * 10_000_000)), "size"),
        (form(nested(20)), "depth"),
        (form(nested(2000)), "json"),
        ({"type": "default", "schemaVersion": 99}, "version"),
        ({"$ref": "#"}, "type"),
        ([], "type"),
        ({"type": "default", "components": {1, 2}}, "json"),
    ],
    ids=["10 000 fields", "501 fields", "10 MB default", "deep", "very deep", "version", "ref", "list", "set"],
)
def test_hostile_schema_is_refused_at_once(schema, rule):
    started = time.thread_time()
    findings = forms.check(schema)
    assert time.thread_time() - started <= 0.1
    assert rule in {finding["rule"] for finding in findings}


def test_expression_that_fails_hides_nothing_and_limits_nothing():
    endless = "=for i in 1..4000 return for j in 1..4000 return i"
    schema = form(
        text("shown", conditional={"hide": endless}),
        {"type": "number", "key": "free", "validate": {"min": endless}},
    )
    assert forms.validate(schema, {"shown": "a", "free": -1}, {}) == {"shown": "a", "free": -1}


def test_a_task_tells_only_the_facts_its_form_names():
    schema = {"components": [{"type": "text", "text": "申报单位：{{unit_name}}"}, {"type": "textfield", "key": "单位"}]}
    facts = {"unit_name": "云溪县", "单位": "县", "opinions": ["反对"]}
    assert forms.mentioned(schema, facts) == {"unit_name": "云溪县", "单位": "县"}
    assert forms.mentioned(None, facts) == {}
