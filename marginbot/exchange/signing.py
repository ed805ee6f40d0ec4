"""Percent-encoding, once, and the signature over exactly that text."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from marginbot.errors import ConfigError

_FILE_SETTING: Final = "exchange.private_key_file"
_LEAST_RSA_BITS: Final = 2048


class Signer(Protocol):
    """Signs the bytes that will be sent. The text returned is not yet percent-encoded."""

    def sign(self, payload: bytes) -> str: ...


def encode(params: Mapping[str, str]) -> str:
    """`name=value` joined by `&` in the given order, each side percent-encoded as UTF-8; only unreserved characters stay."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in params.items())


def with_signature(text: str, signer: Signer) -> str:
    """The encoded text with its own signature as the last parameter."""
    signature = quote(signer.sign(text.encode("ascii")), safe="")
    return f"{text}&signature={signature}" if text else f"signature={signature}"


class HmacSigner:
    """HMAC-SHA256 with the key's secret, in lower-case hex."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def sign(self, payload: bytes) -> str:
        """64 hex digits."""
        return hmac.digest(self._secret, payload, "sha256").hex()


class Ed25519Signer:
    """Ed25519, in base64: the type of key the exchange recommends."""

    __slots__ = ("_key",)

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def sign(self, payload: bytes) -> str:
        """88 characters of base64."""
        return b64encode(self._key.sign(payload)).decode("ascii")


class RsaSigner:
    """RSA PKCS#1 v1.5 over SHA-256, in base64."""

    __slots__ = ("_key",)

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key

    def sign(self, payload: bytes) -> str:
        """344 characters of base64 for a 2048-bit key."""
        return b64encode(self._key.sign(payload, PKCS1v15(), SHA256())).decode("ascii")


def signer_from_pem(path: Path, password: str | None = None) -> Ed25519Signer | RsaSigner:
    """The signer of a private key file, Ed25519 or RSA of at least 2048 bits.

    Raises: ConfigError naming the file and what is wrong with it, never its contents.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password.encode() if password else None)
    except OSError as error:
        raise ConfigError(f"the private key file {path} cannot be read: {error.strerror}", _FILE_SETTING) from error
    except TypeError:
        problem = "it is encrypted and no password was given" if password is None else "it is not encrypted"
        raise ConfigError(f"the private key file {path} cannot be used: {problem}", _FILE_SETTING) from None
    except (ValueError, UnsupportedAlgorithm):
        # The cause is dropped on purpose: a parser may quote what it could not read.
        raise ConfigError(f"the file {path} holds no readable private key in PEM form", _FILE_SETTING) from None
    if isinstance(key, Ed25519PrivateKey):
        return Ed25519Signer(key)
    if isinstance(key, RSAPrivateKey) and key.key_size >= _LEAST_RSA_BITS:
        return RsaSigner(key)
    raise ConfigError(f"the key in {path} must be Ed25519, or RSA of at least {_LEAST_RSA_BITS} bits", _FILE_SETTING)
