import ctypes
import json
import os
import threading
import time

from paddock import action, health, init, on_event, resume, shutdown, suspend

# A test writes it beside this file.
with open("/plugin/moment.json") as file:
    FAILURE = json.load(file)
# Only the first guest of a tenant fails, unless all of them shall.
MARK = "/data/failed"


def at(here):
    if here != FAILURE.get("moment"):
        return
    if os.path.exists(MARK) and not FAILURE.get("always"):
        return
    with open(MARK, "w") as file:
        file.write(here)
    if FAILURE["way"] == "crash":
        os.abort()
    # Waits without letting any other thread run.
    ctypes.PyDLL(None).pause()


def soon(here):
    # Asked for only where it is needed: a thread is part of what a guest may use up.
    if here == FAILURE.get("moment"):
        threading.Timer(0.02, at, [here]).start()


at("import")


@init
def begin():
    at("init")
    soon("after-init")


@health
def is_well():
    at("health")
    return True


@suspend
def pause():
    at("suspend")


@resume
def go_on():
    at("resume")


@shutdown
def end():
    at("shutdown")


@on_event("fault.now")
def hear(payload):
    at("event")


@action
def call(value):
    at("call")
    soon("between-calls")
    return value


@action
def write():
    yield from range(3)
    at("streaming")
    yield 3


@action
def read(stream):
    size = 0
    for chunk in stream:
        size += len(chunk)
        at("reading")
    return size


@action
def request(value, ctx):
    soon("requesting")
    ctx.kv.set("key", value)
    if FAILURE.get("moment") == "requesting" and not os.path.exists(MARK):
        time.sleep(1_000_000)
    return value


@action
def slow(ms):
    time.sleep(ms / 1000)
    at("draining")
    return ms
