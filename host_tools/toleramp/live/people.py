"""Whose key a record's `user` is: the records of a power-on tell it once."""

from __future__ import annotations

from typing import Any

from pump.tables import events


class People:
    """`take` each record of the journal in its order; `names`: id by number, of this power-on."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self._boot: int | None = None
        self._user = 0

    def take(self, fields: dict[str, Any]) -> None:
        """The fields of an EVENT message, also of one that goes on."""
        if fields["boot"] != self._boot:
            self._boot, self.names = fields["boot"], {}
        if fields["kind"] != events.KEY_USED:
            return
        if fields["part"]:
            said = bytes(fields["data"]).rstrip(b"\0").decode("utf-8", "replace")
            self.names[self._user] = self.names.get(self._user, "") + said
        else:
            self._user = fields["user"]
            self.names[self._user] = ""

    def name(self, user: int) -> str | None:
        """The id of that number; None for nobody, and where the record that tells it is not known."""
        return self.names.get(user) or None
