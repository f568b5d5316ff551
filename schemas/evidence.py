"""One recording with its layers side by side: what recording rules and the judge look at."""

from schemas.base import Model
from schemas.findings import Location
from schemas.screening import Found, Heard, Intake, Known


class Evidence(Model):
    """An intake and what was found, heard and known about it so far."""

    intake: Intake
    found: Found = Found()
    heard: Heard = Heard()
    known: Known = Known()

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
