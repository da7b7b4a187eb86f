"""Maps of boundaries: imported for a province by an administrator, and always told with their approval number.

Without one a board draws tiles, which show no boundaries at all.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from engine import clock, divisions, events
from engine.domain import boundaries
from engine.domain.divisions import Level
from engine.errors import NotAllowed, NotFound
from engine.identity import Actor
from engine.tables import BoundaryMap, Division

KEEPERS = frozenset({"SYS_ADMIN"})
LONGEST_NAME = 200


@dataclass(frozen=True)
class Drawn:
    """A map as it is drawn: SVG paths by the code of the division, and the approval number that stands beside it."""

    province: str
    number: str
    source: str
    digest: str
    imported_at: datetime
    drawing: dict[str, Any]


@dataclass(frozen=True)
class File:
    """A GeoJSON file that somebody hands in, and the approval number of its map."""

    name: str
    content: bytes
    number: str


def of(session: Session, province: str) -> Drawn | None:
    """Return the map of the province with the code `province`, None when there is none; in one query."""
    return _drawn(session.get(BoundaryMap, province))


def show(session: Session, province: str) -> Drawn:
    """Return the map of a province; raise NotFound."""
    found = of(session, province)
    if found is None:
        raise NotFound(province=province)
    return found


def keep(session: Session, actor: Actor, province: str, file: File) -> Drawn:
    """Keep the boundaries in `file` for a province instead of those before; raise NotAllowed, NotFound, MapRefused."""
    _keeper(actor)
    number = boundaries.number(file.number)
    drawing = boundaries.draw(boundaries.read(file.content, _codes(session, province)))
    digest = sha256(file.content).hexdigest()
    made = Drawn(province, number, file.name[:LONGEST_NAME], digest, clock.now(), drawing)
    row = {**vars(made), "imported_by": actor.id}
    statement = insert(BoundaryMap).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["province"], set_=row))
    told = {"province": province, "number": number, "digest": digest, "units": len(drawing["paths"])}
    events.append(session, events.Kind.MAP_IMPORTED, actor=actor.id, data=told | actor.told(KEEPERS))
    return made


def remove(session: Session, actor: Actor, province: str) -> None:
    """Take the map of a province away; raise NotAllowed, NotFound."""
    _keeper(actor)
    gone = session.execute(delete(BoundaryMap).where(BoundaryMap.province == province).returning(BoundaryMap.number))
    number = gone.scalar()
    if number is None:
        raise NotFound(province=province)
    told = {"province": province, "number": number, **actor.told(KEEPERS)}
    events.append(session, events.Kind.MAP_REMOVED, actor=actor.id, data=told)


def provinces(session: Session, actor: Actor) -> list[tuple[str, str, Drawn | None]]:
    """Return every province with its code, name and map, for who keeps them; raise NotAllowed. Two queries."""
    _keeper(actor)
    query = select(Division.code, Division.name).where(Division.level == Level.PROVINCE.value)
    known = [(code, name) for code, name in session.execute(query.distinct().order_by(Division.code))]
    maps = {row.province: row for row in session.scalars(select(BoundaryMap))}
    return [(code, name, _drawn(maps.get(code))) for code, name in known]


def _drawn(row: BoundaryMap | None) -> Drawn | None:
    if row is None:
        return None
    return Drawn(row.province, row.number, row.source, row.digest, row.imported_at, row.drawing)


def _keeper(actor: Actor) -> None:
    if not actor.roles & KEEPERS:
        raise NotAllowed


def _codes(session: Session, province: str) -> set[str]:
    """Return the codes of the province's divisions of today; raise NotFound when it has none."""
    above = aliased(Division)
    today = clock.today()
    below = select(above.code).where(above.parent == province, divisions.in_force(above, today))
    query = select(Division.code).where(divisions.in_force(Division, today))
    found = set(session.scalars(query.where((Division.parent == province) | Division.parent.in_(below))))
    if not found:
        raise NotFound(province=province)
    return found
