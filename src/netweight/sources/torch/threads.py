"""Threads inside a forward: what a pool is given runs at once and is counted; what other threads do is said.

PyTorch shows the recorder nothing of what another thread does. A pool of threads is asked for results that do not
depend on who computes them: the thread that captures does. A thread that is started records too, while its starter
waits for it; one that does not end because it waits for its starter is said not to be followed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias
from weakref import WeakSet

from netweight.errors import CaptureError
from netweight.sources.torch.module_calls import ModuleCalls
from netweight.sources.torch.recording import TensorRecording

Follow: TypeAlias = Callable[[], AbstractContextManager[None]]
_NOT_FOLLOWED = "another thread computes: what threads do that wait for this one is not followed"
_PATIENCE_S = 0.5
"""How long a thread that was started may have the recorder alone: one that waits for its starter does not end."""

_started_inside: WeakSet[threading.Thread] = WeakSet()
"""Threads that a forward started while it was captured: the capture goes on when they are done, perhaps."""


def check_thread() -> None:
    """Refuse a capture that would wait for one that waits for it.

    Raises:
        CaptureError: If this thread was started by a forward that is being captured.
    """
    if threading.current_thread() in _started_inside:
        raise CaptureError("capture: expected a thread of its own, got one that the forward of another capture started")


def note_threads(recording: TensorRecording, module_calls: ModuleCalls) -> None:
    """Say that a module of the model was called on another thread, if one was."""
    if module_calls.elsewhere:
        recording.note(_NOT_FOLLOWED, guess=True)


@contextmanager
def followed_threads(follow: Follow, module_calls: ModuleCalls) -> Iterator[None]:
    """A block in which pools of threads work at once, and a thread that is started is waited for.

    Args:
        follow: Makes the context in which a thread records.
        module_calls: The calls of modules.
    """
    here, submit, start = threading.get_ident(), ThreadPoolExecutor.submit, threading.Thread.start

    def at_once(pool: ThreadPoolExecutor, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if threading.get_ident() != here:
            return submit(pool, function, *args, **kwargs)
        return _done(function, args, kwargs)

    def waited_for(thread: threading.Thread) -> None:
        if threading.get_ident() != here:
            start(thread)
            return
        _started_inside.add(thread)
        thread.run = _counted(thread.run, follow, module_calls)  # type: ignore[method-assign]
        start(thread)
        thread.join(_PATIENCE_S)
        module_calls.elsewhere |= thread.is_alive()

    ThreadPoolExecutor.submit = at_once  # type: ignore[method-assign, assignment]
    threading.Thread.start = waited_for  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        threading.Thread.start = start  # type: ignore[method-assign]
        ThreadPoolExecutor.submit = submit  # type: ignore[method-assign]


def _done(function: Callable[..., Any], args: Any, kwargs: Any) -> Future[Any]:
    """The result, or the error, as a pool gives it."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    try:
        future.set_result(function(*args, **kwargs))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        future.set_exception(error)
    return future


def _counted(run: Callable[[], Any], follow: Follow, module_calls: ModuleCalls) -> Callable[[], Any]:
    """What a thread runs, recorded there as on the thread that captures."""

    def counted() -> None:
        with module_calls.on_this_thread(), follow():
            run()

    return counted
