"""Good error messages before the kernel's terse ones, and depth; never the wall."""

from __future__ import annotations

import sys

from .files import file_events
from .network import network_events
from .processes import process_events


def apply_guards(permissions: dict, root: str) -> None:
    """Refuses, for good, what the permissions do not name. Costs nothing where nothing is refused or asked."""
    refusals = {
        **file_events(permissions, root),
        **network_events(permissions),
        **process_events(permissions),
    }

    def hook(event, args, find=refusals.get) -> None:
        refuse = find(event)
        if refuse is not None:
            refuse(event, args)

    # An audit hook sees what every module does, the interpreter's own included, and cannot be removed again.
    sys.addaudithook(hook)
