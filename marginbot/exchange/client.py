"""python-binance with its transport taken out: its endpoint methods, our building, signing and sending."""

from __future__ import annotations

from typing import Any, NoReturn

from marginbot.errors import ConfigError
from marginbot.exchange.gateway import Gateway
from marginbot.exchange.library import AsyncClient
from marginbot.exchange.messages import Answer, Call


class BinanceClient(AsyncClient):  # type: ignore[misc]  # the library is untyped
    """The library's endpoint methods; each returns an `Answer` with a successful status, or raises an ExchangeError.

    Neither the key nor the secret is handed to the library, so nothing of its own can sign or leak them.
    """

    def __init__(self, rest_url: str, gateway: Gateway) -> None:
        self._rest_url = rest_url
        self._gateway = gateway
        super().__init__()

    @classmethod
    async def create(cls, *args: object, **kwargs: object) -> NoReturn:
        """Refused: it would ping and read the clock one after the other before anything else may happen."""
        raise ConfigError("the client is opened by open_exchange, never by create()")

    async def close_connection(self) -> None:
        """Closes connections; the library's own sockets were never opened."""
        await self._gateway.aclose()

    def _init_session(self) -> None:
        """No session of aiohttp is ever made."""

    async def _request(self, method: str, uri: str, signed: bool, force_params: bool = False, **kwargs: Any) -> Answer:
        """Every call of the library ends here. Parameters that are None are left out, as the library does."""
        if not uri.startswith(self._rest_url + "/"):
            raise ConfigError("the library asked for an address outside the configured one")
        given: dict[str, object] = kwargs.get("data") or kwargs.get("params") or {}
        params = {name: _text(value) for name, value in given.items() if value is not None}
        return await self._gateway.ask(Call(method.upper(), uri.removeprefix(self._rest_url), params, signed))

    def _create_api_uri(self, path: str, signed: bool = True, version: str = "v3") -> str:
        return f"{self._rest_url}/api/{version}/{path}"

    def _create_margin_api_uri(self, path: str, version: int = 1) -> str:
        # The library's own version always names the production host, testnet or not.
        return f"{self._rest_url}/sapi/v{version}/{path}"

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise ConfigError("marginbot talks to /api and /sapi only")

    async def _refuse_later(self, *args: object, **kwargs: object) -> NoReturn:
        self._refuse()

    _create_papi_api_uri = _refuse
    _create_website_uri = _refuse
    _create_futures_api_uri = _refuse
    _create_futures_data_api_uri = _refuse
    _create_futures_coin_api_url = _refuse
    _create_futures_coin_data_api_url = _refuse
    _create_options_api_uri = _refuse
    _ws_api_request = _refuse_later
    _ws_futures_api_request = _refuse_later
    _ws_api_request_sync = _refuse
    _ws_futures_api_request_sync = _refuse


def _text(value: object) -> str:
    """A parameter as text. Raises: TypeError for anything whose text is not obvious, floats above all."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(f"a parameter must be a text or a whole number, not {type(value).__name__}")
    return str(value)
