"""The guest's side of the conversation: what each message of the host means."""

from __future__ import annotations

import posix
import sys
from time import time

from ..context import AsyncContext, Context
from .bounds import find_misfit
from .call_services import Services
from .failures import name_and_message, print_bug, start_failure, to_wire_error, wire_error
from .json_text import NotJson, dumps, loads

#: JSON-RPC's own number for a method that does not exist.
RPC_METHOD_NOT_FOUND = -32601
#: EX_PROTOCOL of sysexits.h.
EXIT_PROTOCOL = 76


class Conversation:
    """Answers every request of the host once."""

    def __init__(self, guest, plugin) -> None:
        self._guest = guest
        self._send = guest.send
        self._plugin = plugin
        #: Calls (and events) that run, by number: the host may cancel them.
        self._running: dict = {}
        self._methods = {
            "call": self._call,
            "event": self._event,
            "initialize": self._initialize_again,
            "ping": self._ping,
            "resume": self._hook("resume"),
            "shutdown": self._shutdown,
            "suspend": self._hook("suspend"),
        }
        self._events: list = []

    def receive(self, line: bytes) -> None:
        """One line of the host, which is trusted once it was JSON."""
        if not line:
            return
        try:
            message = loads(line.decode("utf-8"))
        except ValueError:
            give_up("a line that is not JSON")
        number = message.get("id")
        method = message.get("method")
        if number is None:
            if method == "$/cancel":
                self._cancel(message["params"]["id"])
        elif method is not None:
            serve = self._methods.get(method)
            if serve is not None:
                serve(number, message.get("params"))
            else:
                error = {"code": RPC_METHOD_NOT_FOUND, "message": f"No such method: {method}"}
                self.fail(number, error)
        elif "error" in message:
            self._guest.requests.fail(number, message["error"])
        else:
            self._guest.requests.succeed(number, message.get("result"))

    def run_init(self, number: int, result) -> None:
        """Runs the plugin's ``init``, then answers ``initialize``."""

        def done(_, error) -> None:
            if error is None:
                self.succeed(number, result, Services(self._guest, None))
            else:
                self.fail(number, start_failure(error))

        self._run_hook("init", done)

    def _call(self, number: int, params: dict) -> None:
        action = self._plugin.actions.get(params["action"])
        if action is None:
            known = ", ".join(self._plugin.actions)
            message = f'Cannot run "{params["action"]}": the plugin has the actions {known}'
            self.fail(number, wire_error("ACTION_NOT_FOUND", message))
            return
        services = Services(self._guest, number)
        self._run(action, number, params.get("payload"), services, params.get("timeoutMs"))

    def _run(self, action, number, payload, services, timeout_ms, done=None) -> None:
        deadline = None if timeout_ms is None else time() + timeout_ms / 1000
        self._running[number] = services
        settle = done or (lambda value, error: self._settle(number, services, value, error))
        if action.is_async:
            context = AsyncContext(services, number, deadline)
            self._start(self._await(lambda: action.run(payload, context), settle), services)
        else:
            context = Context(services, number, deadline)
            self._guest.engine.execute(lambda: self._do(lambda: action.run(payload, context), settle))

    def _do(self, run, settle) -> None:
        try:
            value = run()
            if hasattr(value, "__await__"):
                value = self._guest.engine.run_coroutine(value)
        except BaseException as raised:  # noqa: BLE001 - SystemExit and KeyboardInterrupt are the plugin's, too.
            settle(None, raised)
        else:
            settle(value, None)

    async def _await(self, run, settle) -> None:
        try:
            value = await run()
        except BaseException as raised:  # noqa: BLE001 - a cancelled task answers like any other.
            settle(None, raised)
        else:
            settle(value, None)
        self._guest.engine.flush_soon()

    def _start(self, coroutine, services) -> None:
        cancel = self._guest.engine.start(coroutine)
        if services is not None:
            services.on_cancel(cancel)

    def _settle(self, number: int, services, value, error) -> None:
        self._running.pop(number, None)
        services.finish()
        if error is None:
            self.succeed(number, value, services)
        else:
            self.fail(number, to_wire_error(error, services.is_cancelled))

    def succeed(self, number: int, value, services) -> None:
        """Answers with a value, or with the reason why it cannot be sent."""
        try:
            line = b'{"jsonrpc":"2.0","id":%d,"result":%b}' % (number, dumps(value))
        except NotJson as error:
            self.fail(number, wire_error("PLUGIN_BUG", f"Cannot send the result: {error}"))
            return
        except BaseException as error:  # noqa: BLE001 - a value whose own methods raise.
            self.fail(number, to_wire_error(error, services.is_cancelled))
            return
        misfit = find_misfit(line, self._guest.max_bytes)
        if misfit is None:
            self._send(line)
        else:
            self.fail(number, wire_error("RESULT_TOO_LARGE", f"The result is too large: {misfit}"))

    def fail(self, number: int, error: dict) -> None:
        """Answers with an error, without its details where they are no JSON or do not fit."""
        try:
            line = _failure(number, error)
            if find_misfit(line, self._guest.max_bytes) is None:
                self._send(line)
                return
        except Exception:  # noqa: BLE001 - details may be anything.
            pass
        data = {name: value for name, value in error.get("data", {}).items() if name != "details"}
        self._send(_failure(number, {**error, "data": {**data, "detailsDropped": True}}))

    def _cancel(self, number: int) -> None:
        services = self._running.get(number)
        if services is not None:
            services.cancel()

    def _initialize_again(self, number: int, _) -> None:
        self.fail(number, wire_error("START_FAILED", "initialize was sent before"))

    def _ping(self, number: int, _) -> None:
        def done(value, error) -> None:
            if error is not None:
                print_bug(error)
            self.succeed(number, {"ready": error is None and value is not False}, Services(self._guest, None))

        self._run_hook("health", done)

    def _event(self, number: int, params: dict) -> None:
        self._events.append((number, params))
        if len(self._events) == 1:
            self._next_event()

    def _next_event(self) -> None:
        """Events come one at a time, in their order."""
        while self._events:
            number, params = self._events[0]
            handler = self._plugin.handler_of(params["topic"])
            services = Services(self._guest, number)
            if handler is not None:
                services.topic = params["topic"]
                services.sender = params.get("from")

                def done(_, error, number=number, services=services) -> None:
                    self._settle(number, services, {}, error)
                    self._events.pop(0)
                    self._next_event()

                self._run(handler, number, params.get("payload"), services, params.get("timeoutMs"), done)
                return
            self.succeed(number, {}, services)
            self._events.pop(0)

    def _hook(self, name: str):
        def serve(number: int, _) -> None:
            def done(_, error) -> None:
                if error is None:
                    self.succeed(number, {}, Services(self._guest, None))
                else:
                    self.fail(number, to_wire_error(error, False))

            self._run_hook(name, done)

        return serve

    def _shutdown(self, number: int, _) -> None:
        def done(_, error) -> None:
            if error is None:
                self.succeed(number, {}, Services(self._guest, None))
            else:
                print_bug(error)
                self.fail(number, wire_error("PLUGIN_BUG", name_and_message(error)))
            self._guest.channel.flush()
            try:
                sys.stdout.flush()
            finally:
                # Not the interpreter's own end: threads of the plugin would hold it up.
                posix._exit(0)

        self._run_hook("shutdown", done)

    def _run_hook(self, name: str, done) -> None:
        hook = self._plugin.hooks.get(name)
        if hook is None:
            done(None, None)
            return
        services = Services(self._guest, None)
        if hook.is_async:
            context = AsyncContext(services, None, None)
            self._start(self._await(lambda: hook.run(context), done), None)
        else:
            context = Context(services, None, None)
            self._guest.engine.execute(lambda: self._do(lambda: hook.run(context), done))


def give_up(fault: str):
    """Ends the process: nothing after that fault can be trusted."""
    posix.write(2, f"Cannot go on: the host sent {fault}\n".encode())
    posix._exit(EXIT_PROTOCOL)


def _failure(number: int, error: dict) -> bytes:
    return b'{"jsonrpc":"2.0","id":%d,"error":%b}' % (number, dumps(error))
