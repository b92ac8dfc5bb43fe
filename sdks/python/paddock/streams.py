"""Bytes and items that come while the action runs."""

from __future__ import annotations

from ._guest.json_text import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, AsyncIterator, Iterator


class ByteStream:
    """Bytes of the caller's. Iterate it, with ``for`` or ``async for``; how it is cut means nothing."""

    def __init__(self, incoming, engine) -> None:
        self._incoming = incoming
        self._engine = engine

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self._incoming.waiting.wait(self._incoming.can_read, self._engine)
            chunk = self._incoming.take()
            if chunk is None:
                return
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await self._incoming.waiting.wait_async(self._incoming.can_read, self._engine)
            chunk = self._incoming.take()
            if chunk is None:
                return
            yield chunk

    def read(self) -> bytes:
        """All the bytes that are left."""
        return b"".join(self)

    async def read_async(self) -> bytes:
        """``read`` for async actions."""
        return b"".join([chunk async for chunk in self])


class ItemStream:
    """Items of the caller's, JSON values and bytes. Iterate it, with ``for`` or ``async for``."""

    def __init__(self, incoming, engine) -> None:
        self._bytes = ByteStream(incoming, engine)
        self._rest = b""

    def __iter__(self) -> Iterator[Any]:
        for chunk in self._bytes:
            yield from self._cut(chunk)

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for chunk in self._bytes:
            for item in self._cut(chunk):
                yield item

    def _cut(self, chunk: bytes) -> Iterator[Any]:
        data = self._rest + chunk
        at = 0
        while True:
            end = data.find(b"\n", at)
            if end == -1:
                break
            if data[at : at + 1] == b"@":
                last = end + 1 + int(data[at + 1 : end])
                if last > len(data):
                    break
                yield data[end + 1 : last]
                at = last
            else:
                yield loads(data[at:end].decode("utf-8"))
                at = end + 1
        self._rest = data[at:]
