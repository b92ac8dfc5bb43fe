"""Files that come with a call, and files that its result returns."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

MAX_OUTPUT_FILES = 32
MAX_NAME_CHARACTERS = 100


class OutputFile:
    """A file for the caller. Write to its ``path``, close it, and return the object, alone or in the result."""

    __slots__ = ("name", "number", "path")

    def __init__(self, path: str, name: str, number: int) -> None:
        #: Where to write it.
        self.path = path
        #: What the caller sees.
        self.name = name
        #: Its number among those of its call.
        self.number = number

    def __fspath__(self) -> str:
        return self.path


class Files:
    """The files of one call."""

    def __init__(self, inbox: Mapping[str, str] | None, prefix: str | None) -> None:
        #: Input files by name: where each can be read until the call ends.
        self.inbox: dict[str, str] = dict(inbox or {})
        self._prefix = prefix
        self._made: list[OutputFile] = []

    def create(self, name: str | None = None) -> OutputFile:
        """A place for an output file, seen by the caller as ``name``. What is not returned is removed."""
        if self._prefix is None:
            raise RuntimeError("Cannot make an output file: this host takes none")
        number = len(self._made) + 1
        if number > MAX_OUTPUT_FILES:
            raise ValueError(f"Cannot make an output file: a call has at most {MAX_OUTPUT_FILES}")
        shown = f"file-{number}" if name is None else name
        if not shown.isprintable() or "/" in shown or shown in ("", ".", "..") or len(shown) > MAX_NAME_CHARACTERS:
            raise ValueError(
                "Cannot make an output file of that name: "
                "use 1 to 100 characters without slashes and control characters"
            )
        file = OutputFile(f"{self._prefix}{number}", shown, number)
        self._made.append(file)
        return file

    def _remove(self) -> None:
        for file in self._made:
            try:
                os.remove(file.path)
            except OSError:
                # It was never written.
                pass
        self._made.clear()
