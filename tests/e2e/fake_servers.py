"""Servers that a test writes itself, to say what no memcached would say."""

import contextlib
import socket
import threading


class FakeServer:
    """Listens on a free port; a thread serves each connection. What serve() needs is set before
    super().__init__()."""

    receive_bytes = None  # Of the kernel's buffer of each connection; None: its own choice.

    def __init__(self, name="web1"):
        self.name, self.connections = name, 0
        self.listener = socket.socket()
        if self.receive_bytes:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_bytes)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self.run, args=(connection,), daemon=True).start()

    def run(self, connection):
        with contextlib.suppress(OSError), connection:
            self.serve(connection)

    @staticmethod
    def greet(connection):
        assert connection.recv(100) == b"version\r\n"
        connection.sendall(b"VERSION 1.6.18\r\n")
