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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .files import Files, OutputFile
    from .streams import ByteStream, ItemStream

__all__ = [
    "AsyncContext",
    "AsyncEvents",
    "AsyncKeyValueStore",
    "AsyncPlugins",
    "ByteStream",
    "Cancelled",
    "Context",
    "Events",
    "Failure",
    "Files",
    "HostError",
    "ItemStream",
    "KeyValueStore",
    "Log",
    "OutputFile",
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

_LATER = {"ByteStream": "streams", "Files": "files", "ItemStream": "streams", "OutputFile": "files"}


def __getattr__(name: str):
    """Names that few plugins need are imported when somebody asks for them."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"{__name__}.{_LATER[name]}", fromlist=[name])
    return getattr(module, name)
