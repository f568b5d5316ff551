"""What a killed server leaves behind: half an upload goes on, an unsent notice is sent."""

import base64
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from fixtures_api import as_json, make_screening
from sqlmodel import select

from api.public_keys import KeyCreate
from api.services import keys
from api.services.access import Role
from api.store.database import open_database
from api.tables import WebhookDeliveryRow

TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def home(sqlite_template: Path, tmp_path: Path):
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "review.db").write_bytes(sqlite_template.read_bytes())
    return folder


@contextlib.contextmanager
def serving(home: Path):
    """`liner serve` as a process of its own; gives its address and the process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"LINER_HOME": str(home), "LINER_REVIEW_RULES": "at-once", "LINER_WEBHOOK_PRIVATE": "true"}
    command = [str(Path(sys.executable).with_name("liner")), "serve", "--port", str(port)]
    with subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: answers(port))
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()


def answers(port: int) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    return False


def wait_until(holds, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def key(home: Path, name: str, role: Role, account: str | None = None) -> dict[str, str]:
    database = open_database(f"sqlite:///{home / 'review.db'}")
    token = keys.create(database, keys.TERMINAL, KeyCreate(name=name, role=role, account=account)).token
    database.close()
    return {"Authorization": f"Bearer {token}"}


def test_an_upload_goes_on_after_the_server_was_killed(home: Path):
    label, data = key(home, "nova", Role.LABEL, "nova"), os.urandom(6_000_000)

    def trickle(process):
        for start in range(0, 4_000_000, 100_000):
            yield data[start : start + 100_000]
            if start == 3_000_000:
                time.sleep(0.3)
                os.kill(process.pid, signal.SIGKILL)

    with serving(home) as (address, process):
        draft = httpx.post(f"{address}/v1/drafts", headers=label).json()["id"]
        told = {"filename": "big.wav", "draft": draft}
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
        announced = {**label, **TUS, "Upload-Length": str(len(data)), "Upload-Metadata": metadata}
        place = httpx.post(f"{address}/v1/uploads", headers=announced).headers["location"]
        piece = {**label, **TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
        with pytest.raises(httpx.HTTPError):
            httpx.patch(address + place, headers=piece, content=trickle(process), timeout=30)

    with serving(home) as (address, _):
        offset = int(httpx.head(address + place, headers={**label, **TUS}).headers["upload-offset"])
        assert 0 < offset < 4_000_000
        rest = httpx.patch(
            address + place, headers={**piece, "Upload-Offset": str(offset)}, content=data[offset:], timeout=30
        )
        assert rest.status_code == 204
    kept = home / "landing" / "accounts" / "nova" / f".draft-{draft}" / "resources" / "big.wav"
    assert kept.read_bytes() == data


def test_a_notice_is_sent_after_the_server_was_killed_while_sending(home: Path):
    got, go_on = [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            got.append(self.headers["webhook-id"])
            if len(got) == 1:
                go_on.wait(30)  # the first never hears an answer: its sender is killed
            with contextlib.suppress(OSError):
                self.send_response(204)
                self.end_headers()

        def log_message(self, *_):
            pass

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.daemon_threads = True
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    label, service = key(home, "nova", Role.LABEL, "nova"), key(home, "scan", Role.SERVICE)
    with serving(home) as (address, process):
        hook = {"url": f"http://127.0.0.1:{receiver.server_port}/", "kinds": ["case.opened"]}
        assert httpx.post(f"{address}/v1/webhooks", headers=label, json=hook).status_code == 201
        body = as_json(make_screening(1, "AID-002", account="nova"))
        assert httpx.post(f"{address}/v1/screenings", headers=service, json=body).status_code == 200
        wait_until(lambda: got)
        os.kill(process.pid, signal.SIGKILL)
    end_leases(home)

    with serving(home):
        wait_until(lambda: len(got) == 2)
    go_on.set()
    receiver.shutdown()
    receiver.server_close()

    assert got[0] == got[1]  # the same id: a receiver knows the repetition


def end_leases(home: Path) -> None:
    """Let the minute and a half pass after which another sender takes over."""
    database = open_database(f"sqlite:///{home / 'review.db'}")
    with database.write() as session:
        for row in session.exec(select(WebhookDeliveryRow)):
            assert row.leased_until is not None
            row.leased_until = datetime.now(UTC) - timedelta(seconds=1)
            session.add(row)
    database.close()
