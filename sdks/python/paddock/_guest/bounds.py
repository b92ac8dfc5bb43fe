"""What the host accepts in one line, measured before it is sent: a line beyond it would end the guest."""

from __future__ import annotations

MAX_DEPTH = 128
MAX_TOKENS = 10_000
MAX_INLINE_BYTES = 65_536
MAX_ERROR_CHARACTERS = 2_000


def find_misfit(line: bytes, max_bytes: int) -> str | None:
    """What keeps a line from being accepted; ``None`` when it fits. Short lines cost nothing."""
    if len(line) > max_bytes:
        return f"{len(line)} bytes, where {max_bytes} are allowed"
    if len(line) <= 2 * MAX_DEPTH:
        return None
    opened = line.count(b"[") + line.count(b"{")
    if opened <= MAX_DEPTH and 1 + opened + line.count(b",") + line.count(b":") <= MAX_TOKENS:
        return None
    return _find_excess(line)


def _find_excess(line: bytes) -> str | None:
    tokens = 1
    depth = 0
    inside = False
    # Without escaped backslashes and quotes, every quote that is left begins or ends a text.
    for part in line.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"'):
        if not inside:
            tokens += part.count(b",") + part.count(b":")
            for character in part:
                if character in b"[{":
                    tokens += 1
                    depth += 1
                    if depth > MAX_DEPTH:
                        return f"more than {MAX_DEPTH} levels deep"
                elif character in b"]}":
                    depth -= 1
            if tokens > MAX_TOKENS:
                return f"more than {MAX_TOKENS} JSON tokens"
        inside = not inside
    return None
