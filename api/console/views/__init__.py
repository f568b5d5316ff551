"""View models: what a page shows, in words; templates only place it."""
