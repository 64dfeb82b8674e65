"""A child: a process that runs functions of steps for a worker, one after the other, and does not outlive it."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from multiprocessing.connection import Connection, wait
from typing import Any

from mainstem.flow.executors import Raised, Tell


def serve(pipe: Connection[Any, Any]) -> None:
    """Until the worker closes the pipe, or is gone."""
    _stand_apart()
    lock = threading.Lock()

    def tell(kind: str, *told: Any) -> None:
        with lock:
            pipe.send((kind, told))

    tell("ready")
    while True:
        try:
            packed = pipe.recv_bytes()
        except EOFError:
            return
        _answer(packed, tell)


def _answer(packed: bytes, tell: Tell) -> None:
    try:
        call = pickle.loads(packed)  # noqa: S301  (from the worker that began this process)
        function = call.function()  # its module may take a while to import: no time of the step's
        tell("begun")
        output = call.perform(function, tell)
    except BaseException as error:  # noqa: BLE001  (it is raised where the result is waited for)
        tell("raised", Raised.of(error))
    else:
        tell("done", output)


def _stand_apart() -> None:
    """A group of its own, which ends with all that the step began; and the worker alone says when it ends: it drains
    when a signal comes for both.
    """
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(
            number, _pass_over
        )  # a function, as programs that the step begins inherit what is ignored
    threading.Thread(target=_end_with_worker, name="mainstem worker's end", daemon=True).start()


def _pass_over(*_: Any) -> None:
    """The worker heard it too."""


def _end_with_worker() -> None:
    if (worker := multiprocessing.parent_process()) is not None:
        wait([worker.sentinel])
        os.killpg(0, signal.SIGKILL)
