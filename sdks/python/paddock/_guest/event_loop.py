"""Runs plugins that have coroutines: one asyncio loop reads the channel; plain functions get threads."""

from __future__ import annotations

import asyncio
from _thread import allocate_lock, get_ident, stack_size, start_new_thread
from collections import deque

from .workers import MAX_WORKERS, STACK_BYTES


class EventLoop:
    """An engine for plugins with coroutines; ``run`` never returns."""

    def __init__(self, channel, fd: int, receive, max_threads: int) -> None:
        self._channel = channel
        self._fd = fd
        self._receive = receive
        self._threads = Threads(max_threads)
        self._loop = asyncio.new_event_loop()
        self._is_flushing = False
        self._tasks: set = set()

    def run(self, lines, begin) -> None:
        asyncio.set_event_loop(self._loop)
        self._channel.collector = get_ident()
        self._loop.add_reader(self._fd, self._read)
        self._loop.call_soon(begin)
        self._loop.call_soon(self._serve, lines)
        self._loop.run_forever()

    def execute(self, job, *arguments) -> None:
        """Runs the job in a thread: here it would stop the loop."""
        self._threads.run(lambda: job(*arguments))

    def start(self, coroutine):
        """Runs a coroutine; returns what cancels it."""
        task = self._new_task(coroutine)
        if not task.done():
            # The loop itself keeps only weak references.
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return lambda: self._loop.call_soon_threadsafe(task.cancel)

    def _new_task(self, coroutine):
        try:
            # Runs until it first waits, without a turn of the loop (Python 3.12).
            task = asyncio.Task(coroutine, loop=self._loop, eager_start=True)
        except TypeError:
            task = asyncio.Task(coroutine, loop=self._loop)
        return task

    def wait(self, latch, timeout: float = -1) -> bool:
        """Waits in a thread for what the loop brings."""
        if asyncio._get_running_loop() is self._loop:
            raise RuntimeError("this would stop the plugin: await it, or make the action an ordinary function")
        return latch.acquire(True, timeout)

    def create_future(self):
        return asyncio.get_running_loop().create_future()

    def run_coroutine(self, coroutine):
        return asyncio.run_coroutine_threadsafe(_await(coroutine), self._loop).result()

    def flush_soon(self) -> None:
        """Answers that become ready in one turn of the loop leave together."""
        if not self._is_flushing:
            self._is_flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_flushing = False
        self._channel.flush()

    def _read(self) -> None:
        self._serve(self._channel.read())

    def _serve(self, lines) -> None:
        for line in lines:
            self._receive(line)
        self.flush_soon()


async def _await(found):
    return await found


class Threads:
    """Threads that wait for jobs; made when they are needed, ``maximum`` at most."""

    def __init__(self, maximum: int) -> None:
        self._maximum = max(1, min(MAX_WORKERS, maximum))
        self._count = 0
        self._jobs: deque = deque()
        self._idle: list = []
        self._lock = allocate_lock()

    def run(self, job) -> None:
        with self._lock:
            self._jobs.append(job)
            if self._idle:
                self._idle.pop().release()
                return
            if self._count >= self._maximum:
                return
            self._count += 1
        try:
            stack_size(STACK_BYTES)
            start_new_thread(self._work, ())
        except (RuntimeError, MemoryError):
            with self._lock:
                self._count -= 1
            if self._count == 0:
                # No thread at all: better late answers than none.
                self._jobs.pop()()

    def _work(self) -> None:
        latch = allocate_lock()
        latch.acquire()
        while True:
            with self._lock:
                job = self._jobs.popleft() if self._jobs else None
                if job is None:
                    self._idle.append(latch)
            if job is None:
                latch.acquire()
            else:
                job()
