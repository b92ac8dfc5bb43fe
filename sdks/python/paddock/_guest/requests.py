"""Requests of the plugin to the host."""

from __future__ import annotations

from ..host_error import HostError
from ..permission_error import PermissionError as Denied
from .bounds import find_misfit
from .json_text import dumps

#: Codes that mean "you may not", as opposed to "it did not work".
_DENIALS = ("CAPABILITY_UNKNOWN", "CAPABILITY_NOT_DECLARED", "CAPABILITY_NOT_GRANTED", "CEILING_EXCEEDED")


class Requests:
    """Numbers requests and finds who waits for a reply; a reply that nobody waits for is dropped."""

    def __init__(self, send) -> None:
        self._send = send
        self._last_id = 0
        self._waiting: dict = {}
        #: Bytes of one line to the host, as ``initialize`` said.
        self.max_bytes = 0

    def send(self, capability: str, method: str, params: dict, settle) -> None:
        """Sends a request; ``settle(result, error)`` is called once, in the thread that reads the reply."""
        encoded = dumps(params)
        self._last_id = number = self._last_id + 1
        line = b'{"jsonrpc":"2.0","id":%d,"method":"%b","params":%b}' % (number, method.encode(), encoded)
        misfit = find_misfit(line, self.max_bytes)
        if misfit is not None:
            raise HostError("PAYLOAD_TOO_LARGE", f'Cannot send "{method}" to the host: {misfit}')
        self._waiting[number] = (capability, settle)
        self._send(line)

    def succeed(self, number: int, result) -> None:
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            waiting[1](result if isinstance(result, dict) else {}, None)

    def fail(self, number: int, error: dict) -> None:
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            waiting[1](None, _to_exception(waiting[0], error))


def _to_exception(capability: str, error: dict) -> Exception:
    code = (error.get("data") or {}).get("code", "INTERNAL")
    message = error.get("message", "")
    return Denied(capability, message, code=code) if code in _DENIALS else HostError(code, message)
