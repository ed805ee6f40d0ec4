"""From what was typed to a value. Each refusal says which form is accepted and never repeats what was typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from marginbot.domain.amounts import parse_amount
from marginbot.errors import MoneyError

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the nearest known word, or nothing."""
    by_lower = {word.lower(): word for word in known}
    nearest = get_close_matches(typed.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[nearest[0]]}?" if nearest else ""


def text(value: object, form: str) -> str:
    """A string that says something. Raises: ValueError naming `form`."""
    if not isinstance(value, str):
        raise ValueError(f"must be {form}, as text in quotes")
    if not value.strip():
        raise ValueError(f"is empty: give {form} or remove it")
    return value.strip()


def decimal(value: object, form: str, example: str) -> Decimal:
    """A decimal that is not negative: text, or a whole number. A TOML float has already lost digits and is refused."""
    if isinstance(value, Decimal):
        value = format(value, "f")
    if isinstance(value, float):
        raise ValueError(f'must be written in quotes, for example "{example}": a bare number with a point loses digits')
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    try:
        return parse_amount(text(value, form), form)
    except MoneyError as error:
        raise ValueError(f"must be {form}, for example {example}") from error


def money_between(low: str, high: str | None, *, what: str, example: str, above: bool = False) -> Callable[[object], Decimal]:
    """Reads an amount from `low` (or, with `above`, more than `low`) to `high`."""
    least, most = Decimal(low), None if high is None else Decimal(high)
    span = f"{'above' if above else 'from'} {low}" + ("" if high is None else f" {'and at most' if above else 'to'} {high}")
    form = f"{what} {span}"

    def read(value: object) -> Decimal:
        amount = decimal(value, form, example)
        if amount < least or (above and amount == least) or (most is not None and amount > most):
            raise ValueError(f"must be {form}, for example {example}")
        return amount

    return read


def seconds_between(low: str, high: str, *, example: str, why: str = "", above: bool = False) -> Callable[[object], float]:
    """Reads a length of time; a plain TOML number is fine here, since no money hangs on its last digit."""
    inner = money_between(low, high, what="a number of seconds", example=example, above=above)

    def read(value: object) -> float:
        try:
            return float(inner(repr(value) if isinstance(value, float) else value))
        except ValueError as error:
            raise ValueError(f"{error}{why}") from error

    return read


def whole_between(low: int, high: int, *, what: str, example: str) -> Callable[[object], int]:
    """Reads a whole number."""
    inner = money_between(str(low), str(high), what=what, example=example)

    def read(value: object) -> int:
        amount = inner(value)
        if amount != amount.to_integral_value():
            raise ValueError(f"must be {what} from {low} to {high}, for example {example}")
        return int(amount)

    return read


def truth(value: object) -> bool:
    """true or false, as a TOML boolean or one of the usual words."""
    word = str(value).strip().lower() if isinstance(value, (str, bool)) else ""
    if word not in TRUE | FALSE:
        raise ValueError("must be true or false")
    return word in TRUE


def moment(value: object) -> datetime:
    """A date, or a date and a time; UTC where no zone is named, and a date alone is its first minute."""
    form = "a date such as 2027-03-01, or a time such as 2027-03-01T12:00Z"
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(text(value, form))
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"must be {form}") from None


def credential(value: object) -> str:
    """A key or a secret: one word of printable ASCII, since it travels in a header or signs one."""
    word = text(value, "the key as the exchange shows it")
    if not (word.isascii() and word.isprintable() and " " not in word):
        raise ValueError("must be one word of plain ASCII letters and digits, as the exchange shows it")
    return word


def file_path(value: object) -> Path:
    """A path; `~` is the home directory, a relative path starts where the command runs."""
    return Path(value if isinstance(value, Path) else text(value, "the path of a file")).expanduser()


def is_loopback(url: str) -> bool:
    """Whether a URL stays on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def web_url(value: object) -> str:
    """The base of a REST API without a trailing slash: https, or http on loopback."""
    form = "an https:// URL (http:// only for 127.0.0.1, ::1 or localhost)"
    url = text(value, form)
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and _is_bare(parts)
    except ValueError:
        usable = False
    secure = url.lower().startswith("https://") or (url.lower().startswith("http://") and is_loopback(url)) if usable else False
    if not secure:
        raise ValueError(f"must be {form}, without user name, query or fragment, for example https://api.binance.com")
    return url.rstrip("/")


OFF = "off"


def socket_url(value: object) -> str:
    """The address of a WebSocket without a trailing slash: wss, or ws on loopback; or `off`."""
    form = "a wss:// URL (ws:// only for 127.0.0.1, ::1 or localhost) or off"
    url = text(value, form)
    if url.lower() == OFF:
        return OFF
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in ("ws", "wss"):
        raise ValueError(f"must be {form}, for example wss://stream.binance.com:9443")
    try:
        checked = web_url(f"http{scheme[2:].lower()}://{rest}")
    except ValueError:
        raise ValueError(f"must be {form}, without user name, query or fragment") from None
    return f"ws{checked.removeprefix('http')}"


def _is_bare(parts: SplitResult) -> bool:
    """No user name, query, fragment or blank: the adapter appends paths and signs what follows."""
    clean = not any(character.isspace() for character in parts.geturl())
    return clean and not (parts.username or parts.password or parts.query or parts.fragment)


def journal_url(value: object) -> str:
    """`sqlite:///FILE` or `sqlite+aiosqlite:///FILE`, which mean the same; kept as the first."""
    form = "sqlite:///FILE (four slashes for an absolute path)"
    url = text(value, form)
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise ValueError(f"must be {form}")
    if scheme not in ("sqlite", "sqlite+aiosqlite"):
        raise ValueError(f"names a kind of database that is not supported yet: use {form}")
    file = rest.removeprefix("/")
    if not rest.startswith("/") or not file or file.endswith("/") or any(mark in file for mark in "?#\0"):
        raise ValueError(f"must be {form}, without options")
    if file.startswith((":memory:", "file:")):
        raise ValueError(f"must be a file that survives a restart: {form}")
    return f"sqlite:///{file}"
