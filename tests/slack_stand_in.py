"""A stand-in for Slack, written from its public documentation: incoming webhooks, response URLs, `views.open`,
signed interactivity requests and slash commands. It keeps what it is sent and presses buttons as people do.
"""

import hashlib
import hmac
import itertools
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TOKEN = "xoxb-stand-in"
FORM = "application/x-www-form-urlencoded"
POLL_S = 0.01  # how soon a server that is told to end looks up; half a second unless set


class Slack:
    """One workspace with one channel."""

    def __init__(self, *, now=time.time):
        self.now, self.count = now, itertools.count(1)
        self.webhook_status = 200
        self.cards, self.answers, self.modals, self.refused = [], [], [], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status, told = outer.take(self.path, body, self.headers)
                content = json.dumps(told).encode() if isinstance(told, dict) else told.encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json" if isinstance(told, dict) else "text/html")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(POLL_S,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def take(self, path, body, headers):
        if path.startswith("/services/"):
            if self.webhook_status == 200:
                check_message(body)
                self.cards.append(body)
            return self.webhook_status, "ok" if self.webhook_status == 200 else "internal_error"
        if path.startswith("/actions/"):
            check_message(body)
            self.answers.append(body)
            return 200, "ok"
        if path == "/api/views.open":
            if headers["Authorization"] != f"Bearer {TOKEN}":
                return 200, {"ok": False, "error": "invalid_auth"}
            check_modal(body["view"])
            self.modals.append(body["view"])
            return 200, {"ok": True, "view": {"id": "V1"}}
        return 404, "no_service"

    # What people do

    def click(self, card, action_id, user="U1"):
        """Press a button of a card; gives the signed request's body."""
        button = next(
            one
            for block in card["blocks"]
            if block["type"] == "actions"
            for one in block["elements"]
            if one["action_id"] == action_id
        )
        stamp = f"{int(self.now())}.{next(self.count):06}"
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": "somebody", "name": "somebody", "team_id": "T1"},
            "api_app_id": "A1",
            "token": "deprecated",
            "container": {"type": "message", "message_ts": "1548261231.000200", "channel_id": "C1"},
            "trigger_id": f"12321423423.333649436676.{next(self.count)}",
            "team": {"id": "T1", "domain": "example"},
            "enterprise": None,
            "is_enterprise_install": False,
            "channel": {"id": "C1", "name": "review"},
            "message": {"type": "message", "ts": "1548261231.000200", **card},
            "state": {"values": {}},
            "response_url": f"{self.url}/actions/T1/1/x",
            "actions": [{**button, "block_id": "b1", "action_ts": stamp}],
        }
        return urlencode({"payload": json.dumps(payload)}).encode()

    def submit(self, modal, user="U1", **fields):
        """Fill a modal in and send it; what is not filled in keeps its first value."""
        values = {}
        for block in modal["blocks"]:
            if block["type"] == "input":
                element, name = block["element"], block["block_id"]
                text = fields.get(name, element.get("initial_value", ""))
                is_list = element["type"] == "static_select"
                filled = {"selected_option": {"value": text}} if is_list else {"value": text or None}
                values[name] = {element["action_id"]: {"type": element["type"], **filled}}
        view = {**modal, "id": f"V{next(self.count)}", "team_id": "T1", "state": {"values": values}, "hash": "1.x"}
        user_of = {"id": user, "username": "somebody", "team_id": "T1"}
        payload = {"type": "view_submission", "team": {"id": "T1"}, "user": user_of, "view": view, "response_urls": []}
        return urlencode({"payload": json.dumps(payload)}).encode()

    def command(self, text, user="U1"):
        """Type a slash command."""
        form = {"token": "x", "team_id": "T1", "team_domain": "example", "channel_id": "C1", "user_id": user}
        more = {"command": "/liner", "text": text, "response_url": f"{self.url}/actions/T1/2/x", "trigger_id": "1.2"}
        return urlencode({**form, **more, "n": next(self.count)}).encode()

    def headers(self, body, *, at=None, secret=SECRET):
        """Sign a body as the documentation says."""
        timestamp = str(int(self.now() if at is None else at))
        content = b"v0:" + timestamp.encode() + b":" + body
        digest = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}", "Content-Type": FORM}


def check_message(body):
    """Refuse what Slack would: Block Kit's limits."""
    assert body["text"], body
    assert len(body["blocks"]) <= 50
    for block in body["blocks"]:
        check_block(block)


def check_modal(view):
    assert view["type"] == "modal"
    assert len(view["title"]["text"]) <= 24
    assert len(view["private_metadata"]) <= 3000
    for block in view["blocks"]:
        check_block(block)


def check_block(block):
    kind = block["type"]
    assert kind in {"header", "section", "context", "actions", "input"}, kind
    if kind == "header":
        assert block["text"]["type"] == "plain_text"
        assert 1 <= len(block["text"]["text"]) <= 150
    if kind == "section":
        assert 1 <= len(block["text"]["text"]) <= 3000
    if kind == "context":
        assert 1 <= len(block["elements"]) <= 10
    if kind == "actions":
        assert 1 <= len(block["elements"]) <= 25
        for button in block["elements"]:
            assert len(button["text"]["text"]) <= 75
            assert len(button["value"]) <= 2000
            assert "url" not in button  # such a button would send no click
    if kind == "input":
        element = block["element"]
        assert len(element.get("initial_value", "")) <= element.get("max_length", 3000) <= 3000
