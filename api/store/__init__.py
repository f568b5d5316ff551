"""SQL in, rows and nouns out; the only place that knows the two databases."""
