"""Descriptor 4: bytes beside the messages, in frames, each stream with credit of its reader's."""

from __future__ import annotations

import posix
from _thread import allocate_lock, start_new_thread
from _collections import deque

from ..host_error import HostError
from .channel import write_all
from .json_text import loads

MAX_FRAME_BYTES = 256 * 1024
MAX_OPEN_STREAMS = 256
#: Bytes of one stream that may wait here to be read.
CREDIT_BYTES = 256 * 1024

_DATA, _END, _ERROR, _CREDIT, _CANCEL = 1, 2, 3, 4, 5
_HEADER_BYTES = 9


class StreamClosed(Exception):
    """The reader wants no more."""


class DataChannel:
    """Frames out and in. Nothing is read, and no thread made, before the first stream."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._write_lock = allocate_lock()
        #: Held from the choice of numbers to the line that announces them, which must be in their order.
        self.announcing = allocate_lock()
        self._last = 0
        self._outgoing: dict = {}
        self._incoming: dict = {}
        self._is_reading = False

    def open(self) -> Outgoing:
        """A stream of the guest's; announce it before anything else is opened."""
        if len(self._outgoing) >= MAX_OPEN_STREAMS:
            raise RuntimeError(f"a plugin has at most {MAX_OPEN_STREAMS} open streams")
        self._begin()
        self._last += 1
        stream = self._outgoing[self._last] = Outgoing(self, self._last)
        return stream

    def accept(self, number: int) -> Incoming:
        """A stream that the host announced."""
        self._begin()
        stream = self._incoming[number] = Incoming(self, number)
        self.send(_CREDIT, number, CREDIT_BYTES.to_bytes(4, "big"))
        return stream

    def send(self, kind: int, number: int, payload=b"") -> None:
        header = bytes((kind,)) + number.to_bytes(4, "big") + len(payload).to_bytes(4, "big")
        with self._write_lock:
            write_all(self._fd, header + bytes(payload) if payload else header)

    def forget(self, number: int) -> None:
        self._outgoing.pop(number, None)

    def _begin(self) -> None:
        if not self._is_reading:
            self._is_reading = True
            posix.set_blocking(self._fd, True)
            start_new_thread(self._read, ())

    def _read(self) -> None:
        rest = b""
        while True:
            try:
                chunk = posix.read(self._fd, MAX_FRAME_BYTES)
            except OSError:
                chunk = b""
            if not chunk:
                posix._exit(0)
            rest = rest + chunk if rest else chunk
            at = 0
            while len(rest) - at >= _HEADER_BYTES:
                size = int.from_bytes(rest[at + 5 : at + 9], "big")
                if len(rest) - at < _HEADER_BYTES + size:
                    break
                number = int.from_bytes(rest[at + 1 : at + 5], "big")
                self._receive(rest[at], number, rest[at + _HEADER_BYTES : at + _HEADER_BYTES + size])
                at += _HEADER_BYTES + size
            rest = rest[at:]

    def _receive(self, kind: int, number: int, payload: bytes) -> None:
        if kind == _CREDIT or kind == _CANCEL:
            outgoing = self._outgoing.get(number)
            # It was just closed otherwise.
            if outgoing is not None:
                outgoing.give(int.from_bytes(payload, "big") if kind == _CREDIT else None)
            return
        incoming = self._incoming.get(number)
        if incoming is None:
            return
        if kind == _DATA:
            incoming.feed(payload)
            return
        del self._incoming[number]
        incoming.end(loads(payload.decode("utf-8")) if kind == _ERROR else None)


class _Waiting:
    """Somebody who waits for the other side: a thread or a coroutine."""

    __slots__ = ("_lock", "_wake")

    def __init__(self) -> None:
        self._wake = None
        self._lock = allocate_lock()

    def notify(self) -> None:
        with self._lock:
            wake, self._wake = self._wake, None
        if wake is not None:
            wake()

    def wait(self, is_over, engine) -> None:
        """Blocks this thread until ``is_over()``."""
        while not is_over():
            latch = allocate_lock()
            latch.acquire()
            if self._arm(latch.release, is_over):
                engine.wait(latch)

    async def wait_async(self, is_over, engine) -> None:
        while not is_over():
            future = engine.create_future()
            loop = future.get_loop()

            def wake(future=future, loop=loop) -> None:
                loop.call_soon_threadsafe(lambda: future.done() or future.set_result(None))

            if self._arm(wake, is_over):
                await future

    def _arm(self, wake, is_over) -> bool:
        with self._lock:
            if is_over():
                return False
            self._wake = wake
            return True


class Outgoing:
    """A stream that the plugin writes."""

    def __init__(self, channel: DataChannel, number: int) -> None:
        self.number = number
        self._channel = channel
        self._credit = 0
        self._is_open = False
        self.is_cancelled = False
        self.waiting = _Waiting()

    def give(self, credit) -> None:
        self._is_open = True
        if credit is None:
            self.is_cancelled = True
        else:
            self._credit += credit
        self.waiting.notify()

    def can_write(self) -> bool:
        return self._credit > 0 or self.is_cancelled

    def can_close(self) -> bool:
        return self._is_open

    def write_some(self, data) -> int:
        """Sends what there is credit for, and says how much that was. Raises StreamClosed."""
        if self.is_cancelled:
            raise StreamClosed
        size = min(len(data), self._credit, MAX_FRAME_BYTES)
        if size:
            # Credit first: more may come while the frame is on its way.
            self._credit -= size
            self._channel.send(_DATA, self.number, data[:size])
        return size

    def close(self, error: bytes | None = None) -> None:
        """Ends it, after its first credit only."""
        self._channel.forget(self.number)
        self._channel.send(_END if error is None else _ERROR, self.number, error or b"")


class Incoming:
    """A stream that the host writes."""

    def __init__(self, channel: DataChannel, number: int) -> None:
        self.number = number
        self._channel = channel
        self._chunks: deque = deque()
        self._is_ended = False
        self._error = None
        self.waiting = _Waiting()

    def feed(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self.waiting.notify()

    def end(self, error) -> None:
        self._error = error
        self._is_ended = True
        self.waiting.notify()

    def can_read(self) -> bool:
        return bool(self._chunks) or self._is_ended

    def take(self) -> bytes | None:
        """The next bytes, once ``can_read``; ``None`` at the end. Raises HostError when the writer failed."""
        if self._chunks:
            chunk = self._chunks.popleft()
            if not self._is_ended:
                self._channel.send(_CREDIT, self.number, len(chunk).to_bytes(4, "big"))
            return chunk
        if self._error is not None:
            code = (self._error.get("data") or {}).get("code", "INTERNAL")
            raise HostError(code, self._error.get("message", ""))
        return None

    def give_up(self) -> None:
        """Says that nobody reads it any more."""
        if not self._is_ended:
            self._chunks.clear()
            self._channel.send(_CANCEL, self.number)
