import os
import time

from paddock import action

LINES = b"a line of a flood\n" * 3_000


def ask(ctx):
    try:
        ctx.kv.get("key")
    except Exception:
        pass


def keep(ctx):
    try:
        ctx.kv.set("key", "x" * 1_000)
    except Exception:
        pass


def publish(ctx):
    try:
        ctx.events.publish("flood.drop", "x" * 500)
    except Exception:
        pass


WAYS = {
    "stdout": lambda ctx: os.write(1, LINES),
    "stderr": lambda ctx: os.write(2, LINES),
    "log": lambda ctx: ctx.log.info("x" * 200, {"more": "y" * 200}),
    "progress": lambda ctx: ctx.progress(0.5, "x" * 200),
    "requests": ask,
    "writes": keep,
    "events": publish,
}


@action
def flood(value, ctx):
    end = time.monotonic() + value["ms"] / 1_000
    while time.monotonic() < end:
        WAYS[value["way"]](ctx)
    return "said it all"


@action
def items():
    while True:
        yield "x" * 1_000
