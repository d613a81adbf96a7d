"""The pure core on the virtual board, scan by scan: for tests of the core and figures, without a line or a scenario.

Pulses are counted where the driver would count them; nothing is taken from the controller's own word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pump.controller import Controller
from pump.io import Outputs, Snapshot
from pump.protocol.approval import encode_keyring
from pump.store.keyring import Keyring
from pump.store.settings import Settings
from toleramp_bench.boards.local_brain import LocalBrain
from toleramp_bench.boards.virtual import VirtualBoard
from toleramp_bench.devices.samples import Samples
from toleramp_bench.devices.step_generator import StepGenerator
from toleramp_bench.names import EVENTS
from toleramp_bench.people.seen import Seen

PL_PULSE = 100_000
SEED = bytes(range(32))  # of the nonces


def keyring_of(keys: Mapping[str, bytes | None] | None) -> Keyring:
    """As it is read from two copies that hold these people's keys; None: there is none."""
    return Keyring([None, None] if keys is None else [encode_keyring(keys)] * 2)


class CorePump:
    """A controller with its virtual board. `people` is called before each scan with this object and may `press`."""

    def __init__(
        self,
        period_us: int = 20_000,
        start_ms: int = 0,
        bench: bool = True,
        held: int = 0,
        sample_us: int = 0,
        keys: Mapping[str, bytes | None] | None = None,
    ) -> None:
        """`start_ms`: the ticks at power-on; `held`: the keys that are down then; `bench`: bench mode with no act;
        `sample_us`: how far apart the oximeter's samples are (0: one in each scan); `keys`: its keyring."""
        self.period_us = period_us
        self.parser = Samples()
        self.board = VirtualBoard(period_us, start_ms)
        self.controller = Controller(
            self.parser, PL_PULSE, period_us, bench=bench, held=held, read_slot=self.board.kept_slot,
            settings=self._settings(), keyring=keyring_of(keys), seed=SEED,
        )  # fmt: skip
        self.brain = LocalBrain(self.controller)
        self.board.samples, self.board.sample_us = True, sample_us
        self.board.boot(self.brain, 0)
        self.events: list[dict[str, object]] = []
        self._release_us = 0

    def _settings(self) -> Settings:
        """As read at power-on."""
        settings = Settings()
        settings.read(self.board.slot)
        return settings

    @property
    def stepper(self) -> StepGenerator:
        """The step generator and its counter."""
        return self.board.stepper

    @property
    def snap(self) -> Snapshot:
        """What went into the last scan."""
        return self.board.snap

    @property
    def out(self) -> Outputs:
        """What came out of it."""
        return self.board.out

    @property
    def keys(self) -> int:
        """The keys that are down now (bits of pump.io)."""
        return self.board.keys

    @property
    def now_us(self) -> int:
        """Time since power-on."""
        return self.board.now_us

    def boots(self, controller: Controller, first: int) -> None:
        """The power came back: another controller, whose first record has that number."""
        self.controller = controller
        self.brain = LocalBrain(controller, first)
        self.board.boot(self.brain, self.now_us)
        self.events = []

    def again(
        self,
        cause: int,
        bench: bool = False,
        keys: Mapping[str, bytes | None] | None = None,
        tests: bool = False,
    ) -> None:
        """The power came back, for that reset cause: what the memory has kept is taken up; where the board `tests`
        itself first, after that."""
        board = self.board
        number, slot = board.log_end()
        controller = Controller(
            self.parser, PL_PULSE, self.period_us, bench=bench, first_record=number, first_slot=slot,
            lost_step=board.lost_step(), read_slot=board.kept_slot, settings=self._settings(), last_s=board.newest_s(),
            keyring=keyring_of(keys), seed=SEED,
        )  # fmt: skip
        board.read_clock()
        controller.boot(cause, board.snap, tests)
        controller.self_test(board.parts)
        self.boots(controller, number)

    def load(self, blob: bytes) -> None:
        """Loads a compiled protocol as the link would; raises ValueError with the device's code when refused."""
        self.brain.hand_over(blob)
        self.scan()
        last = self.events[-1]
        if last["event"] == EVENTS.LOAD_REFUSED:
            raise ValueError(str(last["code"]))

    def press(self, button: int, hold_ms: int = 200) -> None:
        """Presses a button (bits of pump.io) now; with it all that are down are released."""
        self.board.key(button, True)
        self._release_us = self.now_us + max(hold_ms * 1000, 4 * self.period_us)
        self.board.at_us(self._release_us, self._release)

    def _release(self) -> None:
        if self.now_us >= self._release_us:
            self.board.key(self.board.keys, False)

    def keys_free(self) -> bool:
        """No key is down, and the last release has lasted long enough to be seen."""
        return not self.board.keys and self.now_us >= self._release_us + 4 * self.period_us

    def seen(self) -> Seen:
        """What a person sees."""
        return self.brain.seen()

    def scan(self) -> None:
        """One scan period passes."""
        self.board.run_to(self.now_us + self.period_us, _never)
        if self.brain.news:
            self.events += self.brain.records()

    def run(self, people: Callable[[CorePump], None], until: Callable[[CorePump], bool], limit_s: int) -> bool:
        """Scans until `until` holds or `limit_s` simulated seconds have passed; True when it held."""
        end_us = self.now_us + limit_s * 1_000_000
        while self.now_us < end_us:
            people(self)
            self.scan()
            if until(self):
                return True
        return False


def _never() -> bool:
    return False
