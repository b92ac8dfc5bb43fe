"""Errors of requests to the host."""

from __future__ import annotations


class HostError(Exception):
    """A request to the host failed for a reason other than a permission."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        #: A code of the host's table, ``QUOTA_EXCEEDED`` for example.
        self.code = code


class Cancelled(Exception):
    """Raised by ``ctx.signal.raise_if_aborted()``: nobody waits for the answer any more."""
