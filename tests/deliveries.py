"""Small deliveries on disk for the pipeline's tests: messages, folders, sounds."""

from pathlib import Path

import soundfile
from sounds import RATE, music

from classifiers.listening import Listening
from schemas.errors import AudioUnreadable
from schemas.screening import AudioFacts, Found, Heard, Picture, Signal

MESSAGE = """<?xml version="1.0" encoding="UTF-8"?>
<ern:NewReleaseMessage xmlns:ern="http://ddex.net/xml/ern/432" AvsVersionId="9" LanguageAndScriptCode="en">
 <MessageHeader><MessageId>{message_id}</MessageId>
  <MessageSender><PartyId>PADPIDA2014021201H</PartyId><PartyName><FullName>Nova</FullName></PartyName></MessageSender>
  <MessageRecipient><PartyId>PADPIDA2007071501I</PartyId></MessageRecipient>
  <MessageCreatedDateTime>{created}</MessageCreatedDateTime></MessageHeader>
 <PartyList/>
 <ResourceList>{recordings}</ResourceList>
 <ReleaseList><Release><ReleaseReference>R0</ReleaseReference>
  <ReleaseId><ICPN>4006381333931</ICPN></ReleaseId>
  <DisplayTitleText>Long Way</DisplayTitleText></Release></ReleaseList>
</ern:NewReleaseMessage>
"""
RECORDING = """
<SoundRecording><ResourceReference>A{number}</ResourceReference>
 <SoundRecordingEdition><ResourceId><ISRC>QZABC26{isrc:05}</ISRC></ResourceId>
  <TechnicalDetails><TechnicalResourceDetailsReference>T{number}</TechnicalResourceDetailsReference>
   <DeliveryFile><Type>AudioFile</Type><File><URI>{uri}</URI></File></DeliveryFile></TechnicalDetails>
 </SoundRecordingEdition>
 <DisplayTitleText>Song {isrc}</DisplayTitleText>
 <Duration>PT0M5S</Duration></SoundRecording>
"""


def message(*uris, message_id="M1", created="2026-11-22T12:00:00Z", first=1):
    """The text of a release message with one recording per URI."""
    recordings = "".join(RECORDING.format(number=n, isrc=first + n, uri=uri) for n, uri in enumerate(uris))
    return MESSAGE.format(message_id=message_id, created=created, recordings=recordings)


def with_cover(text, uri):
    """Put a front cover into a message, which a release that lists no resources has too."""
    cover = f"""<Image><ResourceReference>I1</ResourceReference><Type>FrontCoverImage</Type>
     <TechnicalDetails><File><URI>{uri}</URI></File></TechnicalDetails></Image></ResourceList>"""
    return text.replace("</ResourceList>", cover)


def put(path, content=b"x"):
    """Write a file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def put_sound(path, seconds=4.0, seed=0, rate=22_050):
    """Write a little music."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, music(seconds, seed, RATE)[:: RATE // rate], rate)
    return path


def put_release(folder, *names, marker=True, **about):
    """Write a release folder whose message names sounds in resources/, with the marker last."""
    put(folder / "release.xml", message(*(f"resources/{n}" for n in names), **about))
    for seed, name in enumerate(names):
        if not (folder / "resources" / name).exists():
            put_sound(folder / "resources" / name, seed=about.get("first", 1) + seed)
    if marker:
        put(folder / "BatchComplete_1.xml", b"")
    return folder


class FakeEars:
    """Hears what a file's text says: ``loud``, ``broken``; anything else sounds like its own bytes."""

    def __init__(self):
        self.heard = []

    def __call__(self):
        return self

    def listen(self, path, *, algorithms=()):
        content = Path(path).read_bytes()
        self.heard.append(path)
        if content == b"broken":
            raise AudioUnreadable("No decoder reads it.")
        if content == b"bug":
            raise ZeroDivisionError("a bug in the ears")
        facts = AudioFacts(
            container="WAV", codec="PCM", sample_rate_hz=44100, channels=2, duration_s=180.0, size=len(content),
            sha256=content.hex(), signal_hash=content.hex(), decoder="soundfile",
        )  # fmt: skip
        share = 1.0 if content == b"silent" else 0.0
        signals = (Signal(name="silence_share", value=share, model="fake"),)
        return Listening(found=Found(audio=facts), heard=Heard(signals=signals), cpu_s=0.01)

    def look(self, path):
        self.heard.append(path)
        return Picture(place=path, format="png", size=Path(path).stat().st_size)

    def close(self):
        self.heard.append("closed")


COLLECTED = []  # Beam copies functions; a module's list is found by its name


def collect(element):
    """Keep what a test pipeline puts out."""
    COLLECTED.append(element)
