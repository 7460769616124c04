"""AWS's Runtime API for one environment: hands its process one event at a time and takes what becomes of it."""

from __future__ import annotations

import contextlib
import http.server
import queue
import socket
import threading
from dataclasses import dataclass

#: What a function may answer, in bytes.
RESPONSE_LIMIT = 6 * 1024 * 1024
_PREFIX = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Event:
    """An event for a function, as its process is given it."""

    id: str
    payload: bytes
    invoked_arn: str
    trace: str
    deadline_ms: int


@dataclass(frozen=True)
class Answer:
    """What came from the process. Kinds: ready, response, error, init_error, exited (`body` then says how)."""

    kind: str
    body: bytes = b""


class RuntimeApi(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    # A process that ends in the middle of a request is told by its exit, not by the server.
    handle_error = lambda *arguments: None  # noqa: E731

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self.events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._open = True
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def close(self) -> None:
        """More than once does no harm."""
        self._open = False
        self.events.put(None)
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while self._open:
            self.handle_request()
        self.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """invocation/next: blocks until there is an event."""
        self.server.answers.put(Answer("ready"))
        event = self.server.events.get()
        if event is None:
            self.close_connection = True
            return
        self._reply(
            200,
            event.payload,
            {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": event.id,
                "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": event.invoked_arn,
                "Lambda-Runtime-Trace-Id": event.trace,
            },
        )

    def do_POST(self) -> None:
        """invocation/ID/response, invocation/ID/error, init/error."""
        body = self._body()
        kind = self.path.removeprefix(_PREFIX + "/")
        self._reply(202, b'{"status":"OK"}\n', {"Content-Type": "application/json"})
        if kind == "init/error":
            self.server.answers.put(Answer("init_error", body))
        else:
            self.server.answers.put(Answer("response" if kind.endswith("/response") else "error", body))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> list[bytes]:
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return chunks

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
