"""Errors for what a plugin may not do."""

from __future__ import annotations

import builtins

_REASON = 'reason: "…"'

#: Parameters to start from, for capabilities that need some.
_EXAMPLES = {
    "storage.kv": "max: 5MB",
    "events.publish": f'topics: ["orders.paid"], {_REASON}',
    "events.subscribe": f'topics: ["orders.paid"], {_REASON}',
    "plugin.call": f'plugin: "acme/other", actions: [run], {_REASON}',
    "net.fetch": f'hosts: ["api.example.com:443"], methods: [GET], {_REASON}',
    "net.connect": f'targets: ["tcp://db.example.com:5432"], {_REASON}',
    "net.resolve": f'names: ["api.example.com"], {_REASON}',
    "process.spawn": f'programs: ["/usr/bin/program"], {_REASON}',
}


class PermissionError(builtins.PermissionError):
    """The plugin tried something that it may not do; the message ends with what to add to the manifest.

    It is also Python's own ``PermissionError``, so that code which expects that one goes on working.
    """

    def __init__(self, capability: str, sentence: str, *, code: str = "EACCES", hint: str | None = None) -> None:
        #: What to write in the manifest; empty where no capability allows it.
        self.hint = hint if hint is not None else _advise(capability)
        message = f"{sentence} {self.hint}" if self.hint else sentence
        super().__init__(message)
        #: A code of the host's table, or ``EACCES`` for what was refused inside the guest.
        self.code = code
        #: The capability that would allow it; empty where none does.
        self.capability = capability
        self.message = message
        self.errno = 13

    def __str__(self) -> str:
        return self.message


def _advise(capability: str) -> str:
    if not capability:
        return ""
    return f'Add "- {{ use: {capability}, {_EXAMPLES.get(capability, _REASON)} }}" under permissions.required.'


def path_hint(capability: str, path: str) -> str:
    """The advice for one path of ``fs.read`` or ``fs.write``."""
    return f'Add "- {{ use: {capability}, paths: ["{path}"], {_REASON} }}" under permissions.required.'
