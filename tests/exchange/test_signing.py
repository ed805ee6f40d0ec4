"""What is signed, with which key, and how it is written."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from marginbot.errors import ConfigError
from marginbot.exchange.signing import HmacSigner, encode, signer_from_pem, with_signature

SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
PAYLOAD = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"


def written(key, tmp_path: Path, password: bytes | None = None) -> Path:
    path = tmp_path / "key.pem"
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return path


def test_the_published_hmac_example_is_reproduced():
    signature = HmacSigner(SECRET).sign(PAYLOAD.encode())
    assert signature == "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"


def test_ed25519_follows_the_first_example_of_rfc_8032():
    from marginbot.exchange.signing import Ed25519Signer

    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    signature = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(seed)).sign(b"")
    assert b64decode(signature).hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974")


def test_an_ed25519_key_file_signs_what_its_public_key_verifies(tmp_path):
    key = Ed25519PrivateKey.generate()
    signature = signer_from_pem(written(key, tmp_path)).sign(PAYLOAD.encode())
    key.public_key().verify(b64decode(signature), PAYLOAD.encode())


def test_an_rsa_key_file_signs_what_its_public_key_verifies(tmp_path):
    key = generate_private_key(65537, 2048)
    signature = signer_from_pem(written(key, tmp_path)).sign(PAYLOAD.encode())
    key.public_key().verify(b64decode(signature), PAYLOAD.encode(), PKCS1v15(), SHA256())


def test_an_encrypted_key_file_opens_with_its_password(tmp_path):
    path = written(Ed25519PrivateKey.generate(), tmp_path, b"sesame")
    assert len(signer_from_pem(path, "sesame").sign(b"x")) == 88


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("BTCUSDT,ETHUSDT", "BTCUSDT%2CETHUSDT"),
        ('["BTCUSDT"]', "%5B%22BTCUSDT%22%5D"),
        ("a b+c/d=e&f", "a%20b%2Bc%2Fd%3De%26f"),
        ("币安USDT", "%E5%B8%81%E5%AE%89USDT"),
        ("a-b_c.d~e", "a-b_c.d~e"),
    ],
)
def test_values_are_percent_encoded_once(text, encoded):
    assert encode({"symbol": text}) == f"symbol={encoded}"


def test_the_signature_comes_last_and_its_base64_is_percent_encoded():
    class Fixed:
        def sign(self, payload: bytes) -> str:
            return "a+b/c=" if payload == b"x=1" else "wrong"

    assert with_signature("x=1", Fixed()) == "x=1&signature=a%2Bb%2Fc%3D"


@pytest.mark.parametrize(
    "content", [b"", b"super secret nonsense", b"-----BEGIN PRIVATE KEY-----\nsuper secret\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_without_a_key_is_a_setting_error_that_shows_nothing_of_it(tmp_path, content):
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="no readable private key") as caught:
        signer_from_pem(path)
    assert caught.value.key == "exchange.private_key_file"
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_key_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.pem cannot be read"):
        signer_from_pem(tmp_path / "absent.pem")


def test_an_encrypted_key_file_without_its_password_says_so(tmp_path):
    with pytest.raises(ConfigError, match="encrypted and no password"):
        signer_from_pem(written(Ed25519PrivateKey.generate(), tmp_path, b"sesame"))


def test_a_key_of_another_kind_or_too_short_is_refused(tmp_path):
    for key in (dsa.generate_private_key(2048), generate_private_key(65537, 1024)):  # noqa: S505
        with pytest.raises(ConfigError, match="must be Ed25519, or RSA of at least 2048 bits"):
            signer_from_pem(written(key, tmp_path))


def test_a_signer_does_not_show_its_secret():
    assert SECRET not in repr(HmacSigner(SECRET))
    assert unquote(encode({"a": "%"})) == "a=%"
