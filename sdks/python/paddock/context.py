"""What every action may use besides its input."""

from __future__ import annotations

from ._guest.json_text import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Mapping

    from ._guest.call_services import Services
    from .files import Files


class Log:
    """The plugin's log. Fields are JSON; what does not fit into one line is cut. Never raises."""

    __slots__ = ("_services",)

    def __init__(self, services: Services) -> None:
        self._services = services

    def debug(self, message: str, fields: Mapping[str, Any] | None = None) -> None:
        self._services.log("debug", message, fields)

    def info(self, message: str, fields: Mapping[str, Any] | None = None) -> None:
        self._services.log("info", message, fields)

    def warn(self, message: str, fields: Mapping[str, Any] | None = None) -> None:
        self._services.log("warn", message, fields)

    #: The name that Python's own logging uses.
    warning = warn

    def error(self, message: str, fields: Mapping[str, Any] | None = None) -> None:
        self._services.log("error", message, fields)


class Signal:
    """Says when nobody waits for the answer any more."""

    __slots__ = ("_services",)

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def aborted(self) -> bool:
        """Whether the call was cancelled."""
        return self._services.is_cancelled

    def raise_if_aborted(self) -> None:
        """Raises ``Cancelled`` when the call was cancelled."""
        self._services.raise_if_cancelled()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until the call is cancelled, ``seconds`` at most; returns whether it was. Not for async actions."""
        return self._services.wait_for_cancel(seconds)

    def add_listener(self, listener: Callable[[], Any]) -> None:
        """Calls the function when the call is cancelled, at once when it was."""
        self._services.on_cancel(listener)


class KeyValueStore:
    """The plugin's own memory, one store for each tenant (``storage.kv``). Values are JSON.

    Every method raises ``PermissionError`` when the capability is not granted, else ``HostError``.
    """

    __slots__ = ("_ask",)

    def __init__(self, services: Services) -> None:
        self._ask = services.ask

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or ``default`` when there is none."""
        return self._ask("storage.kv", "kv.get", {"key": key}).get("value", default)

    def set(self, key: str, value: Any) -> None:
        self._ask("storage.kv", "kv.set", {"key": key, "value": value})

    def delete(self, key: str) -> None:
        """Deletes the value; does nothing when there is none."""
        self._ask("storage.kv", "kv.delete", {"key": key})

    def list(self, prefix: str | None = None, *, after: str | None = None, limit: int | None = None) -> list[str]:
        """Keys in order: those with the prefix only, those after ``after`` only, ``limit`` at most."""
        return self._ask("storage.kv", "kv.list", _given(prefix=prefix, after=after, limit=limit))["keys"]


class AsyncKeyValueStore:
    """``KeyValueStore`` for async actions."""

    __slots__ = ("_ask",)

    def __init__(self, services: Services) -> None:
        self._ask = services.ask_async

    async def get(self, key: str, default: Any = None) -> Any:
        """The value, or ``default`` when there is none."""
        return (await self._ask("storage.kv", "kv.get", {"key": key})).get("value", default)

    async def set(self, key: str, value: Any) -> None:
        await self._ask("storage.kv", "kv.set", {"key": key, "value": value})

    async def delete(self, key: str) -> None:
        """Deletes the value; does nothing when there is none."""
        await self._ask("storage.kv", "kv.delete", {"key": key})

    async def list(
        self, prefix: str | None = None, *, after: str | None = None, limit: int | None = None
    ) -> list[str]:
        """Keys in order: those with the prefix only, those after ``after`` only, ``limit`` at most."""
        return (await self._ask("storage.kv", "kv.list", _given(prefix=prefix, after=after, limit=limit)))["keys"]


class Events:
    """Events of the application and of other plugins."""

    __slots__ = ("_ask",)

    def __init__(self, services: Services) -> None:
        self._ask = services.ask

    def publish(self, topic: str, payload: Any = None) -> None:
        """Tells the application and subscribed plugins (``events.publish``)."""
        self._ask("events.publish", "events.publish", {"topic": topic, "payload": payload})


