"""The rig: answers commands on USB; a timer keeps the oximeter and the relays going meanwhile."""

import sys

from machine import Timer
from rig.commands import Rig
from rig.line import LINE_MAX, Server

TICK_MS = 5


def serve(rig):
    """One line in, one line out, until Ctrl-C."""
    server = Server(rig.commands)
    while True:
        line = sys.stdin.readline(LINE_MAX)
        answer = server.answer(line)
        if answer:
            rig.heard()
            sys.stdout.write(answer)
            rig.answered()


def main():
    """Runs the rig; whatever ends it, nothing stays pressed."""
    rig = Rig()
    timer = Timer(period=TICK_MS, mode=Timer.PERIODIC, callback=rig.tick)
    try:
        serve(rig)
    finally:
        timer.deinit()
        rig.contacts.release()


main()
