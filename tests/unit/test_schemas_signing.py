import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import InvalidInput
from schemas.signing import headers, new_secret, verify

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def test_the_signature_is_that_of_the_standard():
    body = b'{"type":"case.decided"}'

    made = headers("evt_1", NOON, body, [KEY])

    content = b"evt_1." + str(int(NOON.timestamp())).encode() + b"." + body
    expected = base64.b64encode(hmac.new(bytes(range(32)), content, hashlib.sha256).digest()).decode()
    assert made["webhook-signature"] == f"v1,{expected}"


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=64), st.binary(max_size=64))
def test_only_the_bytes_that_were_signed_verify(body, other):
    made = headers("evt_1", NOON, body, [KEY])

    assert verify(made, body, KEY, NOON)
    assert verify(made, other, KEY, NOON) == (other == body)
    assert not verify({**made, "webhook-id": "evt_2"}, body, KEY, NOON)


def test_an_old_message_is_no_longer_good():
    made = headers("evt_1", NOON, b"x", [KEY])

    assert verify(made, b"x", KEY, NOON + timedelta(minutes=4))
    assert not verify(made, b"x", KEY, NOON + timedelta(minutes=6))
    assert not verify({**made, "webhook-timestamp": "soon"}, b"x", KEY, NOON)


def test_two_secrets_sign_while_one_is_exchanged():
    old, new = new_secret(), new_secret()

    made = headers("evt_1", NOON, b"x", [new, old])

    assert verify(made, b"x", old, NOON)
    assert verify(made, b"x", new, NOON)
    assert not verify(made, b"x", new_secret(), NOON)


def test_a_secret_that_is_none_is_refused():
    with pytest.raises(InvalidInput):
        headers("evt_1", NOON, b"x", ["hunter2!"])