class AsyncEvents:
    """``Events`` for async actions."""

    __slots__ = ("_ask",)

    def __init__(self, services: Services) -> None:
        self._ask = services.ask_async

    async def publish(self, topic: str, payload: Any = None) -> None:
        """Tells the application and subscribed plugins (``events.publish``)."""
        await self._ask("events.publish", "events.publish", {"topic": topic, "payload": payload})


class Plugins:
    """Actions of other plugins that allow it (``plugin.call``)."""

    __slots__ = ("_ask",)

    def __init__(self, services: Services) -> None:
        self._ask = services.ask

    def call(self, plugin: str, action: str, payload: Any = None, *, timeout_ms: int | None = None) -> Any:
        """The other action's answer; its failure is a ``HostError``."""
        given = _given(plugin=plugin, action=action, timeoutMs=timeout_ms)
        return self._ask("plugin.call", "plugin.call", {**given, "payload": payload}).get("value")


class AsyncPlugins:
    """``Plugins`` for async actions."""

    __slots__ = ("_ask",)

    def __init__(self, services: Services) -> None:
        self._ask = services.ask_async

    async def call(self, plugin: str, action: str, payload: Any = None, *, timeout_ms: int | None = None) -> Any:
        """The other action's answer; its failure is a ``HostError``."""
        given = _given(plugin=plugin, action=action, timeoutMs=timeout_ms)
        return (await self._ask("plugin.call", "plugin.call", {**given, "payload": payload})).get("value")


class Context:
    """What an action gets besides its input. Use it while the call lasts: afterwards its requests are refused."""

    __slots__ = ("_config", "_services", "call", "deadline")

    def __init__(self, services: Services, call: int | None, deadline: float | None) -> None:
        self._services = services
        #: Number of the call, as it stands in the log; ``None`` in ``init``.
        self.call = call
        #: When the caller stops waiting, in seconds since 1970; ``None`` when it said nothing.
        self.deadline = deadline

    @property
    def tenant(self) -> str:
        """Whose data this guest works on."""
        return self._services.guest.tenant

    @property
    def config(self) -> Any:
        """The plugin's own configuration: a copy for each call."""
        try:
            return self._config
        except AttributeError:
            self._config = loads(self._services.guest.config_text)
            return self._config

    @property
    def permissions(self) -> Mapping[str, Any]:
        """Effective permissions: capability → parameters; a copy."""
        return loads(self._services.guest.permissions_text)

    @property
    def topic(self) -> str | None:
        """The topic, in a handler of events."""
        return self._services.topic

    @property
    def sender(self) -> str | None:
        """The plugin that published the event; ``None`` when the application did."""
        return self._services.sender

    @property
    def log(self) -> Log:
        return Log(self._services)

    @property
    def signal(self) -> Signal:
        return Signal(self._services)

    @property
    def kv(self) -> KeyValueStore:
        return KeyValueStore(self._services)

    @property
    def events(self) -> Events:
        return Events(self._services)

    @property
    def plugins(self) -> Plugins:
        return Plugins(self._services)

    @property
    def files(self) -> Files:
        """Files that come with the call, and files that its result returns."""
        return self._services.open_files()

    def progress(self, fraction: float | None = None, message: str | None = None) -> None:
        """Tells the caller how far the call is (0 to 1); the host gets at most ten a second."""
        self._services.progress(fraction, message)


class AsyncContext(Context):
    """The context of ``async def`` actions: what asks the host is awaited."""

    __slots__ = ()

    @property
    def kv(self) -> AsyncKeyValueStore:  # type: ignore[override]
        return AsyncKeyValueStore(self._services)

    @property
    def events(self) -> AsyncEvents:  # type: ignore[override]
        return AsyncEvents(self._services)

    @property
    def plugins(self) -> AsyncPlugins:  # type: ignore[override]
        return AsyncPlugins(self._services)


def _given(**params: Any) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
