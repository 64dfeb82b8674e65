"""A Ray cluster: for functions that need more than a host has."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from mainstem.errors import ExecutorLost, ExecutorMissing, ResourcesMissing
from mainstem.flow.executors import Raised, SentCall, StepCall, retell, within
from mainstem.flow.threads import in_thread

Reply = tuple[bytes | Raised, list[tuple[str, tuple[Any, ...]]]]
"""The result's JSON text or what was raised, and what the function told meanwhile."""


class Ray:
    """Ray tasks: one for each call. The cluster is joined when the first step asks for it.

    address: of the cluster ("auto", "ray://host:10001"); None looks at RAY_ADDRESS, and begins a cluster of this host
    where there is none. options: further ones of `ray.init`. Its hosts need the code of the steps.
    A step's resources are Ray's: cpu and gpu are its num_cpus and num_gpus, "memory" bytes, others its own resources.
    Its timeout counts from when the call is handed to the cluster, the wait for a free host included.
    """

    def __init__(self, address: str | None = None, **options: Any) -> None:
        self._address = address
        self._options = options
        self._ray: Any = None
        self._has_begun = False
        self._joining = asyncio.Lock()

    async def start(self) -> None:
        """Joined later: a worker without such steps needs no Ray."""

    async def stop(self) -> None:
        """Leave the cluster; one of this host that was begun here ends."""
        if self._has_begun:
            self._has_begun = False
            await in_thread(self._ray.shutdown)

    async def run(self, call: StepCall) -> bytes:
        ray = await self._joined()
        await in_thread(partial(self._refuse_more_than_there_is, call))
        remote = ray.remote(_perform).options(
            name=f"step {call.name}", max_retries=0, **_options(call.resources)
        )
        reference = remote.remote(call.sent())
        try:
            output, told = await within(call.timeout, call.name, self._result(reference))
        except BaseException:
            ray.cancel(reference, force=True)
            raise
        for kind, what in told:
            retell(call.info, kind, what)
        if isinstance(output, Raised):
            raise output.error("the cluster")
        return output  # type: ignore[no-any-return]

    async def _result(self, reference: Any) -> Reply:
        lost = self._ray.exceptions
        try:
            return await asyncio.wrap_future(reference.future())  # type: ignore[no-any-return]
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

    async def _joined(self) -> Any:
        async with self._joining:
            if self._ray is None:
                self._ray = await in_thread(self._join)
            return self._ray

    def _join(self) -> Any:
        try:
            import ray
        except ModuleNotFoundError as missing:
            raise ExecutorMissing(
                "the step is to run on Ray, which is not installed here", hint="pip install 'mainstem[ray]'"
            ) from missing
        if not ray.is_initialized():
            try:
                ray.init(self._address, **{"log_to_driver": False, "configure_logging": False} | self._options)
            except (ConnectionError, ValueError, RuntimeError) as refused:
                raise ExecutorMissing(
                    f"there is no Ray cluster at {self._address or 'RAY_ADDRESS'}: {refused}",
                    hint="is `ray start --head` running, and of the same version?",
                ) from refused
            self._has_begun = True
        return ray

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


def _perform(call: SentCall) -> Reply:
    """On a host of the cluster: what was told comes back with the result."""
    told: list[tuple[str, tuple[Any, ...]]] = []
    try:
        return call.perform(lambda kind, *what: told.append((kind, what))), told
    except BaseException as error:  # noqa: BLE001  (it is raised where the result is waited for)
        return Raised.of(error), told


def _options(resources: Mapping[str, float]) -> dict[str, Any]:
    """As Ray names them."""
    own = {"cpu": "num_cpus", "gpu": "num_gpus", "memory": "memory"}
    named = {own[name]: amount for name, amount in resources.items() if name in own}
    others = {name: amount for name, amount in resources.items() if name not in own}
    return named | ({"resources": others} if others else {})
