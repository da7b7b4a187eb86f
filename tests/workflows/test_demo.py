"""The demonstration, played to its end: one county from its application to its second reassessment."""

import json

from engine.settings import load
from server import demo, postgres


def test_the_county_lives_its_whole_life(tmp_path, capsys):
    settings = load(var=str(tmp_path))
    with postgres.owned(settings) as url:
        assert demo.run(settings, url, "zh") == 0
    told = capsys.readouterr().out
    timeline = json.loads((tmp_path / "demo" / "timeline.json").read_text(encoding="utf-8"))
    assert all(row.keys() == {"at", "event", "element", "actor", "text"} for row in timeline)
    assert [row["at"] for row in timeline] == sorted(row["at"] for row in timeline)

    def happened(kind, *elements):
        return [row["at"][:10] for row in timeline if row["event"] == kind and row["element"] in elements]

    stages = [row["text"] for row in timeline if row["event"] == "milestone.reached"]
    assert [text.split("“")[1].split("”")[0] for text in stages] == [
        "申报中",
        "已受理",
        "创新型试点",
        "创新型城市（县、区）",
    ]
    assert len(happened("task.completed", "T11_supplement")) == 1  # one round of 补正
    assert len(happened("task.completed", "T16_declaration")) == 15  # five experts, three assessments
    assert len(happened("task.completed", "T24_department_opinion")) == 6 + 7 + 7  # one was silent the first time
    assert len(happened("timer.fired", "T24_lapse")) == 1
    assert len(happened("task.completed", "T25_mediation")) == 1
    assert happened("timer.fired", "every_two_years") == ["2026-04-10", "2028-04-10"]
    assert len(happened("reminder.due", "every_two_years")) == 6  # six, three and one month before each
    assert len(happened("message.delivered", "receive_measurement")) == 3  # over real HTTP, signed
    assert len(happened("message.sent", "circular_issued")) == 2
    assert "省政府审定" in told
