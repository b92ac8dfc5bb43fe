"""Sends results, with what travels beside them."""

from __future__ import annotations

from _thread import start_new_thread

from .attachments import detach
from .bounds import find_misfit
from .data_channel import StreamClosed
from .failures import to_wire_error, wire_error
from .json_text import NotJson, dumps

MAX_ERROR_FRAME_BYTES = 64 * 1024
MAX_ITEM_BYTES = 1024 * 1024
READ_BYTES = 256 * 1024


class TooLarge(Exception):
    """A result that no message can carry."""


class Answer:
    """One result: a line, and the streams that it announces."""

    def __init__(self, guest, services, number: int, value) -> None:
        self._guest = guest
        self._services = services
        self._number = number
        plain, self._detached = detach(value)
        self._json = dumps(plain)
        self._streams: list = []

    def send(self) -> int:
        """Sends the line; says how many streams must be pumped now. Raises TooLarge."""
        data = self._guest.data
        entries = list(self._detached)
        line = self._line(self._json, entries, [0xFFFFFFFF] * len(entries))
        if find_misfit(line, self._guest.max_bytes) is not None:
            entries.insert(0, ("", "json", self._json))
            misfit = find_misfit(self._line(b"null", entries, [0xFFFFFFFF] * len(entries)), self._guest.max_bytes)
            if misfit is not None:
                raise TooLarge(misfit)
            self._json = b"null"
        with data.announcing:
            self._streams = [(data.open(), kind, source) for _, kind, source in entries if kind != "file"]
            numbers = iter([stream.number for stream, _, _ in self._streams])
            listed = [0 if kind == "file" else next(numbers) for _, kind, _ in entries]
            self._guest.send(self._line(self._json, entries, listed))
        self._guest.channel.flush()
        self._services.on_cancel(self._wake)
        return len(self._streams)

    def _line(self, json: bytes, entries, numbers) -> bytes:
        attachments = [
            {"at": at, "kind": kind, "file": source.number, "name": source.name}
            if kind == "file"
            else _announce(at, number, kind, source)
            for (at, kind, source), number in zip(entries, numbers)
        ]
        beside = b',"attachments":%b' % dumps(attachments) if attachments else b""
        return b'{"jsonrpc":"2.0","id":%d%b,"result":%b}' % (self._number, beside, json)

    def _wake(self) -> None:
        for stream, _, _ in self._streams:
            stream.waiting.notify()

    def pump(self, done) -> None:
        """Writes all streams, each in a thread, the last in this one; calls ``done`` when all are closed."""
        left = [len(self._streams)]

        def run(stream, kind, source) -> None:
            self._write(stream, kind, source)
            left[0] -= 1
            if left[0] == 0:
                done()

        *others, last = self._streams
        for each in others:
            try:
                start_new_thread(run, each)
            except (RuntimeError, MemoryError):
                run(*each)
        run(*last)

    async def pump_async(self, done) -> None:
        import asyncio

        await asyncio.gather(*(self._write_async(*each) for each in self._streams))
        done()

    def _write(self, stream, kind, source) -> None:
        error = None
        try:
            for part in _parts(kind, source, self._guest.max_bytes):
                view = memoryview(part)
                while len(view):
                    stream.waiting.wait(lambda: stream.can_write() or self._is_over(), self._guest.engine)
                    self._raise_if_over()
                    view = view[stream.write_some(view) :]
        except StreamClosed:
            pass
        except BaseException as raised:  # noqa: BLE001 - a generator of the plugin's may raise anything.
            error = self._error_frame(raised)
        finally:
            _close(source)
        stream.waiting.wait(stream.can_close, self._guest.engine)
        stream.close(error)

    async def _write_async(self, stream, kind, source) -> None:
        error = None
        try:
            async for part in _parts_async(kind, source, self._guest.max_bytes):
                view = memoryview(part)
                while len(view):
                    await stream.waiting.wait_async(
                        lambda: stream.can_write() or self._is_over(), self._guest.engine
                    )
                    self._raise_if_over()
                    view = view[stream.write_some(view) :]
        except StreamClosed:
            pass
        except BaseException as raised:  # noqa: BLE001 - a generator of the plugin's may raise anything.
            error = self._error_frame(raised)
        finally:
            if hasattr(source, "aclose"):
                await source.aclose()
            else:
                _close(source)
        await stream.waiting.wait_async(stream.can_close, self._guest.engine)
        stream.close(error)

    def _is_over(self) -> bool:
        return self._services.is_cancelled

    def _raise_if_over(self) -> None:
        if self._services.is_cancelled:
            self._services.raise_if_cancelled()

    def _error_frame(self, raised) -> bytes:
        if isinstance(raised, (NotJson, TooLarge)):
            error = wire_error("PLUGIN_BUG", f"Cannot send an item: {raised}")
        else:
            error = to_wire_error(raised, self._services.is_cancelled)
        try:
            encoded = dumps(error)
        except NotJson:
            encoded = b""
        if not encoded or len(encoded) > MAX_ERROR_FRAME_BYTES:
            encoded = dumps(wire_error(error["data"]["code"], error["message"]))
        return encoded


def _announce(at, number, kind, source) -> dict:
    attachment = {"at": at, "stream": number, "kind": kind}
    if kind == "bytes" and isinstance(source, bytes):
        # So that the host can put what arrives where it will stay. Other kinds may change before they are sent.
        attachment["bytes"] = len(source)
    return attachment


def _parts(kind, source, max_bytes):
    if kind in ("bytes", "json"):
        yield source
    elif kind == "items":
        for item in source:
            yield from _item(item, max_bytes)
    elif hasattr(source, "readinto"):
        while True:
            chunk = source.read(READ_BYTES)
            if not chunk:
                return
            yield chunk
    else:
        yield from source


async def _parts_async(kind, source, max_bytes):
    if hasattr(source, "__aiter__"):
        async for each in source:
            if kind == "items":
                for part in _item(each, max_bytes):
                    yield part
            else:
                yield each
    else:
        for part in _parts(kind, source, max_bytes):
            yield part


def _item(item, max_bytes):
    if isinstance(item, (bytes, bytearray, memoryview)):
        data = bytes(item)
        if len(data) > MAX_ITEM_BYTES:
            raise TooLarge(f"an item of bytes has at most {MAX_ITEM_BYTES}")
        yield b"@%d\n" % len(data) + data
    else:
        line = dumps(item)
        misfit = find_misfit(line, max_bytes)
        if misfit is not None:
            raise TooLarge(misfit)
        yield line + b"\n"


def _close(source) -> None:
    close = getattr(source, "close", None)
    if close is not None:
        try:
            close()
        except BaseException:  # noqa: BLE001 - it ends; what a generator does about it is its own affair.
            pass
