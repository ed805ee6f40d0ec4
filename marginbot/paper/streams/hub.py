"""Everything that is connected, and the pulse that brings each connection what is new."""

from __future__ import annotations

import logging

from marginbot.paper.books.amounts import precise
from marginbot.paper.exchange import Exchange
from marginbot.paper.streams.account_feed import AccountFeed
from marginbot.paper.streams.account_socket import AccountSocket
from marginbot.paper.streams.connection import BROKEN, CUT, GOING_AWAY, LIFE_MS, RESTART, Connection
from marginbot.paper.streams.market_feed import MarketFeed
from marginbot.paper.streams.market_socket import MarketSocket

logger = logging.getLogger("marginbot.paper")


class Hub:
    """For one thread. `pulse` is all that makes events: call it often, and after whatever changes the world."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.connections: list[Connection] = []
        self.accounts = AccountFeed(exchange.world)
        self._market = MarketFeed(exchange.world)

    def add(self, connection: Connection) -> None:
        """From now on `connection` is brought what it follows."""
        if self.exchange.world.news is None:
            self.exchange.world.news = []
        self.connections.append(connection)

    def remove(self, connection: Connection) -> None:
        self.connections.remove(connection)
        if not self.connections:
            self.exchange.world.news = None

    @precise
    def pulse(self) -> None:
        """Bring the world to the present and everybody what has become new; nothing to do while nobody is connected.

        Never raises: whoever calls it is about to answer a request that was carried out. A pulse that failed has lost news, so
        no connection goes on after it as if it were whole.
        """
        if not self.connections:
            return
        try:
            self._beat()
        except Exception:
            logger.exception("the streams of the paper exchange failed")
            for connection in self.connections:
                connection.close(BROKEN, "internal error")

    def _beat(self) -> None:
        self.exchange.advance()
        self._obey()
        world = self.exchange.world
        news, world.news = world.news or [], []
        sockets = [one for one in self.connections if isinstance(one, MarketSocket)]
        self._market.begin(news, {name for socket in sockets for name in socket.followed})
        silent = self.exchange.streams.silent
        for socket in sockets:
            socket.push(self._market, silent=socket.kind in silent)
        self.accounts.begin(news)
        for connection in self.connections:
            if isinstance(connection, AccountSocket):
                connection.push(silent=connection.kind in silent)
            if world.now_ms - connection.opened_ms >= LIFE_MS:
                connection.close(GOING_AWAY, "24 hours are over")

    def announce(self) -> None:
        """Tell everybody that the exchange is about to restart."""
        for connection in self.connections:
            connection.send(connection.event({"e": "serverShutdown", "E": self.exchange.world.now_ms}))

    def shut_down(self) -> None:
        """Announce it, and let every connection end."""
        self.announce()
        for connection in self.connections:
            connection.close(RESTART, "Service Restart")

    def _obey(self) -> None:
        orders = self.exchange.streams
        for connection in self.connections:
            if connection.kind in orders.cut:
                connection.close(CUT)
        orders.cut.clear()
        if orders.announce:
            orders.announce = False
            self.announce()
