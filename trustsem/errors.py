"""Errors that reach a user: each says what, where, what was allowed and what to do, and carries an exit code."""

from __future__ import annotations

from collections.abc import Sequence


class TrustSemError(Exception):
    """Base of every error that trustsem raises on purpose.

    Args:
        message: What is wrong and where, in one sentence.
        remedy: What the reader can do about it.
        code: Stable identifier of this kind of fault, kebab-case; the class's `default_code` unless given.
        faults: All single faults found in one input, when more than one was collected.
    """

    exit_code = 1
    default_code = "error"

    def __init__(
        self, message: str, *, remedy: str | None = None, code: str | None = None, faults: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code or self.default_code
        self.faults = tuple(faults)

    def __str__(self) -> str:
        lines = [self.message, *(f"  - {fault}" for fault in self.faults)]
        if self.remedy:
            lines.append(self.remedy)
        return "\n".join(lines)


class UsageError(TrustSemError):
    """An option or argument is wrong, unknown or not supported on this path."""

    exit_code = 2
    default_code = "usage"


class DataError(TrustSemError):
    """The survey file or data frame cannot be used."""

    exit_code = 10
    default_code = "data"


class CodebookError(TrustSemError):
    """The codebook is malformed or does not fit the data file."""

    exit_code = 11
    default_code = "codebook"


class ModelError(TrustSemError):
    """The model text is malformed or contradicts itself or the data."""

    exit_code = 12
    default_code = "model"


class IdentificationError(TrustSemError):
    """The model has parameters that the data cannot tell apart."""

    exit_code = 13
    default_code = "not-identified"


class ConvergenceError(TrustSemError):
    """No estimator run reached a minimum."""

    exit_code = 14
    default_code = "not-converged"


class InadmissibleError(TrustSemError):
    """The solution is inadmissible and the caller asked for strictness."""

    exit_code = 15
    default_code = "inadmissible"


class EffectError(TrustSemError):
    """The effect that was asked for is not defined."""

    exit_code = 16
    default_code = "effect-undefined"


class StudyError(TrustSemError):
    """The study file is malformed."""

    exit_code = 17
    default_code = "study"


class ReproductionError(TrustSemError):
    """A study that was run again gives other numbers, or cannot be run again."""

    exit_code = 18
    default_code = "not-reproduced"


class SchedulerError(TrustSemError):
    """Workers cannot be reached, or die."""

    exit_code = 19
    default_code = "scheduler"
