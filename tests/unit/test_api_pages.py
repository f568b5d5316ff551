"""No page of the console or the portal carries script, style or handler of its own: the policy would refuse it."""

import re

import pytest
from fixtures_api import make_screening

from api.permissions import ROUTES
from api.security import CONTENT_POLICY

INLINE = re.compile(
    r"<style|\sstyle\s*=|\son\w+\s*=\s*[\"']|<script(?![^>]*\ssrc=)|javascript:|(?:src|href)=[\"']?(?:https?:)?//",
    re.IGNORECASE,
)
NOT_PAGES = {"/console/next", "/console/filter", "/console/policies/text", "/console/sign-in/callback"}
PAGES = sorted(
    path
    for method, _, path in (route.partition(" ") for route in ROUTES)
    if method == "GET" and path.startswith(("/console", "/portal", "/docs"))
    if "{" not in path.replace("{case_id}", "")
    and path not in NOT_PAGES
    and not re.search(r"/(audio|excerpt|peaks|spectrogram)$", path)
)


def test_the_policy_allows_nothing_inline():
    assert "unsafe" not in CONTENT_POLICY
    assert "default-src 'none'" in CONTENT_POLICY


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_nothing_inline(api, path):
    api.record(make_screening(1, "AID-002"), make_screening(2, "SPM-001", account="nova"))
    asker = api.label if path.startswith("/portal") else api.admin
    case_id = asker.get("/v1/cases").json()["cases"][0]["id"]

    answer = asker.get(path.replace("{case_id}", case_id), headers={"accept": "text/html"})

    assert answer.status_code in {200, 303, 404, 422}, answer.text[:300]
    assert answer.headers["content-security-policy"] == CONTENT_POLICY
    assert not INLINE.findall(answer.text)


@pytest.mark.parametrize(
    "bad", ["<script>x()</script>", '<p style="a">', "<p onclick='x()'>", "<a href=javascript:x()>", '<img src="//x">']
)
def test_what_would_be_inline_is_seen(bad):
    assert INLINE.search(bad)
