"""Decorators with which a plugin says what it does."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar, overload

    Function = TypeVar("Function", bound=Callable[..., Any])


class Registry:
    """What the plugin's modules registered while they were imported."""

    def __init__(self) -> None:
        self.actions: dict[str, Callable[..., Any]] = {}
        self.events: dict[str, Callable[..., Any]] = {}
        self.hooks: dict[str, Callable[..., Any]] = {}


registry = Registry()

if TYPE_CHECKING:

    @overload
    def action(function: Function, /) -> Function: ...
    @overload
    def action(*, name: str) -> Callable[[Function], Function]: ...


def action(function=None, *, name=None):
    """Makes a function an action: ``def resize(input, ctx)``, or ``async def``; ``ctx`` may be left out.

    The function's own name is the action's, unless ``name`` says otherwise. A generator streams its items.
    """

    def register(found):
        return _register(registry.actions, name or found.__name__, found, "action")

    return register if function is None else register(function)


def on_event(topic: str) -> Callable[[Function], Function]:
    """Makes a function the handler of a topic, such as ``orders.paid`` or ``orders.*``: ``(payload, ctx)``."""
    return lambda function: _register(registry.events, topic, function, "handler of topic")


def init(function: Function) -> Function:
    """Runs the function once before the first call; it may take a ``Context``."""
    return _register(registry.hooks, "init", function, "hook")


def shutdown(function: Function) -> Function:
    """Runs the function before a gentle end."""
    return _register(registry.hooks, "shutdown", function, "hook")


def suspend(function: Function) -> Function:
    """Runs the function before the guest is frozen."""
    return _register(registry.hooks, "suspend", function, "hook")


def resume(function: Function) -> Function:
    """Runs the function when the guest was frozen and goes on."""
    return _register(registry.hooks, "resume", function, "hook")


def health(function: Function) -> Function:
    """Asks the function whether the plugin can take calls: ``False`` and errors mean no."""
    return _register(registry.hooks, "health", function, "hook")


def _register(table, name, function, what):
    if not callable(function):
        raise TypeError(f'The {what} "{name}" is not a function')
    if name in table:
        raise TypeError(f'There are two functions for the {what} "{name}"')
    table[name] = function
    return function
