"""Maps of boundaries: what is taken, what is refused with a reason, and that none is shown without its number."""

import json

import pytest

from engine import clock, identity, maps, units
from engine.domain import boundaries
from engine.errors import MapRefused, NotAllowed, NotFound
from engine.maps import File
from engine.tables import Event

DONGHAI = "390000"
NUMBER = "浙S(2023)12号"
SQUARE = [[120, 30], [121, 30], [121, 29], [120, 29], [120, 30]]
SMALL = [[120.2, 29.8], [120.4, 29.8], [120.4, 29.6], [120.2, 29.6], [120.2, 29.8]]


def feature(code="339900", ring=None, kind="Polygon", name="code"):
    rings = [ring or SQUARE]
    given = rings if kind == "Polygon" else [rings]
    return {"type": "Feature", "properties": {name: code}, "geometry": {"type": kind, "coordinates": given}}


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": features or [feature()]}).encode()


@pytest.fixture
def register(session):
    units.seed(session)
    return session


def person(session, login="admin"):
    return identity.load(session, login)


def keep(session, content, number=NUMBER, login="admin", province=DONGHAI):
    return maps.keep(session, person(session, login), province, File("东海.geojson", content, number))


def refused(session, content, number=NUMBER):
    with pytest.raises(MapRefused) as fault:
        keep(session, content, number)
    return fault.value.facts["why"]["en"]


def test_approved_map_is_kept_with_its_number_and_told_to_the_audit_trail(register):
    assert maps.of(register, DONGHAI) is None
    keep(register, collection(feature(), feature(339902, SMALL, "MultiPolygon", "adcode")))
    found = maps.show(register, DONGHAI)
    assert (found.number, found.source) == (NUMBER, "东海.geojson")
    assert list(found.drawing["paths"]) == ["339900", "339902"]
    told = register.query(Event).filter(Event.kind == "map.imported").one()
    assert (told.data["number"], told.data["units"], told.data["digest"]) == (NUMBER, 2, found.digest)


def test_new_map_takes_the_place_of_the_one_before(register):
    keep(register, collection())
    keep(register, collection(feature("339921")), "GS京(2024)0001号")
    found = maps.show(register, DONGHAI)
    assert (found.number, list(found.drawing["paths"])) == ("GS京(2024)0001号", ["339921"])


def test_map_is_taken_away_again(register):
    keep(register, collection())
    maps.remove(register, person(register), DONGHAI)
    with pytest.raises(NotFound):
        maps.show(register, DONGHAI)
    with pytest.raises(NotFound):
        maps.remove(register, person(register), DONGHAI)


@pytest.mark.parametrize("login", ["jingban", "tingzhang", "xianzhang"])
def test_only_an_administrator_keeps_maps(register, login):
    with pytest.raises(NotAllowed):
        keep(register, collection(), login=login)
    with pytest.raises(NotAllowed):
        maps.remove(register, person(register, login), DONGHAI)
    with pytest.raises(NotAllowed):
        maps.provinces(register, person(register, login))


def test_administrator_sees_which_provinces_have_one(register):
    keep(register, collection())
    found = {code: drawn and drawn.number for code, _, drawn in maps.provinces(register, person(register))}
    assert found == {"330000": None, DONGHAI: NUMBER}


@pytest.mark.parametrize("number", ["GS(2023)2767号", "GS（2020）4619号", "浙温S〔2021〕1号", " 浙S(2022) 30号 "])
def test_number_is_read_in_every_writing(number):
    assert boundaries.number(number) == number.replace(" ", "")


@pytest.mark.parametrize("number", ["", "无", "浙科发〔2023〕1号", "GS(23)1号", "GS(2023)号", "浙S(2023)12号附"])
def test_map_without_an_approval_number_is_refused(register, number):
    assert "approval number" in refused(register, collection(), number)
    assert maps.of(register, DONGHAI) is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "no JSON"),
        (b"[]", "no FeatureCollection"),
        (b'{"type": "Feature"}', "no FeatureCollection"),
        (b'{"type": "FeatureCollection", "features": []}', "1 to 400"),
        (collection(*[feature()] * 401), "1 to 400"),
        (collection(feature(), feature()), "twice"),
        (collection(feature("330100")), "no division of the province"),
        (collection(feature(["339900"])), "no division of the province"),
        (collection(feature(name="id")), "no division of the province"),
        (collection("x"), "no division of the province"),
        (collection(feature(kind="Point")), "no Polygon"),
        (collection({**feature(), "geometry": None}), "no Polygon"),
        (collection(feature(ring=SQUARE[:-1])), "not closed"),
        (collection(feature(ring=[[120, 30], [121, 30], [120, 30]])), "not closed"),
        (collection({**feature(), "geometry": {"type": "MultiPolygon", "coordinates": []}}), "no ring"),
        (collection({**feature(), "geometry": {"type": "Polygon", "coordinates": [5]}}), "not closed"),
        (collection(feature(ring=[[30, 120]] * 4)), "longitude and latitude"),
        (collection(feature(ring=[[13358338, 3503549]] * 4)), "longitude and latitude"),
        (collection(feature(ring=[[True, 30]] * 4)), "longitude and latitude"),
        (collection(feature(ring=[["120", "30"]] * 4)), "longitude and latitude"),
        (collection(feature(ring=[[120]] * 4)), "longitude and latitude"),
        (collection().replace(b"120", b"NaN"), "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b" " * (boundaries.LARGEST + 1), "8 MB"),
    ],
)  # fmt: skip
def test_file_that_is_no_map_of_the_province_is_refused_with_the_reason(register, content, why):
    assert why in refused(register, content)


def test_too_many_positions_are_refused(register):
    ring = [[120 + n / 200_000, 30] for n in range(boundaries.MOST_POINTS)] + [[120, 30]]
    assert "simplify" in refused(register, collection(feature(ring=ring)))


def test_province_that_is_none_has_no_map(register):
    with pytest.raises(NotFound):
        keep(register, collection(), province="110000")


def test_drawing_keeps_north_up_and_shortens_degrees_of_longitude():
    shapes = boundaries.read(collection(feature(), feature("339902", SMALL)), {"339900", "339902"})
    drawn = boundaries.draw(shapes)
    assert drawn["paths"]["339900"].startswith("M0 0L")
    assert (drawn["width"], drawn["height"]) == (1000, 1149)  # a degree of longitude is cos 29.5° of one of latitude
    x, y = drawn["places"]["339902"]
    assert (0.25 < x / drawn["width"] < 0.35, 0.25 < y / drawn["height"] < 0.35) == (True, True)


def test_map_of_a_unit_that_is_no_more_is_refused(register):
    clock.come_home()
    assert "no division" in refused(register, collection(feature("330104")))
