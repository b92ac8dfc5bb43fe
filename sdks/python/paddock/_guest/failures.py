"""What the host is told about an error, and what goes to the plugin's own log."""

from __future__ import annotations

import sys

from ..failure import Failure, is_failure_code
from ..permission_error import PermissionError as Denied
from .bounds import MAX_ERROR_CHARACTERS

RPC_ERROR = -32000

#: ENOSPC, EFBIG, EDQUOT: a write would go over the quota of /data or /tmp, or over the largest file.
_DISK_FULL = (28, 27, 122)

_OWN_FILES = __file__.rsplit("/", 2)[0] + "/"


def wire_error(code: str, message: str, **data) -> dict:
    """An error as it crosses the wall."""
    return {"code": RPC_ERROR, "message": bound_text(message), "data": {"code": code, **data}}


def to_wire_error(raised: BaseException, is_cancelled: bool) -> dict:
    """The reply for what an action raised. What it did not declare goes to stderr with its traceback."""
    if isinstance(raised, Failure) and is_failure_code(raised.code):
        details = {} if raised.details is None else {"details": raised.details}
        return wire_error("PLUGIN_ERROR", str(raised.message), pluginCode=raised.code, **details)
    if is_cancelled:
        return wire_error("CANCELLED", "The call was cancelled")
    if isinstance(raised, OSError) and raised.errno in _DISK_FULL:
        return wire_error("DISK_LIMIT", name_and_message(raised))
    if isinstance(raised, MemoryError):
        return wire_error("MEMORY_LIMIT", "MemoryError: the host refused more memory")
    print_bug(raised)
    return wire_error("PLUGIN_BUG", name_and_message(raised), **_denial_of(raised))


def start_failure(raised: BaseException) -> dict:
    """The reply for what failed before the plugin was ready."""
    print_bug(raised)
    return wire_error("START_FAILED", name_and_message(raised), **_denial_of(raised))


def _denial_of(raised: BaseException) -> dict:
    if isinstance(raised, Denied):
        return {"capability": raised.capability, "denial": raised.code}
    return {}


def name_and_message(raised: BaseException) -> str:
    """``TypeError: x is not a function``. Never raises, whatever the error's own methods do."""
    try:
        text = str(raised)
        return f"{type(raised).__name__}: {text}" if text else type(raised).__name__
    except BaseException:  # noqa: BLE001 - `__str__` of a plugin may raise anything.
        return "an error that cannot be described"


def bound_text(text: str) -> str:
    """First line, bounded, control characters escaped: this text ends up in logs and on terminals."""
    line = text[:MAX_ERROR_CHARACTERS].split("\n", 1)[0].rstrip("\r")
    if line.isascii() and line.isprintable():
        return line
    return "".join(map(_escape, line))[:MAX_ERROR_CHARACTERS]


def _escape(character: str) -> str:
    code = ord(character)
    # C0, DEL, C1, the characters that turn the direction of text round, and halves of characters.
    is_hidden = code < 0x20 or 0x7F <= code <= 0x9F or 0x2028 <= code <= 0x202E or 0x2066 <= code <= 0x2069
    return f"\\u{code:04x}" if is_hidden or 0xD800 <= code <= 0xDFFF else character


def print_bug(raised: BaseException) -> None:
    """Writes an error with its traceback, from the plugin's first line on, to stderr. Never raises."""
    try:
        trace = raised.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OWN_FILES):
            trace = trace.tb_next
        sys.__excepthook__(type(raised), raised.with_traceback(trace), trace)
    except BaseException:  # noqa: BLE001 - nobody reads stderr, or the error resists: the reply matters more.
        pass
