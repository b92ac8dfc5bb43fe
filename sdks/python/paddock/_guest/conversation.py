"""The guest's side of the conversation: what each message of the host means."""

from __future__ import annotations

import posix
import sys
from _thread import allocate_lock, start_new_thread
from time import time

from ..context import AsyncContext, Context
from .bounds import MAX_DEPTH, find_misfit
from .call_services import Services
from .failures import name_and_message, print_bug, start_failure, to_wire_error, wire_error
from .json_text import NotJson, dumps, loads

#: JSON-RPC's own number for a method that does not exist.
RPC_METHOD_NOT_FOUND = -32601
#: A line so short breaks no bound of the host's: a level takes two characters.
SURE_BYTES = 2 * MAX_DEPTH
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
            "event": self._event,
            "initialize": self._initialize_again,
            "ping": self._ping,
            "resume": self._hook("resume"),
            "shutdown": self._shutdown,
            "suspend": self._hook("suspend"),
        }
        self._events: list = []
        #: Pings that wait for the health hook.
        self._pings: list = []
        #: Output files of calls that were answered, until the host has them.
        self._made: dict = {}

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
        if method == "call":
            self._call(number, message["params"])
        elif number is None:
            if method == "$/cancel":
                self._cancel(message["params"]["id"])
            elif method == "$/taken":
                self._forget_files(message["params"]["call"])
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
        self._warn_of_deaf_handlers()

        def done(_, error) -> None:
            if error is None:
                self.succeed(number, result, Services(self._guest, None))
            else:
                self.fail(number, start_failure(error))

        self._run_hook("init", done)

    def _warn_of_deaf_handlers(self) -> None:
        """A handler of a topic that nothing is granted for would wait for ever without a word."""
        if not self._plugin.events:
            return
        granted = (loads(self._guest.permissions_text).get("events.subscribe") or {}).get("topics") or []
        for topic in self._plugin.events:
            if not any(topic == each or (each.endswith(".*") and topic.startswith(each[:-1])) for each in granted):
                Services(self._guest, None).log(
                    "warn", f'No events of "{topic}" will come: events.subscribe does not cover it.', None
                )

    def _call(self, number: int, params: dict) -> None:
        action = self._plugin.actions.get(params["action"])
        if action is None:
            known = ", ".join(self._plugin.actions)
            message = f'Cannot run "{params["action"]}": the plugin has the actions {known}'
            self.fail(number, wire_error("ACTION_NOT_FOUND", message))
            return
        if not (action.takes_context or action.is_async or "attachments" in params):
            self._guest.engine.execute(self._do_plain, number, action.run, params.get("payload"))
            return
        services = Services(self._guest, number)
        if "files" in params:
            services.files = params["files"]
        if "attachments" in params:
            from .attachments import Arrivals

            services.arrivals = Arrivals(params["attachments"], self._guest.data, self._guest.engine)
        self._run(action, number, params.get("payload"), services, params.get("timeoutMs"))

    def _do_plain(self, number: int, run, payload) -> None:
        """A function that cannot ask for anything: nothing has to be kept of its call."""
        try:
            value = run(payload, None)
            line = b'{"jsonrpc":"2.0","id":%d,"result":%b}' % (number, dumps(value))
            if len(line) <= SURE_BYTES:
                self._send(line)
                return
        except NotJson:
            pass
        except BaseException as raised:  # noqa: BLE001 - SystemExit and KeyboardInterrupt are the plugin's, too.
            self.fail(number, to_wire_error(raised, False))
            return
        self._do(lambda *_: value, None, None, Services(self._guest, number), None)

    def _run(self, action, number, payload, services, timeout_ms, done=None) -> None:
        deadline = None if timeout_ms is None else time() + timeout_ms / 1000
        self._running[number] = services
        if action.is_async:
            context = AsyncContext(services, number, deadline)
            self._start(self._await(action.run, payload, context, services, done), services)
        else:
            context = Context(services, number, deadline)
            self._guest.engine.execute(self._do, action.run, payload, context, services, done)

    def _do(self, run, payload, context, services, done) -> None:
        try:
            if services.arrivals is not None:
                payload = services.arrivals.place(payload)
            value = run(payload, context)
            if hasattr(value, "__await__"):
                value = self._guest.engine.run_coroutine(value)
        except BaseException as raised:  # noqa: BLE001 - SystemExit and KeyboardInterrupt are the plugin's, too.
            self._settle(services, None, raised, done)
        else:
            answer = self._settle(services, value, None, done)
            if answer is not None:
                answer.pump(lambda: self._finish(services))

    async def _await(self, run, payload, context, services, done) -> None:
        try:
            if services.arrivals is not None:
                payload = await services.arrivals.place_async(payload)
            value = run(payload, context)
            if hasattr(value, "__await__"):
                value = await value
        except BaseException as raised:  # noqa: BLE001 - a cancelled task answers like any other.
            self._settle(services, None, raised, done)
        else:
            answer = self._settle(services, value, None, done)
            if answer is not None:
                await answer.pump_async(lambda: self._finish(services))
        self._guest.engine.flush_soon()

    def _start(self, coroutine, services) -> None:
        cancel = self._guest.engine.start(coroutine)
        if services is not None:
            services.on_cancel(cancel)

    def _settle(self, services, value, error, done):
        """Answers a call; returns what is left to send of the answer, if anything is."""
        if done is not None:
            self._finish(services)
            done(value, error)
            return None
        services.finish()
        answer = None
        if error is None:
            answer = self.succeed(services.call, value, services)
        else:
            self.fail(services.call, to_wire_error(error, services.is_cancelled))
        if answer is None:
            self._finish(services)
        return answer

    def _finish(self, services) -> None:
        """Nothing of the call goes on any more."""
        self._running.pop(services.call, None)
        if services.arrivals is not None:
            services.arrivals.give_up()
        if services.made is not None:
            self._made[services.call] = services.made

    def _forget_files(self, number: int) -> None:
        made = self._made.pop(number, None)
        if made is not None:
            made._remove()

    def succeed(self, number: int, value, services):
        """Answers with a value, or with the reason why it cannot be sent; returns what is left to send."""
        try:
            line = b'{"jsonrpc":"2.0","id":%d,"result":%b}' % (number, dumps(value))
            misfit = find_misfit(line, self._guest.max_bytes)
            if misfit is None:
                self._send(line)
                return None
            if self._guest.data_fd is None:
                self.fail(number, wire_error("RESULT_TOO_LARGE", f"The result is too large: {misfit}"))
                return None
        except NotJson as error:
            if self._guest.data_fd is None or error.found is None:
                self.fail(number, wire_error("PLUGIN_BUG", f"Cannot send the result: {error}"))
                return None
        except BaseException as error:  # noqa: BLE001 - a value whose own methods raise.
            self.fail(number, to_wire_error(error, services.is_cancelled))
            return None
        return self._succeed_beside(number, value, services)

    def _succeed_beside(self, number: int, value, services):
        from .answers import Answer, TooLarge

        try:
            answer = Answer(self._guest, services, number, value)
            return answer if answer.send() else None
        except TooLarge as error:
            self.fail(number, wire_error("RESULT_TOO_LARGE", f"The result is too large: {error}"))
        except NotJson as error:
            self.fail(number, wire_error("PLUGIN_BUG", f"Cannot send the result: {error}"))
        except BaseException as error:  # noqa: BLE001 - a value whose own methods raise.
            self.fail(number, to_wire_error(error, services.is_cancelled))
        return None

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

    def _ping(self, number: int, params) -> None:
        if "health" not in self._plugin.hooks:
            self.succeed(number, {"ready": True}, None)
            return
        self._pings.append(number)
        if len(self._pings) > 1:
            # The hook runs already: its answer is the answer to both.
            return
        latch = allocate_lock()
        latch.acquire()

        def done(value, error) -> None:
            if error is not None:
                print_bug(error)
            self._answer_pings(error is None and value is not False)
            latch.release()

        def expire(seconds: float) -> None:
            if not latch.acquire(True, seconds):
                self._answer_pings(False)

        seconds = min(1.0, ((params or {}).get("timeoutMs") or 2000) / 2000)
        start_new_thread(expire, (seconds,))
        self._run_hook("health", done)

    def _answer_pings(self, is_ready: bool) -> None:
        pings, self._pings = self._pings, []
        for number in pings:
            self.succeed(number, {"ready": is_ready}, None)

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
                    if error is None:
                        self.succeed(number, {}, services)
                    else:
                        self.fail(number, to_wire_error(error, services.is_cancelled))
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
        kind = AsyncContext if hook.is_async else Context
        context = kind(services, None, None)
        if hook.is_async:
            self._start(self._await(lambda _, ctx: hook.run(ctx), None, context, services, done), None)
        else:
            self._guest.engine.execute(self._do, lambda _, ctx: hook.run(ctx), None, context, services, done)


def give_up(fault: str):
    """Ends the process: nothing after that fault can be trusted."""
    posix.write(2, f"Cannot go on: the host sent {fault}\n".encode())
    posix._exit(EXIT_PROTOCOL)


def _failure(number: int, error: dict) -> bytes:
    return b'{"jsonrpc":"2.0","id":%d,"error":%b}' % (number, dumps(error))
