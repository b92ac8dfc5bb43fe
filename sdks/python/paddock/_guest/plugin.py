"""The plugin's code, once it has been imported: its actions, handlers and hooks."""

from __future__ import annotations

import sys

from ..registry import registry
from .functions import is_async, takes_context, with_arguments, with_context

#: The name under which the plugin's folder is a package, so that its files may import each other relatively.
PACKAGE = "paddock_plugin"


class Action:
    """Something to run for a call: ``run(payload, ctx)``."""

    __slots__ = ("is_async", "run", "takes_context")

    def __init__(self, run, is_async, takes_context=True) -> None:
        self.run = run
        self.is_async = is_async
        self.takes_context = takes_context


class Plugin:
    """Actions by name, handlers of events by topic, hooks by name."""

    def __init__(self, actions, events, hooks) -> None:
        self.actions = actions
        self.events = events
        self.hooks = hooks

    @property
    def is_async(self) -> bool:
        """Whether anything in it needs an event loop."""
        return any(each.is_async for table in (self.actions, self.events, self.hooks) for each in table.values())

    def handler_of(self, topic: str):
        """The handler of that very topic, else of the longest pattern like ``orders.*``; ``None`` without one."""
        if topic in self.events:
            return self.events[topic]
        parts = topic.split(".")
        for length in range(len(parts) - 1, 0, -1):
            found = self.events.get(".".join(parts[:length]) + ".*")
            if found is not None:
                return found
        return self.events.get("*")


def load_plugin(entry: str, root: str, names) -> Plugin:
    """Imports the entry and reads what it registered; raises what the plugin raised."""
    module = _import_entry(entry, root)
    if registry.actions or registry.events:
        table = {
            name: Action(with_arguments(run), is_async(run), takes_context(run))
            for name, run in registry.actions.items()
        }
        events = {topic: Action(with_arguments(run), is_async(run)) for topic, run in registry.events.items()}
        hooks = {name: Action(with_context(run), is_async(run)) for name, run in registry.hooks.items()}
        return Plugin(table, events, hooks)
    older = getattr(module, "Plugin", None)
    if isinstance(older, type) and callable(getattr(older, "handle", None)):
        return _older_plugin(older, names)
    raise TypeError(
        f'"{entry}" has no action. Write "from paddock import action" and "@action" above a function, '
        'or a class Plugin with "async def handle(self, action, payload)"'
    )


def _import_entry(entry: str, root: str):
    relative = entry[len(root) :].strip("/")
    folders, _, file = relative.rpartition("/")
    # Imports look beside the entry first, as they do for a script, then in the plugin's folder.
    sys.path[:0] = [root + "/" + folders, root] if folders else [root]
    parent = type(sys)(PACKAGE)
    parent.__path__ = [root]
    sys.modules[PACKAGE] = parent
    parts = [PACKAGE, *folders.split("/")] if folders else [PACKAGE]
    module = file[: -len(".py")] if file.endswith(".py") else file
    if module != "__init__":
        parts.append(module)
    name = ".".join(parts)
    __import__(name)
    return sys.modules[name]


#: Hooks of the older shape, and what they are called here.
_OLDER_HOOKS = {"init": ("on_load", "on_start"), "shutdown": ("on_unload", "on_stop")}


def _older_plugin(kind, names) -> Plugin:
    plugin = kind()
    handle = plugin.handle
    actions = {
        name: Action(with_arguments(handle, name), is_async(handle), takes_context(handle, name)) for name in names
    }
    hooks = {}
    for hook, candidates in _OLDER_HOOKS.items():
        for candidate in candidates:
            found = getattr(plugin, candidate, None)
            if callable(found):
                hooks[hook] = Action(with_context(found), is_async(found))
                break
    hooks.update({name: Action(with_context(run), is_async(run)) for name, run in registry.hooks.items()})
    return Plugin(actions, {}, hooks)
