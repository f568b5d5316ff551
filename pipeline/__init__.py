"""The flow: Beam sources, transforms and sinks; scan (batch) and watch (stream)."""
