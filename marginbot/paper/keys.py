"""The API keys an exchange knows: whose they are, what they may do, and how their signatures are checked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from marginbot.paper.errors import PaperError

PublicKey = ed25519.Ed25519PublicKey | rsa.RSAPublicKey

# Obviously not real, 64 letters like Binance's own, and the same in every world, so that a restart breaks no client.
PAPER_API_KEY = ("marginbotPaperKey" * 4)[:64]
PAPER_API_SECRET = ("marginbotPaperSecret" * 4)[:64]

# Flags of GET /sapi/v1/account/apiRestrictions: a key fit for the bot may trade and transfer, but never withdraw.
FULL_RIGHTS: Mapping[str, bool] = MappingProxyType(
    {
        "ipRestrict": True,
        "enableReading": True,
        "enableWithdrawals": False,
        "enableInternalTransfer": False,
        "enableMargin": True,
        "enableFutures": False,
        "permitsUniversalTransfer": True,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": True,
        "enablePortfolioMarginTrading": False,
    }
)


class KeyKind(Enum):
    """How requests made with a key are signed."""

    HMAC = "HMAC"
    ED25519 = "ED25519"
    RSA = "RSA"


@dataclass(frozen=True, slots=True)
class Key:
    """One API key of account `uid`. Exactly one of `secret` (HMAC) and `public_key` is set.

    local_only: good for requests of this machine alone, as a real key may be bound to an address. margin_symbol: of a special
    margin key, see api.endpoint.Caller.
    """

    api_key: str
    uid: int
    kind: KeyKind
    rights: Mapping[str, bool]
    secret: bytes | None = field(default=None, repr=False)
    public_key: PublicKey | None = field(default=None, repr=False)
    local_only: bool = False
    margin_symbol: str | None = None

    def verifies(self, text: bytes, signature: str) -> bool:
        """Whether `signature` (hex for HMAC, else base64, already percent-decoded) is this key's over `text`."""
        if self.secret is not None:
            return _hex_matches(hmac.digest(self.secret, text, "sha256"), signature)
        return _public_key_verifies(self.public_key, text, signature)


class KeyRegistry:
    """All keys of one exchange, by api key."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys.values())

    def find(self, api_key: str) -> Key | None:
        return self._keys.get(api_key)

    def add_hmac(
        self, uid: int, api_key: str, secret: str, rights: Mapping[str, bool] = FULL_RIGHTS, *, local_only: bool = False
    ) -> Key:
        """Add a key with an HMAC secret; the same api key again replaces the earlier one."""
        return self._add(Key(api_key, uid, KeyKind.HMAC, dict(rights), secret=secret.encode(), local_only=local_only))

    def add_public_key(self, uid: int, pem: bytes, rights: Mapping[str, bool] = FULL_RIGHTS) -> Key:
        """Add an Ed25519 or RSA public key (PEM). Its api key is the SHA-256 of the key itself: stable, 64 characters."""
        public = load_public_key(pem)
        der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return self._add(Key(hashlib.sha256(der).hexdigest(), uid, key_kind(public), dict(rights), public_key=public))

    def _add(self, key: Key) -> Key:
        self._keys[key.api_key] = key
        return key


def paper_keys(uid: int) -> KeyRegistry:
    """A registry with the one HMAC pair every paper world accepts, from this machine: everybody can read it here."""
    registry = KeyRegistry()
    registry.add_hmac(uid, PAPER_API_KEY, PAPER_API_SECRET, local_only=True)
    return registry


def _hex_matches(digest: bytes, signature: str) -> bool:
    try:
        return hmac.compare_digest(digest, binascii.unhexlify(signature))
    except ValueError:
        return False


def _public_key_verifies(public: PublicKey | None, text: bytes, signature: str) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(raw, text)
        elif isinstance(public, rsa.RSAPublicKey):
            public.verify(raw, text, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except (ValueError, InvalidSignature):
        return False
    return True


def key_kind(public: PublicKey) -> KeyKind:
    return KeyKind.RSA if isinstance(public, rsa.RSAPublicKey) else KeyKind.ED25519


def load_public_key(pem: bytes) -> PublicKey:
    """Raises: PaperError for anything but a PEM of an Ed25519 or RSA public key."""
    try:
        public = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError) as problem:
        raise PaperError("the public key is not a PEM of an Ed25519 or RSA public key") from problem
    if not isinstance(public, ed25519.Ed25519PublicKey | rsa.RSAPublicKey):
        raise PaperError(f"only Ed25519 and RSA public keys are accepted, not {type(public).__name__}")
    return public
