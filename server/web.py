"""The web server: gunicorn with threads around the application."""

import gc
import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread, local
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from engine import db
from engine.settings import Settings
from server import live, logs, uploads, vigil
from server.app import create_app

STOP_SECONDS = 25
SPARE_CONNECTIONS = 2  # a refused sign-in is counted in a transaction of its own
READING_SECONDS = 25.0  # the database ends a transaction that idles for 30
LOOKING_SECONDS = 1.0
SLOWEST = 20 * 1024  # bytes a second: an upload that comes faster is read to its end, however long that takes


class Watch:
    """Ends the reading of requests that come too slowly: whoever drips must not hold a thread for ever.

    What takes files has patience: every byte that came pays for the time it may take at SLOWEST.
    """

    def __init__(self) -> None:
        self._until: dict[Any, float] = {}
        self._patient: dict[Any, int] = {}

    def begin(self, connection: Any, now: float) -> None:
        """Let a connection be read from now on, for READING_SECONDS."""
        self._until[connection] = now + READING_SECONDS

    def bear(self, connection: Any) -> None:
        """Have patience with the request that a connection brings now."""
        self._patient.setdefault(connection, 0)

    def came(self, connection: Any, size: int) -> None:
        """Note that a connection brought some bytes."""
        if connection in self._patient:
            self._patient[connection] += size

    def end(self, connection: Any) -> None:
        """Leave a connection alone whose request is answered."""
        self._until.pop(connection, None)
        self._patient.pop(connection, None)

    def look(self, now: float) -> None:
        """Close the way in of every connection whose time is over; what was read whole is answered all the same."""
        for connection, until in list(self._until.items()):
            if until + self._patient.get(connection, 0) / SLOWEST < now:
                self.end(connection)
                _close_way_in(connection.sock)


class Counted:
    """A connection's socket that tells how much was read from it."""

    def __init__(self, sock: socket.socket, came: Callable[[int], None]) -> None:
        self._sock, self._came = sock, came

    def recv(self, size: int) -> bytes:
        """Read at most `size` bytes."""
        read = self._sock.recv(size)
        self._came(len(read))
        return read

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn carries no types
    """A web process whose threads wait for nobody for ever."""

    wsgi: Any

    def init_process(self) -> None:
        """Serve until told to stop, with a watch beside."""
        self.watch, self.serving = Watch(), local()
        Thread(target=self._look, daemon=True).start()
        super().init_process()

    def load_wsgi(self) -> None:
        """Load the application, whose views may ask for patience."""
        super().load_wsgi()
        application = self.wsgi

        def answer(environ: dict[str, Any], start: Any) -> Any:
            environ[uploads.PATIENCE] = partial(self.watch.bear, self.serving.connection)
            environ[live.GOES_ON] = partial(self._goes_on, self.serving.connection)
            return application(environ, start)

        self.wsgi = answer

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose head was read, and count what comes of its body."""
        self.serving.connection = conn
        unreader = conn.parser.unreader
        if not isinstance(unreader.sock, Counted):
            unreader.sock = Counted(unreader.sock, partial(self.watch.came, conn))
        return super().handle_request(req, conn)

    def handle(self, conn: Any) -> Any:
        """Answer one request of a connection."""
        self.watch.begin(conn, time.monotonic())
        try:
            return super().handle(conn)
        finally:
            self.watch.end(conn)

    def _goes_on(self, connection: Any) -> bool:
        """Tell a stream whether we still serve; its request was read whole, so nobody closes its way in meanwhile."""
        self.watch.end(connection)
        return bool(self.alive)

    def _look(self) -> None:
        while True:
            time.sleep(LOOKING_SECONDS)
            self.watch.look(time.monotonic())


class Web(BaseApplication):  # type: ignore[misc]  # gunicorn carries no types
    """Serves the application at the address of the settings until it is told to stop."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._url = url
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn what the settings say; nothing is read from its own files or variables."""
        settings = self._settings
        chosen = {
            "bind": f"{settings.host}:{settings.port}",
            "workers": settings.web_processes,
            "threads": settings.web_threads,
            "worker_class": Worker,
            "graceful_timeout": STOP_SECONDS,
            "control_socket_disable": True,
            "proc_name": "icity-web",
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)
        self.cfg.set("post_worker_init", lambda _: _settle())

    def load(self) -> Flask:
        """Return the application of one web process, with connections of its own."""
        engine = db.connect(self._url, self._settings.web_threads + SPARE_CONNECTIONS)
        sessions = db.sessions(engine)
        vigil.begin(sessions)
        return create_app(self._settings, sessions)


def _close_way_in(way: socket.socket) -> None:
    with suppress(OSError):  # it may have gone by itself
        way.shutdown(socket.SHUT_RD)


def _settle() -> None:
    """Log as the other processes do, and spare what will live as long as the process from every collection."""
    gc.collect()
    gc.freeze()
    logs.configure()
    gunicorn = logging.getLogger("gunicorn.error")
    gunicorn.handlers.clear()
    gunicorn.propagate = True
