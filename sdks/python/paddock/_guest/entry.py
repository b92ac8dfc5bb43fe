"""What the host starts inside the walls: waits for ``initialize``, loads the plugin, serves it."""

from __future__ import annotations

import posix
import sys

from .bounds import MAX_INLINE_BYTES
from .call_services import Guest
from .channel import Channel
from .conversation import Conversation, give_up
from .failures import start_failure, wire_error
from .json_text import dumps, loads
from .lazy_asyncio import patch_when_imported
from .requests import Requests

#: The private descriptor to the host; stdout and stderr are logs.
CHANNEL_FD = 3
#: The versions of the protocol that this package speaks.
PROTOCOL = {"min": 1, "max": 1}


def main(told_json: str) -> None:
    """``told_json``: what the runtime knows of the plugin: its ``actions``, allowed ``imports`` and ``root``."""
    told = loads(told_json)
    for stream in (sys.stdout, sys.stderr):
        # A line is in the log when it was printed, and printing never fails for a character.
        stream.reconfigure(line_buffering=True, errors="backslashreplace")
    channel = Channel(CHANNEL_FD)
    lines: list = []
    while True:
        lines.extend(channel.read())
        while lines:
            serve = _begin(lines.pop(0), told, channel)
            if serve is not None:
                serve(lines)


def _begin(line: bytes, told: dict, channel: Channel):
    """Answers what comes before ``initialize``, and that itself when it fails; else returns what serves the rest."""
    try:
        message = loads(line.decode("utf-8")) if line else {}
    except ValueError:
        give_up("a line that is not JSON")
    number, method = message.get("id"), message.get("method")
    if number is None or method is None:
        return None
    try:
        if method == "initialize":
            return _start(number, message["params"], told, channel)
        error = wire_error("PLUGIN_UNAVAILABLE", "Cannot do that before initialize")
    except BaseException as raised:  # noqa: BLE001 - the plugin's code may raise anything, SystemExit too.
        error = start_failure(raised)
    channel.send(b'{"jsonrpc":"2.0","id":%d,"error":%b}' % (number, dumps(error)))
    return None


def _start(number: int, params: dict, told: dict, channel: Channel):
    from .plugin import load_plugin

    protocol = _negotiate(params["protocol"])
    guest = _guest_of(params, channel)
    patch_when_imported()
    if params.get("guards") is not False:
        from .guards import apply_guards

        apply_guards(params.get("permissions") or {}, told["root"])
    if told.get("imports") is not None:
        from .imports import allow_imports

        allow_imports(told["imports"], told["root"])
    plugin = load_plugin(params["entry"], told["root"], told["actions"])
    conversation = Conversation(guest, plugin)
    guest.engine = _engine_for(plugin, channel, conversation, params["limits"].get("threads", 8))
    result = {"protocol": protocol, "nonce": params["nonce"], "actions": list(plugin.actions)}
    if guest.data_fd is not None:
        result["data"] = True
    return lambda lines: guest.engine.run(lines, lambda: conversation.run_init(number, result))


def _guest_of(params: dict, channel: Channel) -> Guest:
    guest = Guest()
    guest.channel = channel
    guest.send = channel.send
    guest.requests = Requests(channel.send)
    guest.max_bytes = guest.requests.max_bytes = params["limits"].get("messageBytes", MAX_INLINE_BYTES)
    guest.data_fd = params.get("data")
    guest.outbox = params.get("outbox")
    guest.tenant = params.get("tenant", "main")
    guest.config_text = dumps(params.get("config")).decode()
    guest.permissions_text = dumps(params.get("permissions") or {}).decode()
    return guest


def _engine_for(plugin, channel: Channel, conversation: Conversation, threads: int):
    if plugin.is_async:
        from .event_loop import EventLoop

        return EventLoop(channel, CHANNEL_FD, conversation.receive, threads)
    from .workers import Workers

    return Workers(channel, conversation.receive, threads)


def _negotiate(host: dict) -> int:
    version = min(host["max"], PROTOCOL["max"])
    if version >= host["min"] and version >= PROTOCOL["min"]:
        return version
    raise RuntimeError(
        f"Cannot agree on a protocol: the host speaks version {host['min']} to {host['max']}, "
        f"this SDK version {PROTOCOL['min']} to {PROTOCOL['max']}. Update the older one"
    )
