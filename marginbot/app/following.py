"""What comes before a request reaches the margin books of venue testnet: fresh prices, and the testnet's word on an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import structlog

from marginbot.engine.ports import Clock
from marginbot.errors import ExchangeError, MarginbotError, NotSent, ReadFailed, RequestRejected
from marginbot.exchange.spot_testnet import NEW_ORDER, SpotTestnet
from marginbot.paper.errors import PaperError
from marginbot.paper.follower import FRESH_S, Follower
from marginbot.paper.messages import Request, Response, error_response
from marginbot.paper.params import lenient_params

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Following:
    """Brings the books to what the testnet shows, in the words of whoever asks. within: seconds."""

    follower: Follower
    testnet: SpotTestnet
    clock: Clock
    within: float

    async def before(self, method: str, path: str, params: Mapping[str, str]) -> None:
        """Raises: NotSent, RateLimited: nothing has reached the books then."""
        try:
            async with self.clock.timeout(self.within):
                await self.follower.before(method, path, params)
        except (RequestRejected, ReadFailed, NotSent, PaperError, TimeoutError) as trouble:
            reason = str(trouble) or "no answer in time"
            raise NotSent(f"{method} {path} was not sent: {self.testnet.host} shows no prices now ({reason})") from trouble

    async def ahead(self, request: Request) -> Response | None:
        """The same for a request that came by a socket; a refusal says that nothing was done."""
        try:
            await self.before(request.method, request.path, lenient_params(request.query, request.body))
        except ExchangeError:
            return error_response(-1004, "Server is busy, please wait and try again", 503 if request.method == "GET" else 400)
        return None

    async def keep(self) -> None:
        """Follow all the time: stop orders trigger and accounts are called while nobody asks. For ever."""
        while True:
            await self.clock.sleep(FRESH_S)
            try:
                await self.follower.refresh()
            except (MarginbotError, PaperError) as trouble:
                log.debug("the testnet shows no prices now", reason=str(trouble))


class MarginBooks(httpx.AsyncBaseTransport):
    """The way to the books on this machine, after what must be asked of the testnet first.

    following: None when another process holds the books; that one follows the testnet then.
    """

    def __init__(
        self, books: httpx.AsyncBaseTransport, testnet: SpotTestnet, following: Following | None, clock: Clock, within: float
    ) -> None:
        self._books = books
        self._testnet = testnet
        self._following = following
        self._clock = clock
        self._within = within
        self._told = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises: NotSent, RateLimited, RequestRejected (an order the testnet refuses): nothing has reached the books then."""
        method, path = request.method, request.url.path
        params = lenient_params(request.url.query, await request.aread())
        if (method, path) == NEW_ORDER:
            await self._check(params)
        if self._following is not None:
            await self._following.before(method, path, params)
        return await self._books.handle_async_request(request)

    async def aclose(self) -> None:
        """Closes connections to the process that holds the books."""
        await self._books.aclose()

    async def _check(self, order: Mapping[str, str]) -> None:
        if not self._testnet.checks:
            if not self._told:
                log.warning("orders are not checked by the testnet: there is no key for it", host=self._testnet.host)
            self._told = True
            return
        try:
            async with self._clock.timeout(self._within):
                await self._testnet.check(order)
        except (ReadFailed, NotSent, TimeoutError) as trouble:
            reason = str(trouble) or "no answer in time"
            raise NotSent(f"the order was not sent: {self._testnet.host} could not check it ({reason})") from trouble
