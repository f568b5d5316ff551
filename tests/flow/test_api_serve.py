"""`liner keys` and `liner serve` as a person runs them."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from api.cli.workers import open_port

LINER = Path(sys.executable).with_name("liner")
PATIENCE_S = 60


def run(home, *words):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINER_")}
    environment["LINER_HOME"] = str(home)
    command = [str(LINER), *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=PATIENCE_S)


@pytest.fixture
def service(tmp_path):
    """A running `liner serve` and its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "LINER_HOME": str(tmp_path)}
    command = [str(LINER), "serve", "--port", str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        address = f"http://127.0.0.1:{port}"
        _wait_until_ready(address, process)
        yield address, process
        process.kill()


def _wait_until_ready(address, process):
    for _ in range(PATIENCE_S * 10):
        if process.poll() is not None:
            pytest.fail(process.stdout.read())
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("liner serve did not become ready")


def test_from_an_empty_folder_to_a_signed_in_person(service, tmp_path):
    address, process = service
    token = run(tmp_path, "keys", "create", "mia", "--role", "moderator").stdout.strip()

    me = httpx.get(f"{address}/v1/me", headers={"Authorization": f"Bearer {token}"})

    assert (me.json()["name"], me.json()["permissions"]) == ("mia", ["read", "console", "review"])
    assert "/console/sign-in?token=" in run(tmp_path, "keys", "link", "mia").stdout
    assert token not in run(tmp_path, "keys", "list").stdout
    assert run(tmp_path, "keys", "revoke", "mia").returncode == 0
    assert httpx.get(f"{address}/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert "port" in run(tmp_path, "serve", "--port", address.rsplit(":", 1)[1]).stderr

    process.send_signal(signal.SIGTERM)
    said = process.stdout.read()
    assert process.wait(PATIENCE_S) == 0
    assert f"{address}/console" in said
    assert "liner keys create" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("keys", "create", "a b", "--role", "admin"), "name"),
        (("keys", "create", "x", "--role", "label"), "account"),
        (("keys", "revoke", "nobody"), "nobody"),
        (("keys", "link", "nobody"), "nobody"),
        (("serve", "--host", "203.0.113.1", "--port", "0"), "Cannot listen on 203.0.113.1"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(tmp_path, words, said):
    done = run(tmp_path, *words)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("shared", [False, True])
def test_answers_leave_at_once(shared):
    """Without, what follows the head of an answer waits 40 ms for the client's acknowledgement."""
    with (
        open_port("127.0.0.1", 0, shared=shared) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
