"""Models as files: arrays, a card that says what they are worth, a checksum; and which of them is in use."""
