"""The rig's protocol: one line of text a command, one an answer, each with a number and a checksum.

    17 set start 1 200000*5d0c6a11
    17 ok 81234567*0e21c1b4

The same module runs on the rig and on the laptop. A command whose answer got lost is sent again under its number: the
rig then repeats the answer and does not act twice. A damaged line is not answered.
"""

import binascii

PROTOCOL = 1
LINE_MAX = 1000


class Refuse(Exception):
    """The rig says no: `args` are a word and an explanation."""


def _checksum(text):
    return "%08x" % (binascii.crc32(text.encode()) & 0xFFFFFFFF)


def seal(text):
    """The line for this text, with its checksum and end."""
    return "%s*%s\n" % (text, _checksum(text))


def unseal(line):
    """The words of a line; None when it is damaged."""
    text, star, given = line.strip().rpartition("*")
    # The digits as they were sent: as a number, a digit that noise made a capital would still be the same.
    words = text.split() if star and given == _checksum(text) else ()
    return words if len(words) >= 2 and words[0].isdigit() else None


class Server:
    """`answer(line)` is the line to send back, or None. `commands` maps a name to a function of the words after it."""

    def __init__(self, commands):
        self._commands = commands
        self._number = -1
        self._answer = ""
        self.damaged = 0

    def answer(self, line):
        """Carries a command out, or repeats the answer to one that has come before. A hello begins anew."""
        words = unseal(line)
        if not words:
            self.damaged += 1
            return None
        number = int(words[0])
        if number != self._number or words[1] == "hello":
            self._answer = seal("%d %s" % (number, self._said(words)))
            self._number = number
        return self._answer

    def _said(self, words):
        command = self._commands.get(words[1])
        if command is None:
            return "no command there is no %s" % words[1]
        try:
            said = command(*words[2:])
        except Refuse as refusal:
            return "no %s %s" % refusal.args
        except (TypeError, ValueError, KeyError) as error:
            return "no value %s: %s" % (words[1], error)
        return "ok" if said is None else "ok %s" % said
