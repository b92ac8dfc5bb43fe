"""Answers to the host's requests."""

from __future__ import annotations

from .bounds import find_misfit
from .failures import to_wire_error, wire_error
from .json_text import NotJson, dumps


class Replies:
    """Sends results and errors in a shape that the host accepts."""

    def __init__(self, guest) -> None:
        self._guest = guest
        self._send = guest.send

    def succeed(self, number: int, value, services):
        """Answers with a value, or with the reason why it cannot be sent; returns what is left to send."""
        try:
            line = b'{"jsonrpc":"2.0","id":%d,"result":%b}' % (number, dumps(value))
            misfit = find_misfit(line, self._guest.max_bytes)
            if misfit is None:
                self._send(line)
                return None
            if self._guest.data_fd is None:
                self.fail(number, wire_error("RESULT_TOO_LARGE", f"The result is too large: {misfit}"))
                return None
        except NotJson as error:
            if self._guest.data_fd is None or error.found is None:
                self.fail(number, wire_error("PLUGIN_BUG", f"Cannot send the result: {error}"))
                return None
        except BaseException as error:  # noqa: BLE001 - a value whose own methods raise.
            self.fail(number, to_wire_error(error, services.is_cancelled))
            return None
        return self._succeed_beside(number, value, services)

    def _succeed_beside(self, number: int, value, services):
        from .answers import Answer, TooLarge

        try:
            answer = Answer(self._guest, services, number, value)
            return answer if answer.send() else None
        except TooLarge as error:
            self.fail(number, wire_error("RESULT_TOO_LARGE", f"The result is too large: {error}"))
        except NotJson as error:
            self.fail(number, wire_error("PLUGIN_BUG", f"Cannot send the result: {error}"))
        except BaseException as error:  # noqa: BLE001 - a value whose own methods raise.
            self.fail(number, to_wire_error(error, services.is_cancelled))
        return None

    def fail(self, number: int, error: dict) -> None:
        """Answers with an error, without its details where they are no JSON or do not fit."""
        try:
            line = _failure(number, error)
            if find_misfit(line, self._guest.max_bytes) is None:
                self._send(line)
                return
        except Exception:  # noqa: BLE001 - details may be anything.
            pass
        data = {name: value for name, value in error.get("data", {}).items() if name != "details"}
        self._send(_failure(number, {**error, "data": {**data, "detailsDropped": True}}))


def _failure(number: int, error: dict) -> bytes:
    return b'{"jsonrpc":"2.0","id":%d,"error":%b}' % (number, dumps(error))
