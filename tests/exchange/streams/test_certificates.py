"""Whom a stream believes: the authorities that REST believes, whatever the environment says."""

from __future__ import annotations

import ssl
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.server import ServerConnection, serve

from marginbot.engine.clock import SystemClock
from marginbot.exchange.streams.sockets import dial


def self_signed(file: Path) -> ssl.SSLContext:
    """A server's TLS by a certificate of its own, which lies in the file together with its key."""
    key, now = Ed25519PrivateKey.generate(), SystemClock().now()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(hours=1), now + timedelta(hours=1), [])
    certificate = made.add_extension(here, critical=False).sign(key, None).public_bytes(serialization.Encoding.PEM)
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.write_bytes(certificate + key.private_bytes(serialization.Encoding.PEM, *plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def test_a_certificate_that_only_the_environment_vouches_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def nobody(_connection: ServerConnection) -> None:
        raise AssertionError("nobody gets this far")

    context = self_signed(tmp_path / "both.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
    async with serve(nobody, "127.0.0.1", 0, ssl=context, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises(ssl.SSLCertVerificationError):
            await dial(f"wss://127.0.0.1:{port}")
