"""The guest's side of the conversation: what each message of the host means."""

from __future__ import annotations

import posix
import sys
from _thread import allocate_lock, start_new_thread

from ..context import AsyncContext, Context
from .call_services import Services
from .calls import Calls
from .failures import name_and_message, print_bug, start_failure, to_wire_error, wire_error
from .json_text import loads
from .replies import Replies

#: JSON-RPC's own number for a method that does not exist.
RPC_METHOD_NOT_FOUND = -32601
#: EX_PROTOCOL of sysexits.h.
EXIT_PROTOCOL = 76


class Conversation:
    """Answers every request of the host once."""

    def __init__(self, guest, plugin) -> None:
        self._guest = guest
        self._replies = Replies(guest)
        self._calls = Calls(guest, plugin.actions, self._replies)
        self._plugin = plugin
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
            self._calls.run(number, message["params"])
        elif number is None:
            if method == "$/cancel":
                self._calls.cancel(message["params"]["id"])
            elif method == "$/taken":
                self._calls.forget_files(message["params"]["call"])
        elif method is not None:
            serve = self._methods.get(method)
            if serve is not None:
                serve(number, message.get("params"))
            else:
                error = {"code": RPC_METHOD_NOT_FOUND, "message": f"No such method: {method}"}
                self._replies.fail(number, error)
        elif "error" in message:
            self._guest.requests.fail(number, message["error"])
        else:
            self._guest.requests.succeed(number, message.get("result"))

    def run_init(self, number: int, result) -> None:
        """Runs the plugin's ``init``, then answers ``initialize``."""
        self._warn_of_deaf_handlers()

        def done(_, error) -> None:
            if error is None:
                self._replies.succeed(number, result, Services(self._guest, None))
            else:
                self._replies.fail(number, start_failure(error))

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

    def _initialize_again(self, number: int, _) -> None:
        self._replies.fail(number, wire_error("START_FAILED", "initialize was sent before"))

    def _ping(self, number: int, params) -> None:
        if "health" not in self._plugin.hooks:
            self._replies.succeed(number, {"ready": True}, None)
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
            self._replies.succeed(number, {"ready": is_ready}, None)

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
                        self._replies.succeed(number, {}, services)
                    else:
                        self._replies.fail(number, to_wire_error(error, services.is_cancelled))
                    self._events.pop(0)
                    self._next_event()

                self._calls.start(handler, number, params.get("payload"), services, params.get("timeoutMs"), done)
                return
            self._replies.succeed(number, {}, services)
            self._events.pop(0)

    def _hook(self, name: str):
        def serve(number: int, _) -> None:
            def done(_, error) -> None:
                if error is None:
                    self._replies.succeed(number, {}, Services(self._guest, None))
                else:
                    self._replies.fail(number, to_wire_error(error, False))

            self._run_hook(name, done)

        return serve

    def _shutdown(self, number: int, _) -> None:
        def done(_, error) -> None:
            if error is None:
                self._replies.succeed(number, {}, Services(self._guest, None))
            else:
                print_bug(error)
                self._replies.fail(number, wire_error("PLUGIN_BUG", name_and_message(error)))
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
            self._calls.start_coroutine(self._calls.wait_for(lambda _, ctx: hook.run(ctx), None, context, services, done), None)
        else:
            self._guest.engine.execute(self._calls.do, lambda _, ctx: hook.run(ctx), None, context, services, done)


def give_up(fault: str):
    """Ends the process: nothing after that fault can be trusted."""
    posix.write(2, f"Cannot go on: the host sent {fault}\n".encode())
    posix._exit(EXIT_PROTOCOL)
