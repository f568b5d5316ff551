"""HTTP: one router per resource, no rules of its own."""
