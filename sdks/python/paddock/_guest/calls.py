"""Runs calls and answers each once."""

from __future__ import annotations

from time import time

from ..context import AsyncContext, Context
from .bounds import MAX_DEPTH
from .call_services import Services
from .failures import to_wire_error, wire_error
from .json_text import NotJson, dumps

#: A line so short breaks no bound of the host's: a level takes two characters.
SURE_BYTES = 2 * MAX_DEPTH


class Calls:
    """Every call (and event) from its request to the end of its last stream."""

    def __init__(self, guest, actions: dict, replies) -> None:
        self._guest = guest
        self._actions = actions
        self._replies = replies
        #: What runs, by number: the host may cancel it.
        self._running: dict = {}
        #: Output files of calls that were answered, until the host has them.
        self._made: dict = {}

    def run(self, number: int, params: dict) -> None:
        action = self._actions.get(params["action"])
        if action is None:
            known = ", ".join(self._actions)
            message = f'Cannot run "{params["action"]}": the plugin has the actions {known}'
            self._replies.fail(number, wire_error("ACTION_NOT_FOUND", message))
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
        self.start(action, number, params.get("payload"), services, params.get("timeoutMs"))

    def _do_plain(self, number: int, run, payload) -> None:
        """A function that cannot ask for anything: nothing has to be kept of its call."""
        try:
            value = run(payload, None)
            line = b'{"jsonrpc":"2.0","id":%d,"result":%b}' % (number, dumps(value))
            if len(line) <= SURE_BYTES:
                self._guest.send(line)
                return
        except NotJson:
            pass
        except BaseException as raised:  # noqa: BLE001 - SystemExit and KeyboardInterrupt are the plugin's, too.
            self._replies.fail(number, to_wire_error(raised, False))
            return
        services = self._running[number] = Services(self._guest, number)
        self.do(lambda *_: value, None, None, services, None)

    def start(self, action, number, payload, services, timeout_ms, done=None) -> None:
        deadline = None if timeout_ms is None else time() + timeout_ms / 1000
        self._running[number] = services
        if action.is_async:
            context = AsyncContext(services, number, deadline)
            self.start_coroutine(self.wait_for(action.run, payload, context, services, done), services)
        else:
            context = Context(services, number, deadline)
            self._guest.engine.execute(self.do, action.run, payload, context, services, done)

    def do(self, run, payload, context, services, done) -> None:
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

    async def wait_for(self, run, payload, context, services, done) -> None:
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

    def start_coroutine(self, coroutine, services) -> None:
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
            answer = self._replies.succeed(services.call, value, services)
        else:
            self._replies.fail(services.call, to_wire_error(error, services.is_cancelled))
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

    def forget_files(self, number: int) -> None:
        made = self._made.pop(number, None)
        if made is not None:
            made._remove()

    def cancel(self, number: int) -> None:
        services = self._running.get(number)
        if services is not None:
            services.cancel()
