"""Boundaries of divisions: a GeoJSON file is checked and drawn as paths 1000 wide, and at most twice as high.

The file is a FeatureCollection of polygons (RFC 7946); each names its division by code. No boundary is shipped with
the product, because a map of them must be approved; whoever imports one gives the number of the approval (审图号).
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn

import orjson

from engine.errors import MapRefused

LARGEST = 8 * 1024 * 1024  # bytes
MOST_FEATURES, MOST_POINTS = 400, 100_000
LEAST_RING = 4  # positions; the first is the last
CODES = ("code", "adcode", "division", "区划代码")  # the properties that may name the division, the first found counts
WEST, EAST, SOUTH, NORTH = 73.0, 136.0, 3.0, 54.0  # degrees
WIDTH = 1000
# GS(2023)2767号, GS京(2022)1061号, 浙S(2023)12号, 浙温S(2021)1号; with the brackets of either writing
NUMBER = re.compile(r"(?:GS[\u4e00-\u9fff]{0,2}|[\u4e00-\u9fff]{1,3}S)[(（〔]\d{4}[)）〕]\d{1,6}号")

Ring = list[tuple[float, float]]


@dataclass(frozen=True)
class Shape:
    """The boundary of a division: its rings in degrees, and how many positions they have."""

    code: str
    rings: list[Ring]


def number(text: str) -> str:
    """Return an approval number as it was given, without spaces; raise MapRefused when it is none."""
    found = re.sub(r"\s", "", text)
    if not NUMBER.fullmatch(found):
        _refuse(
            "审图号应如“GS(2023)2767号”或“浙S(2023)12号”",
            "the approval number reads like GS(2023)2767号 or 浙S(2023)12号",
        )
    return found


def read(content: bytes, known: Collection[str]) -> list[Shape]:
    """Return the shapes in a GeoJSON file; `known` are the codes of the province's divisions. Raise MapRefused."""
    if len(content) > LARGEST:
        _refuse(f"文件超过{LARGEST // 1024 // 1024}MB", f"the file is larger than {LARGEST // 1024 // 1024} MB")
    features = _features(content)
    shapes = [_shape(number, feature, known) for number, feature in enumerate(features, 1)]
    codes = [shape.code for shape in shapes]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        _refuse(f"区划代码重复：{'、'.join(twice)}", f"the same division twice: {', '.join(twice)}")
    if sum(len(ring) for shape in shapes for ring in shape.rings) > MOST_POINTS:
        _refuse(
            f"坐标点超过{MOST_POINTS}个，请先简化边界",
            f"more than {MOST_POINTS} positions; simplify the boundaries first",
        )
    return shapes


def draw(shapes: Sequence[Shape]) -> dict[str, Any]:
    """Return {width, height, paths: {code: SVG path}, places: {code: [x, y]}}, larger divisions first.

    Degrees of longitude are shortened as at the middle latitude (plate carrée); a place is the middle of the largest
    ring, for a letter to stand.
    """
    every = [point for shape in shapes for ring in shape.rings for point in ring]
    west, north = min(x for x, _ in every), max(y for _, y in every)
    east, south = max(x for x, _ in every), min(y for _, y in every)
    narrow = math.cos(math.radians((north + south) / 2))
    scale = WIDTH / max((east - west) * narrow, (north - south) / 2, 1e-6)

    def put(point: tuple[float, float]) -> tuple[float, float]:
        return round((point[0] - west) * narrow * scale, 1), round((north - point[1]) * scale, 1)

    drawn = {shape.code: [[put(point) for point in ring] for ring in shape.rings] for shape in shapes}
    ordered = sorted(drawn, key=lambda code: (-max(abs(_area(ring)) for ring in drawn[code]), code))
    return {
        "width": math.ceil((east - west) * narrow * scale),
        "height": math.ceil((north - south) * scale),
        "paths": {code: "".join(_path(ring) for ring in drawn[code]) for code in ordered},
        "places": {code: _middle(max(drawn[code], key=lambda ring: abs(_area(ring)))) for code in ordered},
    }


