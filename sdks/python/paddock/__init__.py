"""Write plugins for Paddock in Python.

    from paddock import action, fail

    @action
    def resize(picture, ctx):
        if picture["width"] > 4000:
            raise fail("TOO_LARGE")
        ctx.log.info("resized", {"width": picture["width"]})
        return {"url": picture["url"]}
"""

from .context import (
    AsyncContext,
    AsyncEvents,
    AsyncKeyValueStore,
    AsyncPlugins,
    Context,
    Events,
    KeyValueStore,
    Log,
    Plugins,
    Signal,
)
from .failure import Failure, fail
from .host_error import Cancelled, HostError
from .permission_error import PermissionError
from .registry import action, health, init, on_event, resume, shutdown, suspend

__all__ = [
    "AsyncContext",
    "AsyncEvents",
    "AsyncKeyValueStore",
    "AsyncPlugins",
    "Cancelled",
    "Context",
    "Events",
    "Failure",
    "HostError",
    "KeyValueStore",
    "Log",
    "PermissionError",
    "Plugins",
    "Signal",
    "action",
    "fail",
    "health",
    "init",
    "on_event",
    "resume",
    "shutdown",
    "suspend",
]
