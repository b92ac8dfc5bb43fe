"""Puts a pipe into asyncio as soon as somebody imports it, and costs nothing before."""

from __future__ import annotations

import sys

_MODULE = "asyncio.selector_events"


class _Watcher:
    """Stands first among the finders of modules until the one it waits for is imported."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != _MODULE:
            return None
        sys.meta_path.remove(_Watcher)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = _Loader(spec.loader)
                return spec
        return None


class _Loader:
    def __init__(self, loader) -> None:
        self._loader = loader

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module) -> None:
        self._loader.exec_module(module)
        module.BaseSelectorEventLoop._make_self_pipe = _make_self_pipe

    def __getattr__(self, name):
        return getattr(self._loader, name)


def patch_when_imported() -> None:
    """A guest may not make sockets; a pipe does as well for a loop that wakes itself."""
    sys.meta_path.insert(0, _Watcher)


class _PipeEnd:
    """The methods of a socket that asyncio calls on its own pair of them."""

    def __init__(self, fd: int) -> None:
        import os

        self._os = os
        self._fd = fd
        os.set_blocking(fd, False)

    def fileno(self) -> int:
        return self._fd

    def recv(self, size: int) -> bytes:
        return self._os.read(self._fd, size)

    def send(self, data: bytes) -> int:
        return self._os.write(self._fd, data)

    def close(self) -> None:
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            self._os.close(fd)


def _make_self_pipe(self) -> None:
    import os

    reader, writer = os.pipe()
    self._ssock, self._csock = _PipeEnd(reader), _PipeEnd(writer)
    self._internal_fds += 1
    self._add_reader(reader, self._read_from_self)
