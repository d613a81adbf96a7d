"""A person's key at one pump: what proves a request, by the pump's challenge (pump.link.authentication)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pump.link.authentication import request_mac
from pump.tables import messages
from toleramp.device.wire import Fields, Layout, pack

if TYPE_CHECKING:
    from toleramp.approval.key_files import Person

KEYED = frozenset(row[1] for row in messages.ROWS if row[4] == messages.KEYED)  # types of requests that take a key


class Signer:
    """`take` a challenge, then `sign` requests under it; `open`: there is one."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.open = False
        self._nonce = b""
        self._user = self._count = 0

    def take(self, challenge: Fields) -> None:
        """The pump's CHALLENGE for this person."""
        self._nonce, self._user, self._count = challenge["nonce"], challenge["user"], challenge["count"]
        self.open = True

    def sign(self, layout: Layout, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields of SIGNED for a request: each is one more, also one that is sent a second time."""
        self._count += 1
        kind, payload = layout[0], pack(layout, fields)
        mac = request_mac(self.person.key, self._nonce, self.person.id, self._count, kind, payload)
        return {"request": kind, "user": self._user, "count": self._count, "mac": mac, "data": payload}
