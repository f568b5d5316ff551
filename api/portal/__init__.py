"""The labels' pages: deliver, see what is wrong, correct, follow, read decisions, appeal."""
