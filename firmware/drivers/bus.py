"""I2C0 by its registers: a transfer never raises (an exception takes memory) and never costs more than LIMIT_US.

A part that does not answer costs some ten microseconds. A transfer that runs into its limit marks the bus as stuck: it
is left alone until `recover`, so that a scan pays for one limit at the most (INT-9). Time in which the processor itself
stood still (a write to the flash: 45 ms) is no part's and does not count. Registers: RP2040 data sheet, 4.3.
"""

from machine import I2C, Pin
from micropython import const

HZ = 400_000
LIMIT_US = 1_500  # twice as long as the longest transfer
DONE, NO_ANSWER, STUCK = 0, 1, 2
_READ = 256
_STOOD_US = const(100)  # a turn of the waiting loops takes 2 us, the longest interrupt some tens


@micropython.viper
def _transfer(target: int, buf: ptr8, n: int, limit_us: int) -> int:
    """buf[:n] to the address (or from it, with bit 8 of `target` set); DONE, NO_ANSWER or STUCK."""
    i2c = ptr32(0x40044000)
    timer = ptr32(0x40054028)  # TIMERAWL
    now = began = timer[0]
    i2c[27] = 0  # IC_ENABLE
    i2c[1] = target & 127  # IC_TAR
    i2c[27] = 1
    reading = target & 256
    outcome = 0
    i = 0
    while i < n:
        word = 512 if i == n - 1 else 0  # STOP after the last
        word |= 256 if reading else int(buf[i])
        i2c[4] = word  # IC_DATA_CMD
        while True:
            raw = i2c[13]  # IC_RAW_INTR_STAT
            if raw & 64:  # TX_ABRT: nobody answers
                outcome = 1
                break
            if reading:
                if i2c[30]:  # IC_RXFLR
                    buf[i] = i2c[4]
                    break
            elif raw & 16:  # TX_EMPTY: the byte has gone out
                break
            last = now
            now = timer[0]
            if now - last > _STOOD_US:
                began += now - last
            elif now - began > limit_us:
                outcome = 2
                break
        if outcome:
            break
        i += 1
    if outcome == 2:
        return 2
    if outcome:
        i2c[21]  # IC_CLR_TX_ABRT, by reading it
    while not (i2c[13] & 512):  # STOP_DET
        last = now
        now = timer[0]
        if now - last > _STOOD_US:
            began += now - last
        elif now - began > limit_us:
            return 2
    i2c[24]  # IC_CLR_STOP_DET
    return outcome


@micropython.viper
def _clock_out(sda: int, scl: int):
    """Nine clocks and a STOP by hand: a part that was left in the middle of a byte lets go of SDA."""
    sio = ptr32(0xD0000000)
    pads = ptr32(0x40014000)  # IO_BANK0
    both = (1 << sda) | (1 << scl)
    sio[6] = both  # GPIO_OUT_CLR: driven means low
    sio[10] = both  # GPIO_OE_CLR: let go means high
    pads[2 * sda + 1] = 5  # SIO
    pads[2 * scl + 1] = 5
    timer = ptr32(0x40054028)
    for k in range(20):
        if k == 18:
            sio[9] = 1 << sda  # low before the last rise of the clock: a STOP when it is let go after it
        if k & 1:
            sio[10] = 1 << scl
        else:
            sio[9] = 1 << scl
        began = timer[0]
        while timer[0] - began < 5:
            pass
    sio[10] = both
    pads[2 * sda + 1] = 3  # I2C
    pads[2 * scl + 1] = 3


@micropython.viper
def _level(pin: int) -> int:
    return (ptr32(0xD0000004)[0] >> pin) & 1


class Bus:
    """`send` and `receive` return True when the part took or gave all; `stuck` until `recover` finds it free."""

    def __init__(self, sda, scl):
        self._sda, self._scl = sda, scl
        self._pins = Pin(sda), Pin(scl)
        self.stuck = False
        self._open()

    def _open(self):
        """The block from its reset on; the object is the port's own, made once."""
        I2C(0, sda=self._pins[0], scl=self._pins[1], freq=HZ)

    @micropython.native
    def send(self, address, data):
        """`data` to the part, in one transfer."""
        return self._did(_transfer(address, data, len(data), LIMIT_US)) if not self.stuck else False

    @micropython.native
    def receive(self, address, buf):
        """Fills `buf` from the part."""
        return self._did(_transfer(address | _READ, buf, len(buf), LIMIT_US)) if not self.stuck else False

    @micropython.native
    def _did(self, outcome):
        if outcome == STUCK:
            self.stuck = True
        return outcome == DONE

    def recover(self):
        """Tries to free a stuck bus. While somebody holds the clock low nothing can be done, and nothing is waited."""
        if _level(self._scl):
            _clock_out(self._sda, self._scl)
            self._open()
            self.stuck = False
