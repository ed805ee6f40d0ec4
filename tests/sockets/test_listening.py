"""`paper serve --host`: beyond loopback the controls demand a token, and strangers need keys of their own."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.sockets.process import COMMAND
from tests.sockets.server import ACCOUNT, Server, clean_environment, served

EVERYWHERE = "0.0.0.0"  # noqa: S104
TOKEN = "fedcba9876543210-for-tests"


def an_address_of_this_machine() -> str | None:
    """One that is not loopback, if there is any; nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def account(server: Server, url: str, key: str, secret: str) -> httpx.Response:
    text = f"timestamp={server.now_ms()}"
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return httpx.get(f"{url}{ACCOUNT}?{text}&signature={signature}", headers={"X-MBX-APIKEY": key}, trust_env=False)


def test_a_token_is_made_shown_once_and_demanded_of_everybody(tmp_path: Path):
    with served(tmp_path, "--host", EVERYWHERE, "-vv", silent=False) as server:
        token = server.ready["control_token"]
        assert len(token) >= 32
        for url in (server.url, server.url.replace(EVERYWHERE, "127.0.0.1")):
            with httpx.Client(base_url=url, trust_env=False) as client:
                for method, path in (("GET", "log"), ("POST", "advance"), ("POST", "keys"), ("GET", "nothing")):
                    refused = client.request(method, f"/paper/{path}")
                    assert (refused.status_code, refused.json()["code"]) == (401, -1002)
                assert client.get("/paper/log", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert "debug" in server.err.read_text()
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert [file for file in kept if token.encode() in file.read_bytes()] == []


def test_strangers_need_the_pair_of_this_run_and_the_bot_here_finds_the_world_as_ever(tmp_path: Path):
    address = an_address_of_this_machine()
    if address is None or address.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    (tmp_path / "token").touch(0o600)
    (tmp_path / "token").write_text(TOKEN + "\n")
    with served(tmp_path, "--host", address, "--token-file", "token") as server:
        assert "control_token" not in server.ready, "a token that came from a file is not shown"
        assert httpx.get(f"{server.url}/paper/log", trust_env=False).status_code == 401
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert httpx.get(f"{server.url}/paper/log", headers=headers, trust_env=False).status_code == 200

        own = server.ready["api_key"], server.ready["api_secret"]
        known = ("marginbotPaperKey" * 4)[:64], ("marginbotPaperSecret" * 4)[:64]
        assert account(server, server.url, *own).status_code == 200
        refused = account(server, server.url, *known)
        assert (refused.status_code, refused.json()["code"]) == (401, -2015)

        words = [*COMMAND, "status", "--json"]
        status = subprocess.run(words, env=clean_environment(tmp_path), capture_output=True, text=True, timeout=60, check=False)
        assert (status.returncode, json.loads(status.stdout)["venue"]) == (0, "paper"), status.stderr


def test_a_token_file_on_loopback_is_demanded_too(tmp_path: Path):
    (tmp_path / "token").touch(0o600)
    (tmp_path / "token").write_text(TOKEN)
    with served(tmp_path, "--token-file", "token") as server:
        assert server.http.get("/paper/log").status_code == 401
        assert server.http.get("/paper/log", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
