"""Work that blocks, in a thread of its own that nobody waits for at the end: one that hangs must not keep the process alive."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def in_a_thread(work: Callable[[], T], name: str) -> T:
    """What `work` answers or raises. Cancelled, the thread goes on by itself and its answer is lost."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result)  # type: ignore[arg-type]

    def carry_out() -> None:
        result: T | None = None
        trouble: BaseException | None = None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - handed over to whoever waits
            trouble = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, result, trouble)

    threading.Thread(target=carry_out, name=name, daemon=True).start()
    return await answer
