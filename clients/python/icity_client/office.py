"""An office: an HTTP server that takes icity's webhooks, each once, and does the work of each until it succeeds."""

import logging
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from icity_client.inbox import Inbox
from icity_client.refusals import NotSigned, Refused
from icity_client.webhooks import Event, read, verify

LARGEST = 1_048_576  # bytes of a body
PATIENCE = 30.0  # seconds to wait for a body, and before work that failed is tried again
TAKEN, BAD, UNKNOWN, UNSIZED, TOO_LARGE = 204, 400, 401, 411, 413

Work = Callable[[Event], None]

_log = logging.getLogger("icity_client.office")


class Office:
    """Listens while the block runs; answers as soon as a letter is on the disk, and works afterwards.

    `work` may be called again for the same event after a failure or a restart: let it send under ids that it derives
    from `event.message_id`.
    """

    def __init__(self, secrets: Sequence[str], inbox: Inbox, work: Work, port: int = 0) -> None:
        self.secrets, self.inbox, self.work = secrets, inbox, work
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._awake, self._closing = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._server.serve_forever, self._toil)]

    @property
    def address(self) -> str:
        """Return where it listens; put a web server with TLS before it."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> "Office":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._closing.set()
        self._awake.set()
        for thread in self._threads:
            thread.join()

    def receive(self, headers: dict[str, str], body: bytes) -> int:
        """Take a letter and return the HTTP status to answer: 204, 400 where it is no event, 401 without signature."""
        try:
            event = verify(self.secrets, headers, body)
        except NotSigned:
            return UNKNOWN
        except (ValueError, KeyError, AttributeError, TypeError):
            return BAD
        if self.inbox.take(event.message_id, body):
            self._awake.set()
        return TAKEN

    def do(self) -> None:
        """Do what waits, once each: what is refused is put aside, what failed otherwise waits for another time."""
        for message_id, body in self.inbox.waiting():
            try:
                self.work(read(message_id, body))
            except Refused as refusal:
                _log.warning("%s was refused: %s", message_id, refusal)
                self.inbox.refused(message_id)
            except Exception:  # noqa: BLE001 - whatever is wrong with one letter, the next are worked on
                _log.exception("%s failed and will be tried again", message_id)
            else:
                self.inbox.done(message_id)

    def _toil(self) -> None:
        while not self._closing.is_set():
            self._awake.clear()
            self.do()
            self._awake.wait(PATIENCE)


def _handler(office: Office) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE

        def do_POST(self) -> None:
            self.send_response(self._status())
            self.end_headers()

        def _status(self) -> int:
            length = self.headers.get("content-length", "")
            if not (length.isascii() and length.isdigit()):
                return UNSIZED
            if int(length) > LARGEST:
                return TOO_LARGE
            return office.receive(dict(self.headers.items()), self.rfile.read(int(length)))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            _log.debug(format, *args)

    return Handler
