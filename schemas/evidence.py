"""One recording with its layers side by side: what recording rules and the judge look at."""

from schemas.base import Model
from schemas.findings import Location
from schemas.screening import Found, Heard, Intake, Known, Signal
from schemas.senders import MADE_BY


class Evidence(Model):
    """An intake and what was found, heard and known about it so far.

    Attributes
    ----------
    fused
        Estimates from all layers together.
    """

    intake: Intake
    found: Found = Found()
    heard: Heard = Heard()
    known: Known = Known()
    fused: tuple[Signal, ...] = ()

    def signal(self, name: str) -> Signal | None:
        """Look up what a policy may set limits on: heard, counted of the sender (``sender_...``), or fused."""
        if signal := self.heard.signal(name) or next((one for one in self.fused if one.name == name), None):
            return signal
        value = self.known.sender.measure(name) if self.known.sender else None
        return None if value is None else Signal(name=name, value=value, model=MADE_BY)

    @property
    def subject(self) -> str:
        """The ISRC, else the title or path: what a finding names."""
        recording = self.intake.recording
        return (recording.isrc or recording.reference if recording else None) or self.intake.delivery_path

    @property
    def at(self) -> Location:
        """Where the message describes the recording; the audio file where there is no message."""
        recording = self.intake.recording
        if recording and recording.at.path:
            return recording.at
        return Location(path=self.intake.message_path or self.intake.audio_uri or self.intake.delivery_path)
