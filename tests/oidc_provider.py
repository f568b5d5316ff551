"""An OpenID provider in a process of its own: oidc-provider-mock, with the PKCE that its version for 3.11 leaves out.

`python -W ignore tests/oidc_provider.py` prints its port. The wrapper remembers each authorization request's challenge
and refuses a token request whose verifier does not hash to it (RFC 7636, 4.6).
"""

import base64
import hashlib
import io
import json
import os
import sys
from urllib.parse import parse_qs, urlsplit

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback alone

from oidc_provider_mock import app
from werkzeug.serving import make_server

challenges = {}


def pkce(inner):
    def wrapped(environ, start_response):
        if environ["PATH_INFO"] == "/oauth2/authorize" and environ["REQUEST_METHOD"] == "POST":
            return authorize(environ, start_response)
        if environ["PATH_INFO"] == "/oauth2/token":
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if challenges.pop(form.get("code"), None) != base64.urlsafe_b64encode(hashed).decode().rstrip("="):
                start_response("400 Bad Request", [("Content-Type", "application/json")])
                return [json.dumps({"error": "invalid_grant"}).encode()]
        return inner(environ, start_response)

    def authorize(environ, start_response):
        asked = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}

        def started(status, headers, *more):
            location = dict(headers).get("Location", "")
            code = parse_qs(urlsplit(location).query).get("code", [""])[0]
            if code and asked.get("code_challenge_method") == "S256":
                challenges[code] = asked["code_challenge"]
            return start_response(status, headers, *more)

        return inner(environ, started)

    return wrapped


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, pkce(app(require_nonce=True)), threaded=True)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
