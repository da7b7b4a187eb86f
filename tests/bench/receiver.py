"""A receiver of webhooks for measurements: a program of its own that counts ids by path and answers at once or slowly.

`python -m tests.bench.receiver PORT` listens; `GET /` tells as JSON how many it got by path, and how many were new.
"""

import asyncio
import json
import sys
from collections import Counter

SLOW_SECONDS = 1.0
OK = b"HTTP/1.1 204 No Content\r\n\r\n"

got: Counter[str] = Counter()
ids: dict[str, set[bytes]] = {}


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer requests on one connection until the other side hangs up."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.split(b"\r\n")
            method, path, _ = first.decode().split(" ")
            headers = dict(line.lower().split(b": ", 1) for line in lines if b": " in line)
            await reader.readexactly(int(headers.get(b"content-length", b"0")))
            writer.write(_told() if method == "GET" else await _taken(path, headers[b"webhook-id"]))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _taken(path: str, message_id: bytes) -> bytes:
    got[path] += 1
    ids.setdefault(path, set()).add(message_id)
    if path == "/slow":
        await asyncio.sleep(SLOW_SECONDS)
    return OK


def _told() -> bytes:
    told = json.dumps({"got": got, "new": {path: len(known) for path, known in ids.items()}}).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(told), told)


async def serve(port: int) -> None:
    """Listen until the program is ended."""
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
