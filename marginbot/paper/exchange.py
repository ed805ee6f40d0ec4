"""The exchange as one synchronous object: a request in, its checks in Binance's order, the handler, an answer out.

No I/O and no waiting in here; `app` puts it on sockets, `transport` under httpx, and both may come between checking and acting.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from marginbot.paper.api import unsettled
from marginbot.paper.api.endpoint import Caller, Endpoint, Refusal, Security, WeightKind
from marginbot.paper.faults import FaultScript, rewritten
from marginbot.paper.keys import Key, KeyRegistry
from marginbot.paper.messages import (
    Request,
    Response,
    error_response,
    html_page,
    internal_error,
    json_response,
    refusal_response,
)
from marginbot.paper.params import MAX_BODY_BYTES, ParamPolicy, UnknownParams, check_params, read_params
from marginbot.paper.request_log import LogEntry, RequestLog
from marginbot.paper.signing import check_rights, check_signature, check_time, identify, not_permitted
from marginbot.paper.special import special_key
from marginbot.paper.streams.orders import StreamOrders
from marginbot.paper.weights import Limits, Throttled, Weights, check_orders, places_orders

if TYPE_CHECKING:
    from marginbot.paper.books.world import World

logger = logging.getLogger("marginbot.paper")

Clock = Callable[[], int]
ANYONE = Caller(0, "", {})


@dataclass(frozen=True, slots=True)
class Switches:
    """Behaviour that differs between sources or between tests. `extra_keys`: an unknown key in every JSON object."""

    params: ParamPolicy = field(default_factory=ParamPolicy)
    limits: Limits = field(default_factory=Limits)
    extra_keys: bool = False


@dataclass(slots=True)
class Admitted:
    """A request that passed every check and waits to be carried out."""

    request: Request
    endpoint: Endpoint
    caller: Caller
    params: Mapping[str, str]
    sent: Mapping[str, str]
    weight: int


class Exchange:
    """One exchange: its world, keys, budgets and faults. For one thread: nothing in here takes a lock.

    clock: milliseconds of the wall; `skipped_ms` is added to it, so that a test can let hours pass.
    after_write: called when a call that may have changed the world was carried out, before its answer leaves.
    """

    def __init__(
        self,
        world: World,
        keys: KeyRegistry,
        clock: Clock,
        *,
        endpoints: Iterable[Endpoint],
        retired: Iterable[tuple[str, str]] = (),
        switches: Switches | None = None,
        after_write: Callable[[], None] | None = None,
    ) -> None:
        self.world = world
        self.keys = keys
        self.clock = clock
        self.switches = switches or Switches()
        self.after_write = after_write
        self.weights = Weights(self.switches.limits)
        self.faults = FaultScript(scenario=world.faults)
        self.streams = StreamOrders()
        self.log = RequestLog()
        self.skipped_ms = 0
        self.writes = 0
        self._routes = {(endpoint.method, endpoint.path): endpoint for endpoint in endpoints}
        self._paths = {path for _, path in self._routes}
        self._retired = frozenset(retired)

    def handle(self, request: Request) -> Response:
        """Check and carry out one request. Never raises: a defect in here is answered as HTTP 500 with -1000."""
        admitted = self.admit(request)
        return admitted if isinstance(admitted, Response) else self.execute(admitted)

    def admit(self, request: Request) -> Admitted | Response:
        """Everything up to the handler: what passed, or the answer that says why not."""
        endpoint = self._routes.get((request.method, request.path))
        if endpoint is None:
            return self._done(request, self._no_route(request))
        endpoint = unsettled.as_switched(endpoint, self.world.config)
        caller = ANYONE
        try:
            self.advance()
            self.weights.check_ban(request.peer, self.world.now_ms)
            self.weights.count_request(request.peer, self.world.now_ms)
            if len(request.body) > MAX_BODY_BYTES:
                raise Refusal(-1100, "The request body is too large.", 413)
            sent = read_params(request, last_wins=_on_sapi(request.path) and self.world.config.sapi_repeated_params == "last")
            key = self._key_for(endpoint, request)
            if key is not None:
                caller = Caller(key.uid, key.api_key, key.rights, key.margin_symbol)
            params = self._checked(endpoint, request, sent, key)
            weight = self._charge(endpoint, params, request, caller)
            return Admitted(request, endpoint, caller, params, sent, weight)
        except Refusal as refusal:
            return self._refused(request, endpoint, caller, refusal)
        except Exception:
            logger.exception("the paper exchange failed at %s %s", request.method, request.path)
            return self._done(request, internal_error())

    def execute(self, admitted: Admitted) -> Response:
        """Carry out what was admitted, now."""
        request, endpoint, caller = admitted.request, admitted.endpoint, admitted.caller
        try:
            self.advance()
            if _reaches_the_engine(endpoint) and (self.world.config.sapi_time_rechecked or not _on_sapi(endpoint.path)):
                self._check_in_front_of_the_engine(admitted)
            self.world.before_request(caller.uid, request.method, request.path, admitted.params)
            if places_orders(endpoint):
                check_orders(endpoint, self.world.account(caller.uid).order_count, self.world.config, self.world.now_ms)
            response = json_response(endpoint.handler(self.world, caller, admitted.params))
            self.world.after_request(request.method, request.path, admitted.params)
            if endpoint.free_when_done:
                self.weights.give_back(endpoint, admitted.weight, request.peer, caller.uid, self.world.now_ms)
        except Refusal as refusal:
            return self._refused(request, endpoint, caller, refusal)
        except Exception:
            logger.exception("the paper exchange failed at %s %s", request.method, request.path)
            return self._done(request, internal_error())
        finally:
            self._note_write(request)
        return self._done(request, self._dressed(response, endpoint, request, caller))

    def advance(self) -> None:
        """Bring the world to the present; a clock set back leaves it where it is."""
        self.world.advance(max(self.clock() + self.skipped_ms, self.world.now_ms))

    def skip(self, step_ms: int) -> None:
        """Let time pass for the exchange alone: from now on its clock is that much further ahead of the wall's."""
        self.skipped_ms += step_ms
        self.advance()
        self.writes += 1

    def _key_for(self, endpoint: Endpoint, request: Request) -> Key | None:
        if endpoint.security is Security.NONE:
            return None
        return special_key(self.world, request) or identify(request, self.keys)

    def _checked(self, endpoint: Endpoint, request: Request, sent: Mapping[str, str], key: Key | None) -> dict[str, str]:
        policy = self.switches.params.of(endpoint.path)
        if _on_sapi(endpoint.path) and self.world.config.sapi_unknown_params == "refuse":
            policy = UnknownParams.REFUSE
        params = check_params(endpoint, sent, policy)
        if key is None:
            return params
        if endpoint.security is Security.SIGNED:
            check_time(sent, self.world.now_ms)
            check_signature(request, sent, key)
        check_rights(key, endpoint.needs)
        if key.margin_symbol is not None and not endpoint.margin_keys:
            raise not_permitted()
        return params

    def _check_in_front_of_the_engine(self, admitted: Admitted) -> None:
        """An order held up on its way is checked once more; one that comes too late counts as unfilled all the same."""
        try:
            check_time(admitted.sent, self.world.now_ms)
        except Refusal:
            self.world.account(admitted.caller.uid).order_count.placed(self.world.now_ms)
            raise

    def _charge(self, endpoint: Endpoint, params: Mapping[str, str], request: Request, caller: Caller) -> int:
        weight = endpoint.weight if isinstance(endpoint.weight, int) else endpoint.weight(params)
        self.weights.charge(endpoint, weight, request.peer, caller.uid, self.world.now_ms)
        return weight

    def _no_route(self, request: Request) -> Response:
        if (request.method, request.path) in self._retired:
            # The one removed /api path was seen to answer 410; for /sapi nothing is known, 404 is assumed.
            return html_page(self.world.config.retired_status if _on_sapi(request.path) else 410)
        if request.path in self._paths:
            return error_response(-1020, "This operation is not supported.", 405)
        return html_page(404)

    def _refused(self, request: Request, endpoint: Endpoint, caller: Caller, refusal: Refusal) -> Response:
        response = refusal_response(refusal)
        if isinstance(refusal, Throttled) and refusal.says_when:
            response = response.plus(((b"retry-after", b"%d" % refusal.retry_after_s),))
        return self._done(request, self._dressed(response, endpoint, request, caller))

    def _dressed(self, response: Response, endpoint: Endpoint, request: Request, caller: Caller) -> Response:
        if self.switches.extra_keys or self.world.config.extra_keys:
            response = rewritten(response, "extra_keys")
        if endpoint.kind is WeightKind.SAPI_UID and not caller.uid:
            return response
        orders = self.world.account(caller.uid).order_count if caller.uid and places_orders(endpoint) else None
        if self.world.config.both_weight_headers and _on_sapi(endpoint.path) and caller.uid:
            other = unsettled.other_kind(endpoint)
            response = response.plus(self.weights.headers(other, request.peer, caller.uid, self.world.now_ms))
        return response.plus(self.weights.headers(endpoint, request.peer, caller.uid, self.world.now_ms, orders))

    def _note_write(self, request: Request) -> None:
        if request.method != "GET":
            self.writes += 1
            if self.after_write is not None:
                self.after_write()

    def _done(self, request: Request, response: Response) -> Response:
        self.log.append(LogEntry(self.world.now_ms, request.method, request.path, request.query, request.body, response.status))
        return response


def _on_sapi(path: str) -> bool:
    return path.startswith("/sapi/")


def _reaches_the_engine(endpoint: Endpoint) -> bool:
    signed_post = endpoint.method == "POST" and endpoint.security is Security.SIGNED
    return signed_post and endpoint.path in {"/api/v3/order", "/sapi/v1/margin/order"}