def _features(content: bytes) -> list[Any]:
    try:
        told = orjson.loads(content)
    except orjson.JSONDecodeError:
        _refuse("文件不是 JSON", "the file is no JSON")
    if not isinstance(told, dict) or told.get("type") != "FeatureCollection":
        _refuse("文件不是 FeatureCollection", "the file is no FeatureCollection")
    features = told.get("features")
    if not isinstance(features, list) or not 0 < len(features) <= MOST_FEATURES:
        _refuse(f"要素应为1至{MOST_FEATURES}个", f"there must be 1 to {MOST_FEATURES} features")
    return features


def _shape(place: int, feature: Any, known: Collection[str]) -> Shape:
    feature = feature if isinstance(feature, dict) else {}
    properties, geometry = feature.get("properties"), feature.get("geometry")
    code = _code(properties if isinstance(properties, dict) else {})
    if code not in known:
        _refuse(
            f"第{place}个要素的区划代码“{code}”不属于本省；代码写在属性 {'、'.join(CODES)} 之一",
            f"feature {place}: “{code}” is no division of the province; the code stands in one of {', '.join(CODES)}",
        )
    rings = list(_rings(place, geometry if isinstance(geometry, dict) else {}))
    return Shape(code, rings)


def _code(properties: Mapping[str, Any]) -> str:
    found = next((properties[name] for name in CODES if name in properties), "")
    return str(found)[:20] if isinstance(found, str | int) else ""


def _rings(place: int, geometry: Mapping[str, Any]) -> Iterator[Ring]:
    kind, given = geometry.get("type"), geometry.get("coordinates")
    if kind not in {"Polygon", "MultiPolygon"} or not isinstance(given, list):
        _refuse(f"第{place}个要素不是面（Polygon 或 MultiPolygon）", f"feature {place} is no Polygon or MultiPolygon")
    polygons = [given] if kind == "Polygon" else given
    rings = [ring for polygon in polygons if isinstance(polygon, list) for ring in polygon]
    if not rings:
        _refuse(f"第{place}个要素没有边界", f"feature {place} has no ring")
    for ring in rings:
        yield _ring(place, ring)


def _ring(place: int, ring: Any) -> Ring:
    points = [_point(place, position) for position in ring] if isinstance(ring, list) else []
    if len(points) < LEAST_RING or points[0] != points[-1]:
        _refuse(f"第{place}个要素的边界没有闭合", f"feature {place}: a ring is not closed")
    return points


def _point(place: int, position: Any) -> tuple[float, float]:
    numbers = position[:2] if isinstance(position, list) else []
    plain = [float(one) for one in numbers if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(plain) != 2 or not (WEST <= plain[0] <= EAST and SOUTH <= plain[1] <= NORTH):  # noqa: PLR2004 - a pair
        _refuse(
            f"第{place}个要素的坐标应为经度、纬度（度），并在中国范围内",
            f"feature {place}: positions are longitude and latitude in degrees, within China",
        )
    return plain[0], plain[1]


def _path(ring: Ring) -> str:
    """Return a ring as an SVG path; what falls on the place before is left out."""
    kept = [ring[0], *(point for before, point in pairwise(ring) if point != before)]
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in kept) + "Z"


def _area(ring: Ring) -> float:
    return sum(x * v - u * y for (x, y), (u, v) in pairwise(ring)) / 2


def _middle(ring: Ring) -> list[float]:
    area = _area(ring)
    if not area:
        return list(ring[0])
    parts = [((x + u) * (x * v - u * y), (y + v) * (x * v - u * y)) for (x, y), (u, v) in pairwise(ring)]
    return [round(sum(part[axis] for part in parts) / (6 * area), 1) for axis in (0, 1)]


def _refuse(zh: str, en: str) -> NoReturn:
    raise MapRefused(why={"zh": f"{zh}。", "en": f"{en[:1].upper()}{en[1:]}."})
