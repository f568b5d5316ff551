"""Who may call which route: the one table that the app enforces, the tests walk and the documentation shows.

A route whose row is missing is caught by the test of the access matrix. A row is the outer gate; what is not a
label's own still looks like what is not there, and services refuse what depends on the thing itself.
"""

from enum import StrEnum

from fastapi import Request

from api.services.access import PERMISSIONS, Actor, Permission, Role, require_permission


class Access(StrEnum):
    """What a route asks for where it asks for no permission."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed in"


ROUTES: dict[str, Permission | Access] = {
    "GET /livez": Access.ANYBODY,
    "GET /readyz": Access.ANYBODY,
    "GET /docs": Access.ANYBODY,
    "GET /openapi.json": Access.ANYBODY,
    "HEAD /openapi.json": Access.ANYBODY,
    "GET /v1/schemas/submission.json": Access.ANYBODY,
    "GET /metrics": Permission.METRICS,
    "GET /v1/me": Access.SIGNED_IN,
    "GET /v1/keys": Permission.KEYS,
    "POST /v1/keys": Permission.KEYS,
    "POST /v1/keys/{name}/rotate": Permission.KEYS,
    "DELETE /v1/keys/{name}": Permission.KEYS,
    "POST /v1/deliveries": Permission.DELIVER,
    "GET /v1/deliveries": Permission.READ,
    "GET /v1/deliveries/{delivery_id}": Permission.READ,
    "POST /v1/screenings": Permission.SCREEN,
    "GET /v1/screenings/{screening_id}": Permission.READ,
    "GET /v1/cases": Permission.READ,
    "GET /v1/cases/{case_id}": Permission.READ,
    "GET /v1/cases/{case_id}/events": Permission.READ,
    "GET /v1/cases/{case_id}/release": Permission.READ,
    "POST /v1/cases/{case_id}/claim": Permission.REVIEW,
    "POST /v1/cases/{case_id}/release": Permission.REVIEW,
    "POST /v1/cases/{case_id}/heartbeat": Permission.REVIEW,
    "POST /v1/cases/{case_id}/hand-over": Permission.REVIEW,
    "POST /v1/cases/{case_id}/park": Permission.REVIEW,
    "POST /v1/cases/{case_id}/unpark": Permission.REVIEW,
    "POST /v1/cases/{case_id}/decide": Permission.REVIEW,
    "DELETE /v1/cases/{case_id}/decision": Permission.REVIEW,
    "POST /v1/cases/{case_id}/reopen": Permission.REVIEW,
    "POST /v1/cases/{case_id}/creator-link": Permission.READ,  # and to appeal, or to review
    "POST /v1/cases/{case_id}/settle": Permission.SETTLE,
    "POST /v1/cases/{case_id}/golden": Permission.SETTLE,
    "GET /v1/samples/next": Permission.REVIEW,
    "GET /v1/samples/{sample_id}": Permission.REVIEW,
    "POST /v1/samples/{sample_id}/opinion": Permission.REVIEW,
    "GET /v1/quality": Permission.OVERSEE,
    "POST /v1/batches": Permission.REVIEW,
    "GET /v1/batches": Permission.CONSOLE,
    "GET /v1/batches/{batch_id}": Permission.CONSOLE,
    "POST /v1/batches/{batch_id}/apply": Permission.REVIEW,
    "DELETE /v1/batches/{batch_id}": Permission.REVIEW,
    "GET /v1/queues": Permission.CONSOLE,
    "PUT /v1/queues/{name}": Permission.SETTLE,
    "GET /v1/routing": Permission.CONSOLE,
    "GET /v1/routing/history": Permission.CONSOLE,
    "POST /v1/routing/dry-run": Permission.CONSOLE,
    "POST /v1/routing": Permission.SETTLE,
    "GET /v1/views": Permission.CONSOLE,
    "POST /v1/views": Permission.REVIEW,
    "GET /v1/views/{view_id}": Permission.CONSOLE,
    "DELETE /v1/views/{view_id}": Permission.REVIEW,
    "GET /v1/filter": Permission.CONSOLE,
    "GET /v1/preferences": Permission.CONSOLE,
    "PUT /v1/preferences": Permission.CONSOLE,
    "GET /v1/audit/head": Permission.AUDIT,
    "GET /v1/audit/events": Permission.AUDIT,
    "GET /v1/recordings/{recording_key}/audio": Permission.READ,
    "GET /v1/recordings/{recording_key}/audio-link": Permission.READ,
    "GET /v1/audio/{token}": Access.ANYBODY,  # its signature names who lent it, and that person's rights count
    "GET /v1/recordings/{isrc}/credits": Permission.READ,
    "GET /v1/recordings/{isrc}/declarations": Permission.READ,
    "POST /v1/drafts": Permission.DELIVER,
    "GET /v1/drafts": Permission.DELIVER,
    "GET /v1/drafts/{draft_id}": Permission.DELIVER,
    "DELETE /v1/drafts/{draft_id}": Permission.DELIVER,
    "GET /v1/drafts/{draft_id}/findings": Permission.DELIVER,
    "POST /v1/drafts/{draft_id}/send": Permission.DELIVER,
    "PUT /v1/drafts/{draft_id}/files/{name:path}": Permission.DELIVER,
    "DELETE /v1/drafts/{draft_id}/files/{name:path}": Permission.DELIVER,
    "POST /v1/deliveries/{delivery_id}/correct": Permission.DELIVER,
    "OPTIONS /v1/uploads": Access.ANYBODY,
    "POST /v1/uploads": Permission.DELIVER,
    "HEAD /v1/uploads/{upload_id}": Permission.DELIVER,
    "PATCH /v1/uploads/{upload_id}": Permission.DELIVER,
    "DELETE /v1/uploads/{upload_id}": Permission.DELIVER,
    "POST /v1/appeals/{appeal_id}/stems": Permission.REVIEW,
    "GET /v1/appeals/{appeal_id}/stems/{part}": Permission.REVIEW,
    "POST /v1/appeals": Permission.APPEAL,
    "GET /v1/appeals": Permission.READ,
    "GET /v1/appeals/{appeal_id}": Permission.READ,
    "POST /v1/appeals/{appeal_id}/answer": Permission.REVIEW,
    "POST /v1/appeals/{appeal_id}/withdraw": Permission.APPEAL,
    "POST /v1/appeals/{appeal_id}/notes": Permission.REVIEW,
    "GET /v1/appeals/{appeal_id}/attachments/{attachment_id}": Permission.READ,
    "POST /v1/webhooks": Permission.WEBHOOKS,
    "GET /v1/webhooks": Permission.WEBHOOKS,
    "DELETE /v1/webhooks/{webhook_id}": Permission.WEBHOOKS,
    "POST /v1/webhooks/{webhook_id}/rotate": Permission.WEBHOOKS,
    "POST /v1/webhooks/{webhook_id}/test": Permission.WEBHOOKS,
    "GET /v1/webhooks/{webhook_id}/deliveries": Permission.WEBHOOKS,
    "POST /v1/webhooks/{webhook_id}/replay": Permission.WEBHOOKS,
    "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": Permission.WEBHOOKS,
    "GET /v1/dsa/statements": Permission.AUDIT,
    "GET /v1/dsa/report": Permission.AUDIT,
    "GET /v1/dsa/reasons": Permission.READ,
    "GET /v1/dsa/cases/{case_id}/draft": Permission.REVIEW,
    "GET /v1/policies": Permission.CONSOLE,
    "POST /v1/policies": Permission.STEER,
    "GET /v1/policies/live": Permission.SCREEN,
    "GET /v1/policies/text": Permission.CONSOLE,
    "POST /v1/policies/roll-back": Permission.STEER,
    "GET /v1/policies/{version_id}": Permission.CONSOLE,
    "PUT /v1/policies/{version_id}": Permission.STEER,
    "POST /v1/policies/{version_id}/simulate": Permission.STEER,
    "POST /v1/policies/{version_id}/thresholds": Permission.STEER,
    "POST /v1/policies/{version_id}/shadow": Permission.STEER,
    "POST /v1/policies/{version_id}/approve": Permission.STEER,
    "POST /v1/policies/{version_id}/discard": Permission.STEER,
    "GET /v1/recalls": Permission.OVERSEE,
    "POST /v1/recalls": Permission.STEER,
    "GET /v1/recalls/{recall_id}": Permission.OVERSEE,
    "GET /v1/dashboard": Permission.CONSOLE,
    "GET /v1/dashboard/cases": Permission.CONSOLE,
    "POST /v1/chat/slack": Access.ANYBODY,  # the signature is its key
    "GET /console/chat": Permission.REVIEW,
    "POST /console/chat/code": Permission.REVIEW,
    "POST /console/chat/unlink": Permission.REVIEW,
    "GET /console/approve/{approval_id}/{signature}": Access.ANYBODY,  # the link is its key
    "POST /console/approve/{approval_id}/{signature}": Access.ANYBODY,
    "GET /console/sign-in/provider": Access.ANYBODY,
    "GET /console/sign-in/callback": Access.ANYBODY,
    "GET /console": Permission.CONSOLE,
    "GET /console/views": Permission.CONSOLE,
    "POST /console/views": Permission.REVIEW,
    "GET /console/views/{view_id}": Permission.CONSOLE,
    "POST /console/views/{view_id}/remove": Permission.REVIEW,
    "GET /console/filter": Permission.CONSOLE,
    "GET /console/routing": Permission.CONSOLE,
    "POST /console/routing": Permission.CONSOLE,  # trying out is anybody's; putting in force asks for more
    "POST /console/queues": Permission.SETTLE,
    "GET /console/settings": Permission.CONSOLE,
    "POST /console/settings": Permission.CONSOLE,
    "GET /console/next": Permission.CONSOLE,
    "GET /console/cases/{case_id}": Permission.CONSOLE,
    "POST /console/cases/{case_id}/claim": Permission.REVIEW,
    "POST /console/cases/{case_id}/release": Permission.REVIEW,
    "POST /console/cases/{case_id}/heartbeat": Permission.REVIEW,
    "POST /console/cases/{case_id}/hand-over": Permission.REVIEW,
    "POST /console/cases/{case_id}/park": Permission.REVIEW,
    "POST /console/cases/{case_id}/unpark": Permission.REVIEW,
    "POST /console/cases/{case_id}/reopen": Permission.REVIEW,
    "POST /console/cases/{case_id}/decide": Permission.REVIEW,
    "POST /console/cases/{case_id}/undo": Permission.REVIEW,
    "POST /console/cases/{case_id}/settle": Permission.SETTLE,
    "POST /console/cases/{case_id}/golden": Permission.SETTLE,
    "POST /console/cases/{case_id}/creator-link": Permission.REVIEW,
    "GET /console/cases/{case_id}/audio": Permission.CONSOLE,
    "GET /console/cases/{case_id}/excerpt": Permission.CONSOLE,
    "GET /console/cases/{case_id}/matches/{number}/excerpt": Permission.CONSOLE,
    "GET /console/cases/{case_id}/matches/{number}/landmarks/{segment}": Permission.CONSOLE,
    "GET /console/cases/{case_id}/peaks": Permission.CONSOLE,
    "GET /console/cases/{case_id}/spectrogram": Permission.CONSOLE,
    "GET /console/samples/next": Permission.REVIEW,
    "GET /console/samples/{sample_id}": Permission.REVIEW,
    "POST /console/samples/{sample_id}": Permission.REVIEW,
    "GET /console/batches": Permission.CONSOLE,
    "POST /console/batches": Permission.REVIEW,
    "GET /console/batches/{batch_id}": Permission.CONSOLE,
    "POST /console/batches/{batch_id}/apply": Permission.REVIEW,
    "POST /console/batches/{batch_id}/undo": Permission.REVIEW,
    "GET /console/appeals": Permission.CONSOLE,
    "GET /console/appeals/{appeal_id}": Permission.CONSOLE,
    "POST /console/appeals/{appeal_id}/answer": Permission.REVIEW,
    "POST /console/appeals/{appeal_id}/notes": Permission.REVIEW,
    "POST /console/appeals/{appeal_id}/stems": Permission.REVIEW,
    "GET /console/appeals/{appeal_id}/stems/{part}": Permission.CONSOLE,
    "GET /console/policies": Permission.CONSOLE,
    "POST /console/policies": Permission.STEER,
    "GET /console/policies/text": Permission.CONSOLE,
    "POST /console/policies/roll-back": Permission.STEER,
    "GET /console/policies/{version_id}": Permission.CONSOLE,
    "POST /console/policies/{version_id}/{action}": Permission.STEER,
    "GET /console/recalls": Permission.OVERSEE,
    "POST /console/recalls": Permission.STEER,
    "GET /console/recalls/{recall_id}": Permission.OVERSEE,
    "GET /console/dashboard": Permission.CONSOLE,
    "GET /console/dashboard/cases": Permission.CONSOLE,
    "GET /portal": Permission.APPEAL,
    "POST /portal/drafts": Permission.APPEAL,
    "GET /portal/drafts/{draft_id}": Permission.APPEAL,
    "GET /portal/drafts/{draft_id}/state": Permission.APPEAL,
    "GET /portal/drafts/{draft_id}/message": Permission.APPEAL,
    "POST /portal/drafts/{draft_id}/message": Permission.APPEAL,
    "POST /portal/drafts/{draft_id}/mend": Permission.APPEAL,
    "POST /portal/drafts/{draft_id}/remove": Permission.APPEAL,
    "POST /portal/drafts/{draft_id}/send": Permission.APPEAL,
    "POST /portal/drafts/{draft_id}/discard": Permission.APPEAL,
    "GET /portal/deliveries/{delivery_id}": Permission.APPEAL,
    "POST /portal/deliveries/{delivery_id}/correct": Permission.APPEAL,
    "GET /portal/cases/{case_id}": Permission.APPEAL,
    "POST /portal/cases/{case_id}/appeal": Permission.APPEAL,
    "POST /portal/cases/{case_id}/creator-link": Permission.APPEAL,
    "GET /creator/{token}": Access.ANYBODY,  # the link is its key
    "POST /creator/{token}": Access.ANYBODY,
    "POST /creator/{token}/uploads": Access.ANYBODY,
    "HEAD /creator/{token}/uploads/{upload_id}": Access.ANYBODY,
    "PATCH /creator/{token}/uploads/{upload_id}": Access.ANYBODY,
    "DELETE /creator/{token}/uploads/{upload_id}": Access.ANYBODY,
    "GET /portal/appeals": Permission.APPEAL,
    "GET /portal/appeals/{appeal_id}": Permission.APPEAL,
    "POST /portal/appeals/{appeal_id}/withdraw": Permission.APPEAL,
    "GET /portal/disclosure": Permission.APPEAL,
    "POST /portal/disclosure": Permission.APPEAL,
    "GET /portal/webhooks": Permission.APPEAL,
    "POST /portal/webhooks": Permission.APPEAL,
    "GET /portal/webhooks/{webhook_id}": Permission.APPEAL,
    "POST /portal/webhooks/{webhook_id}": Permission.APPEAL,
    "GET /portal/static/{version}/{name}": Access.ANYBODY,
    "GET /console/static/{version}/{name}": Access.ANYBODY,
    "GET /console/sign-in": Access.ANYBODY,
    "POST /console/sign-in": Access.ANYBODY,
    "POST /console/sign-out": Access.SIGNED_IN,
}


def check_route(request: Request, actor: Actor) -> None:
    """Refuse an actor whom the route's row does not admit."""
    path = getattr(request.scope.get("route"), "path", "")
    needed = ROUTES.get(f"{request.method} {path}")
    if isinstance(needed, Permission):
        require_permission(actor, needed)


def admits(role: Role | None, needed: Permission | Access) -> bool:
    """Whether a route lets somebody of a role in; None is somebody without a key."""
    if role is None:
        return needed is Access.ANYBODY
    return not isinstance(needed, Permission) or needed in PERMISSIONS[role]


def as_table() -> str:
    """Write what each role may as the table of docs/api.md."""
    roles = tuple(Role)
    head = [
        "| permission | " + " | ".join(f"`{role}`" for role in roles) + " | what |",
        "|---" * (len(roles) + 2) + "|",
    ]
    rows = [
        f"| `{one}` | "
        + " | ".join("yes" if one in PERMISSIONS[role] else "" for role in roles)
        + f" | {one.meaning} |"
        for one in Permission
    ]
    return "\n".join([*head, *rows])
