"""The emulated serial lines, buses and analogue inputs. See test_emulator_behaviour."""

from toleramp_bench.boards.emulator import Board, Repl
from toleramp_bench.devices.line_bits import FRAME_ERROR, resample

CS_PIN = 17


class _Part:
    """Answers every read with its address, and keeps what it is told."""

    def __init__(self) -> None:
        self.log: list[object] = []

    def start(self, read: bool) -> None:
        self.log.append("read" if read else "write")

    def write(self, byte: int) -> None:
        self.log.append(byte)

    def read(self) -> int:
        return 0x5A

    def stop(self) -> None:
        self.log.append("stop")

    def select(self) -> None:
        self.log.append("select")

    def transfer(self, byte: int) -> int:
        self.log.append(byte)
        return byte ^ 0xFF

    def deselect(self) -> None:
        self.log.append("deselect")


def test_uart_receives_in_its_own_time(board: Board, repl: Repl) -> None:
    repl.run("import time\nfrom machine import UART, Pin\nu = UART(1, 9600, tx=Pin(8), rx=Pin(9), rxbuf=512)")
    assert board.uart_baud(1) in range(9550, 9650)
    board.uart_send(1, bytes(range(96)))
    out = repl.run("time.sleep_ms(50)\nprint(u.any())\ntime.sleep_ms(60)\nprint(u.read(u.any()) == bytes(range(96)))")
    part, whole = out.split()
    assert 45 <= int(part) <= 60 and whole == "True"


def test_uart_keeps_544_bytes_and_drops_the_rest(board: Board, repl: Repl) -> None:
    """Buffer 512 and FIFO 32. `readinto` waits for its time-out when there is less than it wants: `any`
    first."""
    repl.run("import time\nfrom machine import UART, Pin\nu = UART(1, 9600, tx=Pin(8), rx=Pin(9), rxbuf=512)")
    board.uart_send(1, bytes(n & 0xFF for n in range(600)))
    board.run_for(700_000)
    out = repl.run("print(u.any())\nd = u.read()\nprint(len(d), d[:512] == bytes([n & 255 for n in range(512)]))")
    assert out.split() == ["512", "544", "True"]


def test_uart_at_the_wrong_rate_gives_other_bytes(board: Board, repl: Repl) -> None:
    assert resample(b"Abc", 9600, 9600 * 101 // 100) == resample(b"Abc", 9600, 9696)
    assert [word for _t, word in resample(b"Abc", 9600, 9600)] == list(b"Abc")
    assert any(word & FRAME_ERROR for _t, word in resample(bytes(range(256)), 4800, 9600))
    repl.run("import time\nfrom machine import UART, Pin\nu = UART(1, 9600, tx=Pin(8), rx=Pin(9), rxbuf=512)")
    board.uart_send(1, b"\x01\x80\x55\xd6" * 10, baud=4800)
    board.run_for(200_000)
    assert len(eval(repl.run("print(u.read())"))) > 40


def test_uart_transmits_in_its_own_time(board: Board, repl: Repl) -> None:
    sent: list[tuple[int, int]] = []
    board.uart_on_transmit(0, lambda byte: sent.append((board.now_us, byte)))
    repl.run("import time\nfrom machine import UART, Pin\nv = UART(0, 115200, tx=Pin(0), rx=Pin(1))")
    repl.run("v.write(b'abc')\ntime.sleep_ms(2)")
    assert bytes(byte for _t, byte in sent) == b"abc"
    assert 80 <= sent[1][0] - sent[0][0] <= 90


def test_i2c_parts_their_time_and_nobody_there(board: Board, repl: Repl) -> None:
    part = _Part()
    board.attach_i2c(0, 0x3C, part)
    code = """
import time
from machine import I2C, Pin
i = I2C(0, sda=Pin(4), scl=Pin(5), freq=400000)
t = time.ticks_us(); i.writeto(0x3c, bytes(32)); print(time.ticks_diff(time.ticks_us(), t))
print(i.readfrom_mem(0x3c, 7, 3))
try:
    i.writeto(0x50, b"1")
except OSError as e:
    print(e.errno)
i.writeto(0x3c, b"2")
"""
    took, read, errno = repl.run(code).split()
    # 33 bytes of nine bits at 400 kHz take 743 us on the wire.
    assert 743 <= int(took) < 1000
    assert read == "b'ZZZ'" and errno == "5"
    expected = ["write", *[0] * 32, "stop", "write", 7, "read", "stop", "write", 0x32, "stop"]
    assert part.log == expected


def test_spi_parts_and_their_time(board: Board, repl: Repl) -> None:
    part = _Part()
    board.attach_spi(0, CS_PIN, part)
    code = f"""
import time
from machine import SPI, Pin
cs = Pin({CS_PIN}, Pin.OUT, value=1)
s = SPI(0, baudrate=1000000, sck=Pin(18), mosi=Pin(19), miso=Pin(16))
b = bytearray(3)
cs(0); s.write_readinto(b"abc", b); cs(1); print(b == bytes(255 - x for x in b"abc"))
print(s.read(2) == b"\\xff\\xff")
t = time.ticks_us(); s.write(bytes(500)); print(time.ticks_diff(time.ticks_us(), t))
"""
    answer, nobody, took = repl.run(code).split()
    assert answer == nobody == "True" and 4000 <= int(took) < 4400
    assert part.log == ["select", *b"abc", "deselect"]


def test_adc_volts(board: Board, repl: Repl) -> None:
    board.set_adc_volts(0, 1.65)
    board.set_adc_volts(1, 9.9)
    low, high = repl.run("from machine import ADC\nprint(ADC(26).read_u16(), ADC(27).read_u16())").split()
    assert abs(int(low) - 32768) < 64 and int(high) == 65535


def test_adc_asks_its_source_at_each_conversion(board: Board, repl: Repl) -> None:
    """Else a sensor's reading is that of the last slice of time."""
    counts = iter((5, 4095, 1024))
    board.set_adc_source(2, lambda: next(counts))
    said = repl.run("from machine import ADC\na = ADC(28)\nprint(*[a.read_u16() >> 4 for _ in range(3)])")
    assert said.split() == ["5", "4095", "1024"]
