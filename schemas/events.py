"""The kinds of audit events; events are only ever appended."""

from enum import StrEnum


class EventKind(StrEnum):
    """What happened; the payload of each kind is documented beside it."""

    DELIVERY_RECEIVED = "delivery.received"  # files, bytes
    SCREENING_RECORDED = "screening.recorded"  # screening, codes
    CASE_OPENED = "case.opened"  # screening, codes
    CASE_UPDATED = "case.updated"  # screening, codes added and gone
    CASE_CLAIMED = "case.claimed"  # until
    CASE_RELEASED = "case.released"  # nothing more
    CASE_DECIDED = "case.decided"  # the decision
    CASE_REOPENED = "case.reopened"  # reason
    CASE_HANDED_OVER = "case.handed_over"  # to, until, note
    CASE_PARKED = "case.parked"  # until, reason
    CASE_UNPARKED = "case.unparked"  # nothing more
    CASE_DUE_SOON = "case.due_soon"  # queue, due_at: a tenth of its time is left
    CASES_OVERDUE = "cases.overdue"  # queues: a backlog that was told of as a whole; these cases have no event each
    CASE_OVERDUE = "case.overdue"  # queue, due_at: its time is over
    DECISION_DRAFTED = "decision.drafted"  # decision, action, reason, publish_at
    DECISION_HELD = "decision.held"  # decision, rules, until; not what was decided: the second look is blind
    DECISION_CONFIRMED = "decision.confirmed"  # decision, action, publish_at, why
    DECISION_UNDONE = "decision.undone"  # decision, why
    SAMPLE_DRAWN = "sample.drawn"  # sample
    OPINION_GIVEN = "opinion.given"  # sample
    BATCH_MADE = "batch.made"  # batch, action, cases
    BATCH_APPLIED = "batch.applied"  # batch, and how many became what
    BATCH_UNDONE = "batch.undone"  # batch, cases
    ROUTING_CHANGED = "routing.changed"  # version, note, cases moved
    QUEUE_SET = "queue.set"  # queue, title, sla_hours, cases whose due time moved
    KEY_ROTATED = "key.rotated"  # name, until when the old token is good
    KEY_CREATED = "key.created"  # name, role
    KEY_REVOKED = "key.revoked"  # name
    SIGNED_IN = "session.started"  # how
    APPEAL_RECEIVED = "appeal.received"  # appeal, decision, party
    APPEAL_ATTACHED = "appeal.attached"  # appeal, attachment, what kind, size, sha256 of the bytes
    APPEAL_NOTED = "appeal.noted"  # appeal; the note itself is for reviewers
    APPEAL_DECIDED = "appeal.decided"  # appeal, outcome, the new decision
    APPEAL_WITHDRAWN = "appeal.withdrawn"  # appeal
    APPEAL_DUE_SOON = "appeal.due_soon"  # appeal, due_at: a tenth of its time is left
    APPEAL_OVERDUE = "appeal.overdue"  # appeal, due_at: its time is over
    ALERT_RAISED = "alert.raised"  # what of that was noticed at once: counts, by queue, the first cases and appeals
    CREATOR_LINKED = "creator.linked"  # decision, until when the link is good; not the link
    WEBHOOK_REGISTERED = "webhook.registered"  # webhook
    WEBHOOK_ROTATED = "webhook.rotated"  # webhook
    WEBHOOK_REMOVED = "webhook.removed"  # webhook
    POLICY_DRAFTED = "policy.drafted"  # policy, ref
    POLICY_EDITED = "policy.edited"  # policy, ref
    POLICY_SHADOWED = "policy.shadowed"  # policy, ref
    POLICY_SIMULATED = "policy.simulated"  # policy, ref, live
    POLICY_DISCARDED = "policy.discarded"  # policy, ref
    POLICY_APPROVED = "policy.approved"  # policy, ref, author, before, sha256 of the text: it is live
    POLICY_ROLLED_BACK = "policy.rolled_back"  # policy, ref, from, reason: it is live again
    CHAT_LINKED = "chat.linked"  # team, user
    CHAT_UNLINKED = "chat.unlinked"  # team, user
    CHAT_ACTED = "chat.acted"  # transport, what, and of a chat: team, user, times, sha256 of the body
    RECALLED = "recall.made"  # recall, what, subject, reason, and what became of how many cases
