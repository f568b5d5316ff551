"""`liner serve --workers 2`: two processes behind one address keep one word between them."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from api.public_keys import KeyCreate
from api.services import keys
from api.services.access import Role
from api.store.database import open_database

LINER = Path(sys.executable).with_name("liner")
PATIENCE_S = 60


@pytest.fixture
def home(tmp_path, sqlite_template):
    (tmp_path / "review.db").write_bytes(sqlite_template.read_bytes())
    return tmp_path


@pytest.fixture
def service(home):
    """A running service of two workers and its address."""
    command = [str(LINER), "serve", "--port", "0", "--workers", "2"]
    told = {"LINER_HOME": str(home), "LINER_RATE_PER_ADDRESS": "0.01", "LINER_RATE_PER_KEY": "0"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **told}) as process:
        try:
            yield (
                next(line.split()[1] for line in process.stdout if line.startswith("API")).removesuffix("/docs"),
                process,
            )
        finally:
            process.kill()  # the workers end with it


def workers(process):
    """The processes that answer: children of the one that loaded the program for them."""
    (source,) = [one for one in children(process.pid) if b"forkserver" in Path(f"/proc/{one}/cmdline").read_bytes()]
    return set(children(source))


def children(pid):
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def get(address, path, token=""):
    """Ask over a connection of its own, so that any worker may answer."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(address + path, headers=headers, timeout=PATIENCE_S, verify=False)  # plain http: no store to read


def test_two_workers_keep_one_word_and_start_again(service, home):
    address, process = service
    db = open_database(f"sqlite:///{home / 'review.db'}")
    token = keys.create(db, keys.TERMINAL, KeyCreate(name="ada", role=Role.ADMIN)).token
    started = workers(process)

    mine = [get(address, "/v1/me", token).status_code for _ in range(9)]
    limited = [get(address, "/v1/me").status_code for _ in range(9)]
    counted = get(address, "/metrics", token).text
    keys.revoke(db, keys.TERMINAL, "ada")
    revoked = {get(address, "/v1/me", token).status_code for _ in range(9)}
    os.kill(min(started), signal.SIGKILL)
    alive = {get(address, "/livez").status_code for _ in range(9)}  # some wait for the worker that is started again
    process.send_signal(signal.SIGTERM)
    said = process.stdout.read()
    db.close()

    assert mine == [200] * 9  # the first counts against the address; then the key is known to be good, to both
    assert limited == [429] * 9  # one allowance for an address, whoever answers
    seen = re.findall(r'^liner_http_requests_total{.*"/v1/me".*} (\S+)', counted, re.MULTILINE)
    assert sum(map(float, seen)) == 9  # both workers' counts, whoever is asked
    assert revoked == {401, 429}
    assert alive == {200}
    assert process.wait(PATIENCE_S) == 0
    assert "Stopped." in said
