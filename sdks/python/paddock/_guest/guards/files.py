"""Refuses paths outside of the plugin's own places, saying which capability to ask for."""

from __future__ import annotations

import sys

from ...permission_error import PermissionError as Denied
from ...permission_error import path_hint

_DEVICES = ("/dev/null", "/dev/random", "/dev/urandom")

#: O_WRONLY, O_RDWR and O_CREAT.
_WRITING = 0o1 | 0o2 | 0o100

_READS = {"os.listdir": 0, "os.scandir": 0, "os.walk": 0, "glob.glob": 0}
_WRITES = {
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.link": (0, 1),
    "os.mkdir": (0,),
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.rmdir": (0,),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "os.utime": (0,),
    "sqlite3.connect": (0,),
}


def file_events(permissions: dict, root: str) -> dict:
    """Events of the interpreter about files, and what refuses them."""
    writable = [f"{root}/data", "/data", "/tmp", "/outbox", *_DEVICES, *_granted(permissions, "fs.write")]
    # The library and this package: the interpreter imports them for the plugin.
    readable = [*writable, root, "/inbox", sys.prefix, *sys.path, *_granted(permissions, "fs.read")]

    def check(path, is_write) -> None:
        file = _absolute(path)
        if file is None:
            return
        for place in writable if is_write else readable:
            if file == place or file.startswith(place + "/"):
                return
        raise _denial(file, is_write)

    def refuse_open(_, args) -> None:
        check(args[0], _is_writing(args[1], args[2]))

    def refuse_read(event, args) -> None:
        check(args[_READS[event]], False)

    def refuse_write(event, args) -> None:
        for at in _WRITES[event]:
            check(args[at], True)

    return {
        "open": refuse_open,
        **{event: refuse_read for event in _READS},
        **{event: refuse_write for event in _WRITES},
    }


def _is_writing(mode, flags) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITING)


def _absolute(path):
    """``None`` for descriptors and for what Python will refuse itself."""
    if isinstance(path, bytes):
        path = path.decode("utf-8", "surrogateescape")
    if not isinstance(path, str) or not path or path.startswith((":memory:", "file:")):
        return None
    if path[0] == "/" and "/." not in path and "//" not in path:
        # What the interpreter opens itself looks like this; the module that knows more is loaded for others only.
        return path
    from posixpath import abspath

    try:
        return abspath(path)
    except (OSError, ValueError):
        return None


def _denial(file: str, is_write: bool) -> Denied:
    verb, capability, places = (
        ("write", "fs.write", "/data and /tmp") if is_write else ("read", "fs.read", "/plugin, /data and /tmp")
    )
    sentence = f'EACCES: Cannot {verb} "{file}": a plugin may {verb} in {places} only.'
    error = Denied(capability, sentence, hint=path_hint(capability, file))
    error.filename = file
    return error


def _granted(permissions: dict, capability: str) -> list:
    parameters = permissions.get(capability)
    paths = parameters.get("paths") if isinstance(parameters, dict) else None
    return [path.rstrip("/") for path in paths if isinstance(path, str)] if isinstance(paths, list) else []


