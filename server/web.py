"""The web server: gunicorn with threads around the application."""

import gc
import logging

from flask import Flask
from gunicorn.app.base import BaseApplication

from engine import db
from engine.settings import Settings
from server import logs
from server.app import create_app

STOP_SECONDS = 25
SPARE_CONNECTIONS = 2  # a refused sign-in is counted in a transaction of its own


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
            "worker_class": "gthread",
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
        return create_app(self._settings, db.sessions(engine))


def _settle() -> None:
    """Log as the other processes do, and spare what will live as long as the process from every collection."""
    gc.collect()
    gc.freeze()
    logs.configure()
    gunicorn = logging.getLogger("gunicorn.error")
    gunicorn.handlers.clear()
    gunicorn.propagate = True
