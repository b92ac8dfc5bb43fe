"""Failures that an author declares."""

from __future__ import annotations


class Failure(Exception):
    """A declared failure. Callers get its code, message and details as PLUGIN_ERROR."""

    def __init__(self, code: str, message: str, details: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details


def fail(code: str, message: str | None = None, details: object = None) -> Failure:
    """Makes an error to raise: ``raise fail("NOT_A_PICTURE")``. The manifest's ``errors`` declare the code."""
    if not is_failure_code(code):
        raise TypeError(f"Cannot fail with {code!r}: a code is like NOT_A_PICTURE")
    return Failure(code, code if message is None else str(message), details)


def is_failure_code(code: object) -> bool:
    """True for ``[A-Z][A-Z0-9_]{0,63}``."""
    return (
        isinstance(code, str)
        and 0 < len(code) <= 64
        and "A" <= code[0] <= "Z"
        and all("A" <= each <= "Z" or "0" <= each <= "9" or each == "_" for each in code)
    )
