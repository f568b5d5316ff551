"""Rules of the group."""
