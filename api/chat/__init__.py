"""The chat's side of the review: Slack's signature, its payloads, cards and modals, and what a click does."""
