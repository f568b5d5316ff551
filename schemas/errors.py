"""Every error that liner raises on purpose, in one tree.

::

    LinerError
      + InvalidIdentifier        an ISRC, ICPN, DPID ... that breaks its rule
      + InvalidPolicy            a policy file that cannot be applied
          x BrokenPolicy         a policy's text with mistakes, each with its line
      + InvalidProfile           a profile that is not there or cannot be applied
      + InvalidInput             a path, manifest or submission that cannot be read at all
          x UnsafePath           a path that leaves its folder, is absolute, a link or an archive
          x InvalidFilter        a word of a filter that means nothing, and where it stands
      + AudioUnreadable          no decoder made a signal out of the bytes
          x AudioLimitExceeded   more time, memory or length than the limits allow
          x ListenerCrashed      the contained decoder process died
      + LakeUnusable             the lake cannot be written or holds something else
      + ReviewError              the review refuses a command
          x NotSignedIn          no key or session, or one that is no longer good
          x TooLarge             an upload beyond the limits
          x TooManyRequests      more requests than one key or address may send
          x LandingUnusable      the landing zone cannot be written
          x NotFound             no such case, delivery, key ...
          x NotAllowed           the role or account may not do this
          x StaleCase            the case changed since it was read
              - StaleAppeal      the appeal did
              - StaleVersion     the version of a policy did
          x NotClaimHolder       somebody else holds the claim
          x InvalidTransition    the case's state does not allow this
          x SameReviewer         whoever took a decision may not judge it again
          x AppealTooLate        the time to appeal is over
          x OffsetConflict       an upload goes on at another byte, or is being written
          x WrongProtocol        a client that speaks another version of a protocol
          x AddressRefused       a webhook's address that nobody may be made to call
          x IncompleteStatement  a restricting decision lacks part of its reasons
      + ReviewUnreachable        the review API gave no usable answer

Foreign errors (soundfile, lxml, SQLAlchemy, httpx ...) are translated where they enter and
never cross a package border.
"""

from collections.abc import Sequence


class LinerError(Exception):
    """A problem that liner names: a stable code, a sentence, and how to mend it.

    Parameters
    ----------
    message
        What is wrong, as a sentence for a person.
    mend
        What to do about it; empty where nothing can be done.
    """

    code = "liner-error"

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __reduce__(self) -> tuple[object, ...]:
        """Survive a process border: errors are data in the pipeline."""
        return (_rebuild, (type(self), self.__dict__, self.args))


def _rebuild(kind: type[LinerError], state: dict[str, object], args: tuple[object, ...]) -> LinerError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    error.args = args
    return error


