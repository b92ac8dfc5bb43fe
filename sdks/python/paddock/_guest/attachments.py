"""Values that travel beside a message: taken out of a result, put into a payload."""

from __future__ import annotations

from ..files import OutputFile
from ..streams import ByteStream, ItemStream
from .json_text import NotJson, loads

MAX_ATTACHMENTS = 32
MAX_POINTER_STEPS = 8


def detach(value):
    """The value with ``None`` in place of what is no JSON, and a list of ``(pointer, kind, source)``."""
    found: list = []
    return _detach(value, "", 0, found), found


def _detach(value, pointer: str, steps: int, found: list):
    if isinstance(value, dict):
        return {name: _detach(each, f"{pointer}/{_escape(name)}", steps + 1, found) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_detach(each, f"{pointer}/{at}", steps + 1, found) for at, each in enumerate(value)]
    kind = kind_of(value)
    if kind is None:
        return value
    if steps > MAX_POINTER_STEPS:
        raise NotJson(f"bytes and streams lie at most {MAX_POINTER_STEPS} levels deep")
    if len(found) == MAX_ATTACHMENTS:
        raise NotJson(f"a result has at most {MAX_ATTACHMENTS} byte strings, streams and files")
    found.append((pointer, kind, value))
    return None


def kind_of(value) -> str | None:
    """How a value travels beside the message; ``None`` for JSON and for what does not travel at all."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "bytes"
    if isinstance(value, OutputFile):
        return "file"
    if isinstance(value, (ByteStream, ItemStream)):
        return "byteStream" if isinstance(value, ByteStream) else "items"
    if hasattr(value, "readinto") and hasattr(value, "read"):
        return "byteStream"
    if hasattr(value, "__next__") or hasattr(value, "__anext__"):
        return "items"
    return None


def _escape(name) -> str:
    if not isinstance(name, str):
        raise NotJson("keys around bytes and streams are text")
    return name.replace("~", "~0").replace("/", "~1")


class Arrivals:
    """What travels beside a payload: accepted at once, put in its place when it is there."""

    def __init__(self, attachments, data, engine) -> None:
        self._engine = engine
        self._parts = [(each["at"], each["kind"], data.accept(each["stream"])) for each in attachments]

    def place(self, payload):
        """The payload with everything in it; blocks this thread until what must be whole is."""
        root = [payload]
        for pointer, kind, incoming in self._parts:
            value = self._open(kind, incoming)
            if value is None:
                value = _whole(kind, b"".join(ByteStream(incoming, self._engine)))
            _place(root, pointer, value)
        return root[0]

    async def place_async(self, payload):
        root = [payload]
        for pointer, kind, incoming in self._parts:
            value = self._open(kind, incoming)
            if value is None:
                value = _whole(kind, await ByteStream(incoming, self._engine).read_async())
            _place(root, pointer, value)
        return root[0]

    def give_up(self) -> None:
        """The call is over: whatever was not read never will be."""
        for _, _, incoming in self._parts:
            incoming.give_up()

    def _open(self, kind: str, incoming):
        if kind == "byteStream":
            return ByteStream(incoming, self._engine)
        return ItemStream(incoming, self._engine) if kind == "items" else None


def _whole(kind: str, data: bytes):
    return loads(data.decode("utf-8")) if kind == "json" else data


def _place(root: list, pointer: str, value) -> None:
    holder, key = root, 0
    for step in pointer.split("/")[1:]:
        holder = holder[key]
        key = int(step) if isinstance(holder, list) else step.replace("~1", "/").replace("~0", "~")
    holder[key] = value
