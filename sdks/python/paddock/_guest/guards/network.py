"""Refuses what reaches out, saying which capability would allow it."""

from __future__ import annotations

from ...permission_error import PermissionError as Denied

_AF_UNIX = 1

_CONNECTS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOOKS_UP = (
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
    "socket.getnameinfo",
)
_FETCHES = ("urllib.Request", "http.client.connect", "ftplib.connect", "smtplib.connect", "poplib.connect")


def network_events(permissions: dict) -> dict:
    """Events of the interpreter about the network, and what refuses them."""
    found: dict = {"socket.bind": _refuse_listening}
    if "net.connect" not in permissions:
        found["socket.__new__"] = _refuse_socket
        for event in _CONNECTS:
            found[event] = _refuser("net.connect", "connect to", 1)
    if "net.resolve" not in permissions:
        for event in _LOOKS_UP:
            found[event] = _refuser("net.resolve", "look up", 0)
    if "net.fetch" not in permissions:
        for event in _FETCHES:
            found[event] = _refuser("net.fetch", "send a request to", 0 if event == "urllib.Request" else 1)
    return found


def _refuser(capability: str, doing: str, at: int):
    def refuse(_, args) -> None:
        target = str(args[at])[:200] if len(args) > at else "a host"
        raise Denied(capability, f'Cannot {doing} "{target}": a plugin has no network of its own.')

    return refuse


def _refuse_socket(_, args) -> None:
    family = args[1] if len(args) > 1 else -1
    # A pair of connected sockets is made of these, and reaches nobody.
    if family in (-1, _AF_UNIX):
        return
    raise Denied("net.connect", "Cannot make a socket: a plugin has no network of its own.")


def _refuse_listening(_, args) -> None:
    raise Denied("", "Cannot listen for connections in a plugin: no capability allows it.")
