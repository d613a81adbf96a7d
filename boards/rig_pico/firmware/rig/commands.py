"""What the rig does when it is asked to: a table of commands, each a function of words that gives words."""

import binascii
import gc

import board_pins as pins
from build_info import BUILD_HASH, GIT, VERSION
from micropython import const

from rig.clock import now_us
from rig.contacts import Contacts
from rig.hx711 import Hx711
from rig.line import PROTOCOL, Refuse
from rig.player import Player
from rig.stamps import Counter, Stamps
from rig.wiring import Wiring

_SILENT_US = const(5_000_000)  # without any command for so long the rig lets go of everything
_STAMPS_A_LINE = const(120)
_TIDY_EVERY = const(8)  # answers, of some kilobytes of garbage each at the most
_TIDY_US = const(40_000)  # a collection takes longer than a tick may be late


class Rig:
    """All parts of boards/rig_pico. `commands` is the table; `tick` every few milliseconds."""

    def __init__(self):
        # The largest rings first: each needs a place that its size divides.
        self.steps = Stamps(0, pins.STEP, 13)
        self.edges = {
            "permit": Stamps(1, pins.PERMIT, 10, True),
            "enn": Stamps(2, pins.ENN, 10, True),
            "stop": Stamps(3, pins.STOP_SENSE, 10, True),
        }
        self.counter = Counter(pins.STEP)
        self.player = Player(pins)
        self.contacts = Contacts(pins.CONTACTS, self.player.arm)
        self.scale = Hx711(pins.HX711_DT, pins.HX711_SCK)
        self.wiring = Wiring(self.contacts, pins.DRIVEN, pins.CONTACTS)
        self._heard_us = now_us()
        self._answers = 0
        self.commands = {
            "hello": self.hello,
            "time": self.time,
            "set": self.set,
            "levels": self.wiring.levels,
            "release": self.contacts.release,
            "pulses": self.pulses,
            "edges": self.edges_of,
            "ox": self.ox,
            "silence": self.player.drop,
            "baud": self.baud,
            "weigh": self.weigh,
            "selftest": self.selftest,
        }

    def tick(self, _timer=None):
        """Keeps the oximeter going and the relays on time; lets go of all when the laptop has fallen silent."""
        self.player.arm()
        self.contacts.tick()
        if now_us() - self._heard_us > _SILENT_US:
            self.heard()
            self.contacts.release()

    def heard(self):
        """A whole command has come."""
        self._heard_us = now_us()

    def answered(self):
        """Collects the garbage of some answers while no relay is due: by itself that would come at any time."""
        self._answers += 1
        if self._answers >= _TIDY_EVERY and self.contacts.quiet(_TIDY_US):
            self._answers = 0
            gc.collect()

    def hello(self):
        """What this is."""
        return "toleramp-rig %d %s %s %s" % (PROTOCOL, VERSION, BUILD_HASH, GIT)

    def time(self):
        """The rig's clock."""
        return now_us()

    def set(self, name, level, *holds_us):
        """A relay on (1) or off (0), and back after each hold; gives the time of the first change."""
        return self.contacts.set(name, int(level) & 1, [int(hold) for hold in holds_us])

    def pulses(self):
        """Count by the counter, index of the first stamp, stamps."""
        count = self.counter.read()  # before the stamps: a step between the two is in the stamps alone
        first, stamps = self.steps.take(_STAMPS_A_LINE)
        return "%d %d %s" % (count, first, _text(stamps))

    def edges_of(self, name):
        """Index of the first stamp, stamps; even indices are rising edges."""
        first, stamps = self.edges[name].take(_STAMPS_A_LINE)
        return "%d %s" % (first, _text(stamps))

    def ox(self, t_us, span_us, size, text):
        """Plays bytes (base64) from `t_us` on, in pieces of `size` over `span_us`; room left, pieces late so far."""
        self.player.play(int(t_us), int(span_us), int(size), text)
        return "%d %d" % (self.player.room(), self.player.late)

    def baud(self, rate):
        """The oximeter's line at another rate."""
        rate = int(rate)
        if not 1200 <= rate <= 115_200:
            raise Refuse("range", "a rate from 1200 to 115200")
        self.player.set_baud(rate)

    def weigh(self):
        """Counts of the scale, and when."""
        counts = self.scale.read()
        if counts is None:
            raise Refuse("scale", "no value yet, or no scale")
        return "%d %d" % (counts, now_us())

    def selftest(self, power=""):
        """Names the lines that do not answer; with "power" the pump's power is switched off and on as well."""
        if power not in ("", "power"):
            raise Refuse("value", "selftest, or selftest power")
        bad = self.wiring.test(bool(power))
        if bad:
            raise Refuse("wiring", " ".join(bad))


def _text(stamps):
    return binascii.b2a_base64(stamps).decode().strip() or "-"
