"""The database: connection, typed columns, and the only place where a transaction ends."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from time import monotonic
from typing import Annotated, Any
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    DateTime,
    Engine,
    Enum,
    Identity,
    LargeBinary,
    MetaData,
    Text,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

RESTED_SECONDS = 1.0

Serial = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Key = Annotated[UUID, mapped_column(primary_key=True)]
Code = Annotated[str, mapped_column(Text, primary_key=True)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Json = Annotated[dict[str, Any], mapped_column(JSONB)]
Bytes = Annotated[bytes, mapped_column(LargeBinary)]
Texts = Annotated[list[str], mapped_column(ARRAY(Text))]

Sessions = sessionmaker[Session]


class Base(DeclarativeBase):
    """Root of every table; names constraints so that migrations can speak of them."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a class attribute
        str: Text,
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            create_constraint=False,
            length=20,
            values_callable=lambda e: [m.value for m in e],
        ),
    }


def connect(url: str, pool_size: int = 10) -> Engine:
    """Return an engine on the PostgreSQL at `url`; connections that rested are checked before use and speak orjson."""
    engine = create_engine(
        _driver(url),
        pool_size=pool_size,
        pool_timeout=5,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={"options": "-c timezone=UTC -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"},
    )
    event.listen(engine, "checkin", _rests)
    event.listen(engine, "checkout", _alive(engine))
    return engine


def sessions(engine: Engine) -> Sessions:
    """Return the factory of sessions on `engine`."""
    return sessionmaker(engine, expire_on_commit=False, autoflush=False)


@contextmanager
def transaction(factory: Sessions) -> Iterator[Session]:
    """Open a session, commit when the block ends well, roll back when it raises.

    This is the only commit of the house; verbs take the session and never end it.
    """
    with factory() as session:
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


def after_commit(session: Session, action: Callable[[], None]) -> None:
    """Run `action` once the transaction of `session` is durable; never if it rolls back."""

    def run(_: Session) -> None:
        action()

    event.listen(session, "after_commit", run, once=True)


def hear(factory: Sessions, channel: str, wait: float) -> Generator[str | None]:
    """Yield what transactions tell on a PostgreSQL channel once they are durable; None after `wait` seconds without.

    The connection is one of its own, outside of the pool, and never in a transaction.
    """
    with factory.kw["bind"].connect() as connection:
        listening = connection.execution_options(isolation_level="AUTOCOMMIT")
        raw: Any = listening.connection.driver_connection
        listening.detach()
        listening.exec_driver_sql(f'LISTEN "{channel}"')
        yield None
        while True:
            told = list(raw.notifies(timeout=wait, stop_after=1))  # more than one where one packet brought them
            yield from [one.payload for one in told] or [None]


def _rests(_: Any, record: Any) -> None:
    record.info["rests_since"] = monotonic()


def _alive(engine: Engine) -> Callable[[Any, Any, Any], None]:
    """Return what asks a connection that rested whether it still lives; a busy one has just proved it."""

    def ask(connection: Any, record: Any, _: Any) -> None:
        if monotonic() - record.info.get("rests_since", 0) < RESTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as fault:
            raise DisconnectionError from fault

    return ask


def _driver(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url
