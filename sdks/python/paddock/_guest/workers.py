"""Runs actions that are plain functions, in threads.

One thread reads the channel and runs what it reads by itself, because handing each call to another thread would
double its time. Another thread watches: when an action takes long, or waits for the host, the watcher becomes the
reader. So pings, cancellations and other calls are served while actions sleep or compute.
"""

from __future__ import annotations

import posix

# The modules behind `collections` and `contextvars`, which cost ten times as much to import.
from _collections import deque
from _contextvars import copy_context
from _thread import allocate_lock, get_ident, stack_size, start_new_thread

from .failures import print_bug

#: How long the reader may be busy with one action before another thread reads on.
PATIENCE_SECONDS = 0.01
#: Threads at most, whatever the limit of the plugin allows.
MAX_WORKERS = 16
#: Stack of each, enough for the deepest recursion that any version of Python allows its own code.
STACK_BYTES = 3 * 1024 * 1024


class Workers:
    """An engine for plugins without coroutines; ``run`` never returns."""

    def __init__(self, channel, receive, max_threads: int) -> None:
        self._channel = channel
        self._receive = receive
        self._max_threads = max(1, min(MAX_WORKERS, max_threads))
        self._threads = 1
        self._free = 0
        self._lines: deque = deque()
        self._backlog: deque = deque()
        self._swap = allocate_lock()
        self._watch = allocate_lock()
        self._alarm = allocate_lock()
        self._alarm.acquire()
        self._reader = get_ident()
        #: Odd while the reader runs an action.
        self._turn = 0
        self._is_sleeping = False
        #: Whether the only thread reads in the middle of an action.
        self._is_nested = False

    def run(self, lines, begin) -> None:
        """Calls ``begin``, serves the lines that were read already, then those that come."""
        self._lines.extend(lines)
        #: What the plugin set while it was imported; each call has a copy, so that none leaves anything for another.
        self._variables = copy_context()
        self._reader = self._channel.collector = get_ident()
        self._serve(begin)

    def _serve(self, begin=None) -> None:
        """What each thread does, for ever."""
        try:
            if begin is not None:
                begin()
                if self._reader == get_ident():
                    self._read()
                self._stand_by()
            else:
                self._stand_by(True)
        except BaseException as raised:  # noqa: BLE001 - no memory left, or a mistake of ours.
            # A guest that has lost one of its threads would only seem to live.
            print_bug(raised)
            posix.abort()

    def execute(self, job, *arguments) -> None:
        """Runs the job, now or when a thread is free; called by the thread that reads."""
        if self._free == 0 and not self._has_successor() and (self._is_nested or self._max_threads > 1):
            with self._swap:
                if self._free == 0:
                    self._backlog.append((job, arguments))
                    return
        self._turn += 1
        if self._is_sleeping:
            self._wake()
        self._variables.copy().run(job, *arguments)
        with self._swap:
            if self._reader == get_ident():
                self._turn += 1

    def wait(self, latch, timeout: float = -1) -> bool:
        """Waits in an action for something that only the reader can bring."""
        if self._reader == get_ident():
            if not self._has_successor():
                return self._read_until(latch) if timeout < 0 else latch.acquire(True, timeout)
            with self._swap:
                if self._reader == get_ident():
                    self._reader = self._channel.collector = 0
                    self._turn += self._turn & 1
            self._channel.flush()
            self._wake()
        return latch.acquire(True, timeout)

    def create_future(self):
        raise RuntimeError("ctx of an ordinary function cannot be awaited; write async def")

    def run_coroutine(self, coroutine):
        """For a plain function that returned a coroutine: runs it here."""
        import asyncio

        return asyncio.run(coroutine)

    def _has_successor(self) -> bool:
        if self._free > 0:
            return True
        if self._threads >= self._max_threads:
            return False
        with self._swap:
            self._threads += 1
            self._free += 1
        try:
            stack_size(STACK_BYTES)
            start_new_thread(self._serve, ())
            return True
        except (RuntimeError, MemoryError):
            # No thread, or no memory for one: go on with those there are.
            with self._swap:
                self._free -= 1
                self._threads -= 1
                self._max_threads = self._threads
            return False

    def _read(self) -> None:
        me = get_ident()
        lines = self._lines
        while True:
            while lines:
                self._receive(lines.popleft())
                if self._reader != me:
                    return
            while self._threads == 1 and self._backlog:
                job, arguments = self._backlog.popleft()
                self.execute(job, *arguments)
            self._channel.flush()
            lines.extend(self._channel.read())

    def _read_until(self, latch) -> bool:
        """The only thread there is reads until its answer has come; calls wait meanwhile."""
        turn, self._is_nested = self._turn, True
        while not latch.acquire(False):
            while self._lines:
                self._receive(self._lines.popleft())
            self._channel.flush()
            if latch.locked():
                self._lines.extend(self._channel.read())
        self._turn, self._is_nested = turn, False
        return True

    def _stand_by(self, is_counted: bool = False) -> None:
        while True:
            with self._swap:
                job = self._backlog.popleft() if self._backlog and not is_counted else None
                if job is None and not is_counted:
                    self._free += 1
            is_counted = False
            if job is not None:
                self._variables.copy().run(job[0], *job[1])
                continue
            self._watch.acquire()
            self._await_turn()
            self._watch.release()
            self._read()

    def _await_turn(self) -> None:
        """Returns once this thread is the reader."""
        while True:
            seen = self._turn
            self._alarm.acquire(True, PATIENCE_SECONDS)
            with self._swap:
                if self._reader == 0 or (self._turn == seen and seen & 1):
                    self._reader = self._channel.collector = get_ident()
                    self._turn += self._turn & 1
                    self._free -= 1
                    break
            # Sleeps only after a while without any call: waking it for each would double the time of all.
            if self._turn == seen:
                self._is_sleeping = True
                # An action may have begun between the look and the word.
                if self._turn == seen and self._reader:
                    self._alarm.acquire()
                self._is_sleeping = False
        # What the former reader had collected must not wait for it.
        self._channel.flush()

    def _wake(self) -> None:
        try:
            self._alarm.release()
        except RuntimeError:
            # It rings already.
            pass