class InvalidIdentifier(LinerError):
    """An identifier that breaks its own rule; ``rule`` says which: see `schemas.identifiers.Broken`."""

    code = "invalid-identifier"

    def __init__(self, message: str, *, rule: str = "form", mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.rule = rule


class InvalidPolicy(LinerError):
    """A policy file that cannot be applied."""

    code = "invalid-policy"


class BrokenPolicy(InvalidPolicy):
    """A policy's text with mistakes: ``problems`` has each with its line."""

    code = "broken-policy"

    def __init__(self, problems: Sequence[tuple[int, str]]) -> None:
        line, message = problems[0]
        more = f" There are {len(problems)} mistakes." if len(problems) > 1 else ""
        super().__init__(
            f"Line {line}: {message}.{more}", mend="Mend the lines that are named; docs/policy.md has the form."
        )
        self.problems = [{"line": line, "message": message} for line, message in problems]


class InvalidProfile(LinerError):
    """A profile that is not there or cannot be applied."""

    code = "invalid-profile"


class InvalidInput(LinerError):
    """A path, manifest or submission that cannot be read at all."""

    code = "invalid-input"


class UnsafePath(InvalidInput):
    """A path that leaves its folder, is absolute, a symbolic link or an archive."""

    code = "unsafe-path"


class InvalidFilter(InvalidInput):
    """A word of a filter that means nothing.

    Parameters
    ----------
    column, length
        Where the word stands, from 1, and how long it is.
    known
        What could stand there.
    suggestion
        What was probably meant; empty where nothing is near.
    """

    code = "invalid-filter"

    def __init__(
        self, message: str, *, column: int, length: int, known: Sequence[str] = (), suggestion: str = "", mend: str = ""
    ) -> None:
        super().__init__(message, mend=mend)
        self.column = column
        self.length = length
        self.known = tuple(known)
        self.suggestion = suggestion


class AudioUnreadable(LinerError):
    """No decoder made a signal out of the bytes."""

    code = "audio-unreadable"


class AudioLimitExceeded(AudioUnreadable):
    """Decoding took more time, memory or length than the limits allow."""

    code = "audio-limit-exceeded"


class ListenerCrashed(AudioUnreadable):
    """The contained decoder process died on this file, or failed in a way that need not be the file's fault."""

    code = "listener-crashed"


class LakeUnusable(LinerError):
    """The lake cannot be written, or the folder holds something else."""

    code = "lake-unusable"


class ReviewError(LinerError):
    """The review refuses a command."""

    code = "review-error"


class NotSignedIn(ReviewError):
    """The request carries no key or session, or one that is no longer good."""

    code = "not-signed-in"


class TooLarge(ReviewError):
    """A request or an upload is beyond the limits."""

    code = "too-large"


class TooManyRequests(ReviewError):
    """One key, or one address without a key, sends more requests than it may; ``retry_after_s`` says when again."""

    code = "too-many-requests"

    def __init__(self, *, wait_s: int) -> None:
        super().__init__("There are too many requests.", mend=f"Wait {wait_s} s, then go on more slowly.")
        self.retry_after_s = wait_s


class LandingUnusable(ReviewError):
    """The landing zone cannot be written: full, read-only or gone."""

    code = "landing-unusable"


class NotFound(ReviewError):
    """There is no such thing, or it is not the asker's to see."""

    code = "not-found"


class NotAllowed(ReviewError):
    """The role or account may not do this."""

    code = "not-allowed"


class StaleCase(ReviewError):
    """The case changed since the caller read it."""

    code = "stale-case"
    noun = "Case"

    def __init__(
        self, case_id: str, *, expected: int, actual: int, changed_by: str, changed_at: str, change: str = ""
    ) -> None:
        when = f"{changed_at} ({change})" if change else changed_at
        super().__init__(
            f"{self.noun} {case_id} is at version {actual}, not {expected}: {changed_by} changed it at {when}.",
            mend=f"Read the {self.noun.lower()} again and decide on what it says now.",
        )
        self.case_id = case_id
        self.expected = expected
        self.actual = actual
        self.changed_by = changed_by
        self.changed_at = changed_at
        self.change = change


class StaleAppeal(StaleCase):
    """The appeal changed since the caller read it."""

    noun = "Appeal"


class StaleVersion(StaleCase):
    """The version of a policy changed since the caller read it."""

    noun = "Version"


class NotClaimHolder(ReviewError):
    """Somebody else holds the claim."""

    code = "not-claim-holder"


class InvalidTransition(ReviewError):
    """The case's state does not allow this."""

    code = "invalid-transition"


class SameReviewer(ReviewError):
    """Whoever took part in a decision may not answer the appeal against it."""

    code = "same-reviewer"


class AppealTooLate(ReviewError):
    """The time to appeal a decision is over."""

    code = "appeal-too-late"


class OffsetConflict(ReviewError):
    """An upload goes on at another byte than the sender thinks; ``offset`` says at which."""

    code = "offset-conflict"

    def __init__(self, message: str, *, offset: int, mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.offset = offset


class WrongProtocol(ReviewError):
    """A client speaks another version of a protocol than this service."""

    code = "wrong-protocol"


class AddressRefused(ReviewError):
    """A webhook's address that this service must not be made to call."""

    code = "address-refused"


class IncompleteStatement(ReviewError):
    """A restricting decision lacks part of its statement of reasons."""

    code = "incomplete-statement"

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            "A restricting decision needs a complete statement of reasons; missing: " + ", ".join(missing) + ".",
            mend="Fill in the named parts (letters are those of DSA Art. 17(3)) and send the decision again.",
        )
        self.missing = tuple(missing)


class ReviewUnreachable(LinerError):
    """The review API gave no usable answer."""

    code = "review-unreachable"
