"""How the results of a rehearsal read."""

import pytest

from server.pages.studio.verdicts import called


@pytest.mark.parametrize(
    ("spot", "told"),
    [
        ({"key": "p/check", "name": "核稿", "tag": "userTask"}, "核稿"),
        ({"key": "p/waiting", "name": "waiting", "tag": "eventBasedGateway"}, "事件网关"),
        ({"key": "p/waiting", "name": "waiting"}, "waiting"),  # as rehearsals kept it before
    ],
)
def test_a_flow_node_without_a_name_is_called_by_what_it_is(app, spot, told):
    with app.test_request_context(headers={"Accept-Language": "zh"}):
        assert called(spot) == told
