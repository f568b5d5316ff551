"""What every written answer does to texts of strangers, so that no reader chokes on them."""

import re

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
REPLACEMENT = "\ufffd"


def xml_text(text: str) -> str:
    """Replace characters that XML 1.0 cannot carry by U+FFFD."""
    return _NOT_XML.sub(REPLACEMENT, text)


def json_text(text: str) -> str:
    """Replace lone surrogates, as of file names in another encoding, by ``?``: strict readers refuse them."""
    return text.encode("utf-8", "replace").decode()
