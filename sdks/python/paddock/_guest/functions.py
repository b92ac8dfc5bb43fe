"""What can be known about a plugin's function without calling it."""

from __future__ import annotations

_VARIABLE_ARGUMENTS = 0x04
_GENERATOR = 0x20
_COROUTINE = 0x80
_ITERABLE_COROUTINE = 0x100
_ASYNC_GENERATOR = 0x200


def with_arguments(function, *leading):
    """The function as ``(payload, ctx)``, given as many of both as it takes, after ``leading``."""
    count = _positional(function) - len(leading)
    if count >= 2:
        return (lambda payload, ctx: function(*leading, payload, ctx)) if leading else function
    if count == 1:
        return lambda payload, ctx: function(*leading, payload)
    return lambda payload, ctx: function(*leading)


def takes_context(function, *leading) -> bool:
    """Whether the function, given a payload, also takes a context."""
    return _positional(function) - len(leading) >= 2


def with_context(function):
    """A hook as ``(ctx)``."""
    return function if _positional(function) >= 1 else lambda ctx: function()


def is_async(function) -> bool:
    """Whether calling it makes a coroutine or an asynchronous generator."""
    code = _code_of(function)[0]
    return code is not None and bool(
        code.co_flags & (_COROUTINE | _ITERABLE_COROUTINE | _ASYNC_GENERATOR)
    )


def _positional(function) -> int:
    code, bound = _code_of(function)
    if code is None or code.co_flags & _VARIABLE_ARGUMENTS:
        return 9
    return code.co_argcount - bound


def _code_of(function):
    """The code behind decorators that keep the original, bound methods, partials and objects that can be called."""
    bound = 0
    for _ in range(32):
        if hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif hasattr(function, "__func__"):
            bound += 1
            function = function.__func__
        elif hasattr(function, "__code__"):
            return function.__code__, bound
        elif hasattr(function, "func") and hasattr(function, "args"):
            bound += len(function.args)
            function = function.func
        elif hasattr(type(function), "__call__") and hasattr(type(function).__call__, "__code__"):
            bound += 1
            function = type(function).__call__
        else:
            break
    return None, 0
