"""Refuses new processes and doors out of Python, saying which capability would allow them."""

from __future__ import annotations

from ...permission_error import PermissionError as Denied

_STARTS = {
    "os.exec": "replace itself by a program",
    "os.fork": "start a process",
    "os.forkpty": "start a process",
    "os.posix_spawn": "start a program",
    "os.spawn": "start a program",
    "os.system": "start a shell",
    "pty.spawn": "start a program",
    "subprocess.Popen": "start a program",
}

#: No capability opens these.
_DOORS = {
    "ctypes.dlopen": "load native code",
    "ctypes.cdata": "reach into memory",
    "os.kill": "send signals to processes",
    "os.killpg": "send signals to processes",
    "os.setxattr": "set attributes of files",
    "syslog.openlog": "write to the machine's log",
}


def process_events(permissions: dict) -> dict:
    """Events of the interpreter about processes, and what refuses them."""
    found = {}
    if "process.spawn" not in permissions:
        found.update({event: _refuse_start for event in _STARTS})
    found.update({event: _refuse_door for event in _DOORS})
    return found


def _refuse_start(event, args) -> None:
    target = next((_text(each) for each in args if isinstance(each, (str, bytes))), "")
    name = f' "{target}"' if target else ""
    raise Denied("process.spawn", f"Cannot {_STARTS[event]}{name}: a plugin may not.")


def _refuse_door(event, _) -> None:
    raise Denied("", f"Cannot {_DOORS[event]} in a plugin: no capability allows it.")


def _text(name) -> str:
    return (name.decode("utf-8", "replace") if isinstance(name, bytes) else name)[:200]
