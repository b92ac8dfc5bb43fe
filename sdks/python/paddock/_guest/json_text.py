"""JSON text to values and back, without importing ``json``.

``json`` imports ``re``, and both together take longer than everything else a guest does before its first reply.
Python's own accelerator is enough; where it is missing or has changed, ``json`` does the work.
"""

from __future__ import annotations

__all__ = ["NotJson", "loads", "dumps"]

MAX_SAFE_INTEGER = 2**53 - 1


class NotJson(ValueError):
    """A value that JSON cannot carry, or not exactly. ``found`` is the value where it is of a strange type."""

    def __init__(self, message: str, found=None) -> None:
        super().__init__(message)
        self.found = found


def _refuse(value):
    name = type(value).__name__
    raise NotJson(f"a value of type {name} is not JSON{_ADVICE.get(name, '')}", value)


_ADVICE = {
    "set": ": return a list",
    "frozenset": ": return a list",
    "bytearray": ": return bytes",
    "Decimal": ": return text or a float",
    "datetime": ": return its isoformat()",
    "date": ": return its isoformat()",
    "coroutine": ": an await is missing",
}


def _load_accelerator():
    import _json

    class Options:
        strict = True
        object_hook = None
        object_pairs_hook = None
        parse_float = float
        parse_int = int
        parse_constant = float
        memo = None

    scan = _json.make_scanner(Options)

    def loads(text):
        try:
            value, end = scan(text, 0)
        except StopIteration:
            raise ValueError("not JSON") from None
        if end != len(text):
            raise ValueError("not JSON")
        return value

    def encoder_with(markers):
        return _json.make_encoder(
            markers, _refuse, _json.encode_basestring, None, ":", ",", False, False, False
        )

    # Without a table of what it is in the middle of: a cycle is as deep as anything, and is told apart then.
    plain = encoder_with(None)

    def encode(value):
        try:
            return "".join(plain(value, 0))
        except RecursionError:
            return "".join(encoder_with({})(value, 0))

    if loads('{"a":[1]}') != {"a": [1]} or encode({"a": [1, "é"]}) != '{"a":[1,"é"]}':
        raise ImportError("the accelerator of json has changed")
    return loads, encode


def _load_module():
    import json

    encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_refuse, separators=(",", ":"))
    return json.loads, encoder.encode


try:
    loads, _encode = _load_accelerator()
except (ImportError, AttributeError, TypeError, ValueError):
    loads, _encode = _load_module()


def dumps(value) -> bytes:
    """JSON in UTF-8. Raises NotJson for what JSON cannot carry: NaN, sets, cycles, integers beyond 2^53."""
    try:
        text = _encode(value)
    except NotJson:
        raise
    except RecursionError:
        raise NotJson("a value of it is nested too deeply") from None
    except (ValueError, TypeError) as error:
        raise NotJson(_explain(str(error))) from None
    # A lone surrogate becomes its JSON escape, as in JavaScript: this is how Python writes what it cannot encode.
    encoded = text.encode("utf-8", "backslashreplace")
    if len(encoded) >= 16 and _LONG_NUMBER in encoded.translate(_DIGITS):
        _check_integers(value)
    return encoded


def _explain(message: str) -> str:
    if "Out of range float" in message:
        return "NaN and infinity are not JSON: return None or text"
    if "Circular reference" in message:
        return "a value of it contains itself"
    return message


# Only where sixteen digits follow one another can there be an integer that JSON readers round.
_LONG_NUMBER = b"0" * 16
_DIGITS = bytes(48 if 48 <= code <= 57 else 32 for code in range(256))


def _check_integers(value) -> None:
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            waiting.extend(found.values())
        elif isinstance(found, (list, tuple)):
            waiting.extend(found)
        elif isinstance(found, int) and not _is_exact(found):
            raise NotJson("an integer beyond 2^53 is not exact in JSON: return it as text")


def _is_exact(number: int) -> bool:
    """Whether a reader that has only floating point gets this very number, or writes it with these very digits."""
    if -MAX_SAFE_INTEGER <= number <= MAX_SAFE_INTEGER:
        return True
    try:
        nearest = float(number)
    except OverflowError:
        return False
    if int(nearest) == number:
        return abs(number) != MAX_SAFE_INTEGER + 1
    # Numbers of the host's own come as their shortest digits, filled up with zeros.
    digits, _, exponent = repr(nearest).partition("e")
    whole, _, fraction = digits.partition(".")
    zeros = int(exponent or 0) - len(fraction)
    return zeros >= 0 and int(whole + fraction) * 10**zeros == number
