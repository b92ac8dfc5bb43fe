"""The inherited descriptor to the host: one JSON message per line, both ways."""

from __future__ import annotations

import posix
from _thread import allocate_lock, get_ident

READ_BYTES = 65_536

#: Answers of one read leave together, but in parts of this size. Smaller parts would let the host work earlier, and cost
#: more than that: each gives the interpreter's lock away and takes it back.
PART_BYTES = 16_384


class Channel:
    """Lines out, in whole writes; lines in, as they were read."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""
        self._out: list[bytes] = []
        self._bytes = 0
        self._lock = allocate_lock()
        #: The thread whose lines wait for its next ``flush``; those of others leave at once.
        self.collector = 0

    def send(self, line: bytes) -> None:
        """Sends a line; raises nothing when the host is gone, as that ends the guest."""
        with self._lock:
            self._out.append(line)
            self._bytes += len(line)
        if self._bytes >= PART_BYTES or get_ident() != self.collector:
            self.flush()

    def flush(self) -> None:
        if not self._out:
            return
        with self._lock:
            lines = self._out
            if not lines:
                return
            self._out = []
            self._bytes = 0
            lines.append(b"")
            write_all(self._fd, b"\n".join(lines))

    def read(self) -> list[bytes]:
        """The next lines, waiting for some; ends the process when the host is gone."""
        try:
            chunk = posix.read(self._fd, READ_BYTES)
        except OSError:
            chunk = b""
        if not chunk:
            # The host is gone: at once, whatever the plugin is doing.
            posix._exit(0)
        *lines, self._rest = (self._rest + chunk).split(b"\n") if self._rest else chunk.split(b"\n")
        return lines


def write_all(fd: int, data: bytes) -> None:
    try:
        written = posix.write(fd, data)
        while written < len(data):
            data = data[written:]
            written = posix.write(fd, data)
    except OSError:
        posix._exit(0)
