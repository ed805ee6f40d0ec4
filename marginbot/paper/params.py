"""Parameters as Binance reads them: from the query and a form body, the query winning where both name the same one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote_plus

from marginbot.paper.api.endpoint import Endpoint, Refusal
from marginbot.paper.messages import Request

MAX_BODY_BYTES = 64 * 1024

# What the shell itself reads of every call, so that no endpoint lists them.
SHELL_PARAMS = frozenset({"timestamp", "recvWindow", "signature"})

_FORM = b"application/x-www-form-urlencoded"


class UnknownParams(Enum):
    """What happens to parameters an endpoint does not list; which of these /sapi does is not documented."""

    IGNORE = "ignore"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class ParamPolicy:
    """`api` rules /api/*, where -1104 is documented; `sapi` rules /sapi/*, where nothing is."""

    api: UnknownParams = UnknownParams.REFUSE
    sapi: UnknownParams = UnknownParams.IGNORE

    def of(self, path: str) -> UnknownParams:
        return self.api if path.startswith("/api/") else self.sapi


def read_params(request: Request, *, last_wins: bool = False) -> dict[str, str]:
    """Every parameter sent, decoded, the shell's own included.

    last_wins: of a name twice in one place the last value counts.
    Raises: Refusal -1101 where it does not, -1100 for undecodable text, -1104 for a body that is not a form.
    """
    query = _decode(request.query, last_wins=last_wins)
    if not request.body:
        return query
    if not _is_form(request):
        # Binance does not read JSON bodies: whatever was in there counts as not sent.
        raise Refusal(-1104, "Not all sent parameters were read; send them as a query or a urlencoded form.")
    return _decode(request.body, last_wins=last_wins) | query


def check_params(endpoint: Endpoint, sent: Mapping[str, str], policy: UnknownParams) -> dict[str, str]:
    """What the handler may see: listed parameters only, every mandatory one present and none empty.

    Raises: Refusal -1102, -1105, or -1104 where unknown names are refused.
    """
    for name in endpoint.required:
        if name not in sent:
            raise missing(name)
    for name, value in sent.items():
        if not value:
            raise Refusal(-1105, f"Parameter '{name}' was empty.")
    known = {name: sent[name] for name in (*endpoint.required, *endpoint.optional) if name in sent}
    extra = [name for name in sent if name not in known and name not in SHELL_PARAMS]
    if extra and policy is UnknownParams.REFUSE:
        read = len(sent) - len(extra)
        raise Refusal(-1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{len(sent)}'.")
    return known


def missing(name: str) -> Refusal:
    return Refusal(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def lenient_params(query: bytes, body: bytes) -> dict[str, str]:
    """Whatever can be read, without signature, for logs and for matching faults; never refuses."""
    pairs = (part.partition(b"=") for part in body.split(b"&") + query.split(b"&") if part)
    return {_text(name): _text(value) for name, _, value in pairs if name != b"signature"}


def _decode(raw: bytes, *, last_wins: bool = False) -> dict[str, str]:
    found: dict[str, str] = {}
    if not raw:
        return found
    for part in raw.split(b"&"):
        if not part:
            continue
        name, _, value = part.partition(b"=")
        key = _strict_text(name)
        if key in found and not last_wins:
            raise Refusal(-1101, "Duplicate values for a parameter detected.")
        found[key] = _strict_text(value)
    return found


def _strict_text(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
        return unquote_plus(text, errors="strict") if b"%" in raw or b"+" in raw else text
    except UnicodeDecodeError:
        raise Refusal(-1100, "Illegal characters found in a parameter.") from None


def _text(raw: bytes) -> str:
    return unquote_plus(raw.decode("utf-8", errors="replace"))


def _is_form(request: Request) -> bool:
    sent = request.headers.get(b"content-type", _FORM)
    return request.method != "GET" and sent.split(b";")[0].strip().lower() == _FORM
