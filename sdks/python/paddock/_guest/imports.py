"""Holds the plugin's own imports to the manifest's list. What allowed modules import themselves is theirs."""

from __future__ import annotations

import builtins
import sys

#: What every file begins with, and what the list is about.
_ALWAYS = ("__future__", "paddock")


class ImportRefused(ImportError):
    """The manifest does not name the module. It is an ImportError, so that optional imports stay optional."""


def allow_imports(allowed, root: str) -> None:
    """From now on files below ``root`` import only those modules (with their parts) and each other."""
    names = (*_ALWAYS, *allowed)
    own = root.rstrip("/") + "/"
    original = builtins.__import__

    def guarded(name, globals=None, locals=None, fromlist=(), level=0):
        if (
            level == 0
            and not _is_foreign(globals, locals, fromlist, own)
            and not _is_named(name, fromlist, names)
            and not _is_own(name, own)
        ):
            raise ImportRefused(
                f'Cannot import "{name}": the manifest does not name it. Add "{name}" to runtime.imports.',
                name=name,
            )
        return original(name, globals, locals, fromlist, level)

    builtins.__import__ = guarded


def _is_foreign(globals, locals, fromlist, own: str) -> bool:
    """Whether somebody else than a file of the plugin's imports."""
    if globals is None:
        return False
    # Compiled modules import in the name of whoever called them, in a way that no statement does.
    if isinstance(fromlist, list) and not fromlist and locals is globals:
        return True
    file = globals.get("__file__")
    if isinstance(file, str):
        return not file.startswith(own)
    return getattr(globals.get("__spec__"), "origin", None) in ("frozen", "built-in")


def _is_named(name: str, fromlist, names) -> bool:
    if any(name == each or name.startswith(each + ".") for each in names):
        return True
    # `from xml import etree` when the list has xml.etree.
    return bool(fromlist) and all(f"{name}.{part}" in names for part in fromlist)


def _is_own(name: str, own: str) -> bool:
    """Whether the module is a file of the plugin's: looked for, not imported."""
    top = name.partition(".")[0]
    known = sys.modules.get(top)
    if known is not None:
        file = getattr(known, "__file__", None)
        places = [file] if file else list(getattr(known, "__path__", ()))
        return any(str(place).startswith(own) or str(place) + "/" == own for place in places)
    finder = next((each for each in sys.meta_path if getattr(each, "__name__", "") == "PathFinder"), None)
    spec = finder.find_spec(top, [path for path in sys.path if (path + "/").startswith(own)]) if finder else None
    return spec is not None
