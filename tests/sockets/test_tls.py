"""Whoever cannot prove to be the exchange gets no request, and nothing switches that off."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import marginbot
from tests.sockets.bot import Bot
from tests.sockets.server import clean_environment

ATTEMPTS: list[dict[str, str]] = [
    {},
    {"PYTHONHTTPSVERIFY": "0"},
    {"REQUESTS_CA_BUNDLE": "CERT", "CURL_CA_BUNDLE": "CERT"},
    {"SSL_CERT_FILE": "CERT", "SSL_CERT_DIR": "FOLDER"},
    {"HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"},
]


class SelfSigned:
    """Listens with a certificate it has signed itself for 127.0.0.1. `requests`: what it was sent."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "certificate.pem"
        self.requests: list[bytes] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self._write(), folder / "key.pem")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(2)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                with connection, suppress(OSError):
                    connection.settimeout(10)
                    with self._context.wrap_socket(connection, server_side=True) as secured:
                        self.requests.append(secured.recv(65536))

    def _write(self) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.now(UTC)  # noqa: TID251 - a certificate is valid by the wall's time
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        self.certificate.write_bytes(made.public_bytes(pem))
        secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        (self.certificate.parent / "key.pem").write_bytes(secret)
        return self.certificate


@pytest.fixture(scope="module")
def impostor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SelfSigned]:
    impostor = SelfSigned(tmp_path_factory.mktemp("impostor"))
    yield impostor
    impostor.close()


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: " ".join(attempt) or "as it is")
def test_a_certificate_nobody_vouches_for_is_refused_before_anything_is_sent(
    impostor: SelfSigned, tmp_path: Path, attempt: dict[str, str]
):
    places = {"CERT": str(impostor.certificate), "FOLDER": str(impostor.certificate.parent)}
    settings = {"VENUE": "live", "EXCHANGE__API_KEY": "key-for-tests", "EXCHANGE__API_SECRET": "secret-for-tests"}
    bot = Bot(tmp_path, clean_environment(tmp_path) | {name: places.get(value, value) for name, value in attempt.items()})
    before = impostor.connections
    ended = bot.run("unwind", "BTCUSDT", "--yes", "--json", "--deadline", "1.5", EXCHANGE__REST_URL=impostor.url, **settings)
    assert ended.code == 4
    assert "could not prove to be the exchange, its certificate is not to be trusted" in ended.document["reason"]
    assert "Traceback" not in ended.err
    assert impostor.connections > before, "it was reached, and refused"
    assert impostor.requests == []


def test_no_setting_switches_it_off(tmp_path: Path):
    for name in ("EXCHANGE__VERIFY", "EXCHANGE__VERIFY_TLS", "EXCHANGE__INSECURE", "EXCHANGE__CA_FILE"):
        ended = Bot(tmp_path, clean_environment(tmp_path)).run("status", **{name: "false"})
        assert ended.code == 2
        assert f"MARGINBOT_{name}" in ended.err


def test_no_line_of_the_program_switches_it_off():
    switches = re.compile(r"verify\s*=|CERT_NONE|check_hostname|_create_unverified|CERT_OPTIONAL")
    sources = Path(marginbot.__file__).parent.rglob("*.py")
    assert [str(file) for file in sources if switches.search(file.read_text("utf-8"))] == []
