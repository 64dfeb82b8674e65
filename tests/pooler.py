"""A transaction pooler in miniature, as PgBouncer in its usual mode.

Clients share few server connections and get the next one in turn for every transaction, so that whatever relies
on a session's state (SET, prepared statements, LISTEN) breaks at once instead of under load.
"""

import queue
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

_ENDS_A_REQUEST = b"QSF"  # the client's messages that the server answers with ReadyForQuery
_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104


@dataclass
class Stream:
    """One side's socket, and the messages that have arrived on it whole."""

    socket: socket.socket
    buffer: bytes = b""
    messages: list[bytes] = field(default_factory=list)
    is_in_a_request: bool = False

    def receive(self) -> bool:
        """Whether the other side is still there."""
        data = self.socket.recv(65536)
        self.buffer += data
        while len(self.buffer) >= 5 and len(self.buffer) > (
            size := struct.unpack_from("!I", self.buffer, 1)[0]
        ):
            self.messages.append(self.buffer[: size + 1])
            self.buffer = self.buffer[size + 1 :]
        return bool(data)

    def take(self) -> list[bytes]:
        taken, self.messages = self.messages, []
        return taken


class Pooler:
    def __init__(self, url: str, *, parameters: dict[str, str]) -> None:
        self.given = conninfo_to_dict(url)
        self.parameters = parameters
        self.idle: queue.Queue[Stream] = queue.Queue()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.sockets: list[socket.socket] = [self.listener]
        self.threads: list[threading.Thread] = []
        self.transactions = 0

    @property
    def url(self) -> str:
        port = self.listener.getsockname()[1]
        name, user = quote(str(self.given["dbname"])), quote(str(self.given["user"]))
        return f"postgresql://{user}@127.0.0.1:{port}/{name}?sslmode=disable"

    def open(self, servers: int) -> None:
        for _ in range(servers):
            self.idle.put(self._open_server())
        self._start(self._accept_for_ever)

    def close(self) -> None:
        for each in self.sockets:
            with suppress(OSError):  # the other side was quicker
                each.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        for each in self.sockets:
            each.close()

    def _start(self, target: Callable[..., None], *args: socket.socket) -> None:
        self.threads.append(threading.Thread(target=target, args=args, daemon=True))
        self.threads[-1].start()

    def _accept_for_ever(self) -> None:
        with suppress(OSError):  # the listener was shut down: the end
            while True:
                client, _ = self.listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.sockets.append(client)
                self._start(self._serve, client)

    def _open_server(self) -> Stream:
        connection = socket.socket(socket.AF_UNIX)
        self.sockets.append(connection)
        connection.connect(f"{self.given['host']}/.s.PGSQL.5432")
        names = f"user\0{self.given['user']}\0database\0{self.given['dbname']}\0\0".encode()
        connection.sendall(struct.pack("!II", len(names) + 8, 196608) + names)
        server = Stream(connection)
        while not any(message[:1] == b"Z" for message in server.messages):
            if not server.receive():
                raise ConnectionError(server.messages)
        reported = [message[5:-1].decode().split("\0") for message in server.take() if message[:1] == b"S"]
        self.parameters = dict(reported) | self.parameters
        return server

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self._greet(connection)
            self._relay(Stream(connection))

    def _greet(self, client: socket.socket) -> None:
        while True:
            greeting = client.recv(8, socket.MSG_WAITALL)
            if len(greeting) < 8:
                raise ConnectionError("it went before it had said who it is")
            size, code = struct.unpack("!II", greeting)
            if size > 8:  # who the client is and what it wants: every client is let in
                client.recv(size - 8, socket.MSG_WAITALL)
            if code not in (_SSL_REQUEST, _GSS_REQUEST):
                break
            client.sendall(b"N")
        greeting = _message(b"R", struct.pack("!I", 0))
        for name, value in self.parameters.items():
            greeting += _message(b"S", f"{name}\0{value}\0".encode())
        key = _message(
            b"K", struct.pack("!II", 4242, 0)
        )  # as every pooler, it gives a pid that is no server's
        client.sendall(greeting + key + _message(b"Z", b"I"))

    def _relay(self, client: Stream) -> None:
        while client.receive():
            server = self.idle.get()
            if self._transaction(client, server):
                self.idle.put(server)
            else:  # the client is gone; what its connection was doing is unknown
                server.socket.close()
                self.idle.put(self._open_server())

    def _transaction(self, client: Stream, server: Stream) -> bool:
        """Pass messages on until the server is idle again; false when the client went away."""
        self.transactions += 1
        pending, state = _forward(client, server), b"I"
        while pending or state != b"I" or client.is_in_a_request:
            ready, _, _ = select.select([client.socket, server.socket], [], [])
            if client.socket in ready and not client.receive():
                return False
            pending += _forward(client, server)
            if server.socket in ready and not server.receive():
                return False
            for message in server.take():
                client.socket.sendall(message)
                if message[:1] == b"Z":
                    pending, state = pending - 1, message[5:]
        return True


def _forward(client: Stream, server: Stream) -> int:
    """The number of requests among what the client sent."""
    messages = [message for message in client.take() if message[:1] != b"X"]
    server.socket.sendall(b"".join(messages))
    if (
        messages
    ):  # a pipeline's beginning comes without its end, and the server is this client's until that came
        client.is_in_a_request = messages[-1][:1] not in _ENDS_A_REQUEST
    return sum(message[:1] in _ENDS_A_REQUEST for message in messages)


@contextmanager
def transaction_pooler(url: str, *, servers: int = 2, **parameters: str) -> Iterator[Pooler]:
    """A pooler before a server that trusts its socket. `parameters` are reported to clients in place of the
    server's own (`server_version="14.9"`).
    """
    pooler = Pooler(url, parameters=parameters)
    try:
        pooler.open(servers)
        yield pooler
    finally:
        pooler.close()


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body
