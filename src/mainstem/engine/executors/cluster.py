"""A Ray cluster: for functions that need more than a host has."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from mainstem.errors import ExecutorLost, ExecutorMissing, ResourcesMissing
from mainstem.flow.executors import Raised, SentCall, StepCall, retell, within

T = TypeVar("T")
Reply = tuple[bytes | Raised, list[tuple[str, tuple[Any, ...]]]]
"""The result's JSON text or what was raised, and what the function told meanwhile."""


class Ray:
    """Ray tasks: one for each call. The cluster is joined when the first step asks for it.

    address: of the cluster ("auto", "ray://host:10001"); None looks at RAY_ADDRESS, and begins a cluster of this host
    where there is none. options: further ones of `ray.init`. Its hosts need the code of the steps (`runtime_env`).
    A step's resources are Ray's: cpu and gpu are its num_cpus and num_gpus, "memory" bytes, others its own resources.
    """

    def __init__(self, address: str | None = None, **options: Any) -> None:
        self._address = address
        self._options = options
        self._ray: Any = None
        self._has_begun = False
        self._users = 0
        self._joining = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "mainstem ray")

    async def start(self) -> None:
        """Joined later: a worker without such steps needs no Ray."""
        self._users += 1

    async def stop(self) -> None:
        """Leave the cluster; one of this host that was begun here ends."""
        self._users -= 1
        if self._has_begun and self._users == 0:
            ray, self._ray, self._has_begun = self._ray, None, False
            await self._aside(ray.shutdown)

    async def run(self, call: StepCall) -> bytes:
        ray = await self._joined()
        await self._aside(partial(self._refuse_more_than_there_is, call))
        remote = ray.remote(_perform).options(
            name=f"step {call.name}", max_retries=0, num_returns="streaming", **_options(call.resources)
        )
        going = remote.remote(call.sent())
        try:
            reply: Reply | None = await self._next(going)
            if reply is None:  # it has begun
                reply = await within(call.timeout, call.name, self._next(going))
        except BaseException:
            ray.cancel(going, force=True)
            raise
        output, told = reply
        for kind, what in told:
            retell(call.info, kind, what)
        if isinstance(output, Raised):
            raise output.error("the cluster")
        return output

    async def _next(self, going: Any) -> Reply | None:
        """What the task says next."""
        lost = self._ray.exceptions
        try:
            reference = await anext(going)
            reply: Reply | None = await asyncio.wrap_future(reference.future())
        except (
            lost.WorkerCrashedError,
            lost.NodeDiedError,
            lost.OutOfMemoryError,
            lost.ObjectLostError,
            lost.TaskCancelledError,
            lost.RaySystemError,
        ) as error:
            raise ExecutorLost(
                f"the cluster lost the step: {error}", hint="was a host out of memory, or taken away?"
            ) from error
        return reply

    async def _joined(self) -> Any:
        async with self._joining:
            if self._ray is None:
                self._ray = await self._aside(self._join)
            return self._ray

    async def _aside(self, asked: Callable[[], T]) -> T:
        """In a thread that stays: what Ray begins on this host ends with the thread that began it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, asked)

    def _join(self) -> Any:
        try:
            import ray
        except ModuleNotFoundError as missing:
            raise ExecutorMissing(
                "the step is to run on Ray, which is not installed here", hint="pip install 'mainstem[ray]'"
            ) from missing
        if not ray.is_initialized():
            try:
                ray.init(self._address, **self._terms())
            except (ConnectionError, ValueError, RuntimeError) as refused:
                raise ExecutorMissing(
                    f"there is no Ray cluster at {self._address or 'RAY_ADDRESS'}: {refused}",
                    hint="is `ray start --head` running, and of the same version?",
                ) from refused
            self._has_begun = True
        return ray

    def _terms(self) -> dict[str, Any]:
        """Workers on this host find modules as this process does."""
        usual: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
        if self._address is None:
            path = os.pathsep.join(filter(None, sys.path))
            usual["runtime_env"] = {"env_vars": {"PYTHONPATH": path}}
        return usual | self._options

    def _refuse_more_than_there_is(self, call: StepCall) -> None:
        """Ray would wait for a host that may never come."""
        has = self._ray.cluster_resources()
        for name, amount in call.resources.items():
            in_all = has.get({"cpu": "CPU", "gpu": "GPU"}.get(name, name), 0)
            if amount > in_all:
                raise ResourcesMissing(
                    f"step {call.name} asks for {amount:g} {name}, and the cluster has {in_all:g}",
                    hint="ask for less, or add a host that has it",
                )


def _perform(call: SentCall) -> Iterator[Reply | None]:
    """On a host of the cluster: first that it begins (None), then its reply with what was told meanwhile."""
    told: list[tuple[str, tuple[Any, ...]]] = []
    try:
        function = call.function()
        yield None
        reply = call.perform(function, lambda kind, *what: told.append((kind, what))), told
    except BaseException as error:  # noqa: BLE001  (it is raised where the result is waited for)
        yield Raised.of(error), told
    else:
        yield reply


def _options(resources: Mapping[str, float]) -> dict[str, Any]:
    """As Ray names them."""
    own = {"cpu": "num_cpus", "gpu": "num_gpus", "memory": "memory"}
    named = {own[name]: amount for name, amount in resources.items() if name in own}
    others = {name: amount for name, amount in resources.items() if name not in own}
    return named | ({"resources": others} if others else {})
