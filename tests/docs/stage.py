"""A stage for a page whose programs are excerpts of a reader's own: a client, a loop of its own, and names that they take as given."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import textwrap
import threading
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Self

from documented import Block
from typist import Typist

import mainstem
from mainstem import Mainstem, Worker, Workflow

PATIENCE = 30


@dataclass
class Stage:
    """What a page is performed on. names: of its programs, one block's for the next."""

    typist: Typist
    ms: Mainstem
    names: dict[str, Any] = field(default_factory=dict)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.names = {name: getattr(mainstem, name) for name in mainstem.__all__}
        self.names |= {"mainstem": mainstem, "ms": self.ms, "__name__": "page"}
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.await_(self.stack.aclose())
            self.await_(self.ms.__aexit__())
            self.await_(self.loop.shutdown_default_executor())
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()
            self.loop.close()
            self.typist.stop()

    def await_(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    async def work(self, *workflows: Workflow[..., Any]) -> None:
        """Have a worker for these, to the page's end."""
        await self.stack.enter_async_context(Worker(self.ms, workflows))
        for workflow in workflows:
            await self.ms.register(workflow)

    def run(self, block: Block) -> None:
        """Python, as it stands; what it awaits is awaited here."""
        text = self.typist.filled(block.text)
        program = compile(text, block.place, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

        async def execute() -> None:
            waited = eval(program, self.names)
            if inspect.isawaitable(waited):
                await waited

        self.await_(execute())

    def run_within(self, block: Block) -> None:
        """Python that stands in a workflow's code: in one of its own, to its end."""
        name = re.sub(r"\W", "_", block.place)
        body = textwrap.indent(block.text, "    ")
        exec(compile(f"@workflow({name!r})\nasync def {name}():\n{body}", block.place, "exec"), self.names)

        async def execute() -> None:
            known = {id(one): one for one in self.names.values() if isinstance(one, Workflow)}
            async with Worker(self.ms, list(known.values())):
                run = await self.ms.start(self.names[name])
                await run.result()

        self.await_(execute())


Hook = Callable[[Stage], Coroutine[Any, Any, None]]


def perform(blocks: list[Block], stage: Stage, before: dict[str, Hook]) -> None:
    """Do what the blocks say. before: by a word of a block, what has to be there when it is come to; each is used once."""
    open_hooks = dict(before)
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
        shown = after.text if after is not None and after.language == "text" else None
        if block.mark == "excerpt" or block.language == "text":
            continue
        for word in [word for word in open_hooks if word in block.text]:
            stage.await_(open_hooks.pop(word)(stage))
        _perform(block, shown, stage)
    assert list(open_hooks) == []


def _perform(block: Block, shown: str | None, stage: Stage) -> None:
    match block.language:
        case _ if block.file is not None:
            stage.typist.write(block)
        case "python" if block.mark == "workflow":
            stage.run_within(block)
        case "python":
            stage.run(block)
        case "sh" | "console":
            stage.typist.do(block, shown)
        case "sql":
            stage.typist.send(block, shown)
        case "http":
            stage.typist.ask(block)
        case language:
            raise AssertionError(f"{block.place}: nobody runs {language!r}")
