"""The one way in which a build says that it cannot go on."""

from __future__ import annotations


class BuildError(Exception):
    """A failure that a person can act on: one line, and the exit code (1 failed, 2 unusable input)."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code
