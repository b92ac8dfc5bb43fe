"""What a context asks of the guest, for one call."""

from __future__ import annotations

from _thread import allocate_lock
from time import monotonic

from ..host_error import Cancelled
from .bounds import find_misfit
from .json_text import NotJson, dumps

#: Characters of a message that is kept when the line as a whole does not fit.
CUT_CHARACTERS = 4_000
#: Shortest time between two progress lines of a call.
PROGRESS_SECONDS = 0.1
#: Characters of a progress message.
PROGRESS_CHARACTERS = 200


class Guest:
    """What all calls of one guest have in common."""

    __slots__ = (
        "_data",
        "channel",
        "config_text",
        "data_fd",
        "engine",
        "max_bytes",
        "outbox",
        "permissions_text",
        "requests",
        "send",
        "tenant",
    )

    @property
    def data(self):
        """The channel for what travels beside messages; made when something does."""
        try:
            return self._data
        except AttributeError:
            from .data_channel import DataChannel

            self._data = DataChannel(self.data_fd)
            return self._data


class Services:
    """One call (or none, for ``init`` and other hooks): its requests, its log, its cancellation."""

    # Defaults of the class: most calls never touch one of them, and every call is one of these.
    _listeners = None
    _newest = None
    _told_at = 0.0
    is_cancelled = False
    #: What travels beside the payload.
    arrivals = None
    #: Input files by name, and the files of the call once somebody asked for them.
    files = None
    made = None
    #: About the event, in a handler.
    topic = None
    sender = None

    def __init__(self, guest: Guest, call: int | None) -> None:
        self.guest = guest
        self.call = call

    def ask(self, capability: str, method: str, params: dict) -> dict:
        """The host's answer; blocks this thread only. Raises PermissionError or HostError."""
        latch = allocate_lock()
        latch.acquire()
        answer: list = []

        def settle(result, error) -> None:
            answer.append((result, error))
            latch.release()

        self.guest.requests.send(capability, method, self._about(params), settle)
        self.guest.engine.wait(latch)
        result, error = answer[0]
        if error is not None:
            raise error
        return result

    async def ask_async(self, capability: str, method: str, params: dict) -> dict:
        """The same for coroutines."""
        future = self.guest.engine.create_future()

        def settle(result, error) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.guest.requests.send(capability, method, self._about(params), settle)
        return await future

    def _about(self, params: dict) -> dict:
        return params if self.call is None else {"call": self.call, **params}

    def log(self, level: str, message: str, fields) -> None:
        about = self._about({"level": level})
        text = str(message)
        reason = "too long"
        try:
            whole = {**about, "message": text}
            if fields is not None:
                whole["fields"] = dict(fields)
            line = _notification(b"log", whole)
            if find_misfit(line, self.guest.max_bytes) is None:
                self.guest.send(line)
                return
        except (NotJson, TypeError, ValueError):
            reason = "fields are not JSON"
        cut = {**about, "message": text[:CUT_CHARACTERS], "fields": {"cut": reason}}
        self.guest.send(_notification(b"log", cut))

    def progress(self, fraction, message) -> None:
        if self.call is None:
            return
        told = {"call": self.call}
        if fraction is not None and 0 <= fraction <= 1:
            told["fraction"] = float(fraction)
        if message is not None:
            told["message"] = str(message)[:PROGRESS_CHARACTERS]
        now = monotonic()
        if now - self._told_at < PROGRESS_SECONDS:
            self._newest = told
            return
        self._told_at = now
        self._newest = None
        self.guest.send(_notification(b"progress", told))

    def open_files(self):
        if self.made is None:
            from ..files import Files

            prefix = self.guest.outbox
            self.made = Files(self.files, None if prefix is None else f"{prefix}{self.call}.")
        return self.made

    def finish(self) -> None:
        """The call is over: the newest progress that was held back leaves before its answer."""
        if self._newest is not None:
            self.guest.send(_notification(b"progress", self._newest))

    def cancel(self) -> None:
        self.is_cancelled = True
        listeners, self._listeners = self._listeners or [], None
        for listener in listeners:
            listener()

    def on_cancel(self, listener) -> None:
        if self.is_cancelled:
            listener()
            return
        if self._listeners is None:
            self._listeners = []
        self._listeners.append(listener)

    def raise_if_cancelled(self) -> None:
        if self.is_cancelled:
            raise Cancelled("The call was cancelled")

    def wait_for_cancel(self, seconds) -> bool:
        if not self.is_cancelled:
            latch = allocate_lock()
            latch.acquire()
            self.on_cancel(lambda: latch.locked() and latch.release())
            self.guest.engine.wait(latch, -1 if seconds is None else max(0.0, seconds))
        return self.is_cancelled


def _notification(method: bytes, params: dict) -> bytes:
    return b'{"jsonrpc":"2.0","method":"%b","params":%b}' % (method, dumps(params))
