"""Every message on the host line, once, for both sides; `CONTRACT` is the hash of it all.

A layout is (type, struct format, field names). Numbers are little endian. Absent values: 255 in a byte field, 65535
in a 16-bit one. The tables of events, codes and states are part of the contract: pump and tool refuse each other when
their hashes differ.
"""

import binascii

from pump.tables import alarms, causes, events, inputs, questions, refusals, states, vitals

FORMAT = 1
NONE8 = 255
NONE16 = 65535

# -- host to pump
HELLO = (0x01, "<I", "contract")
LOAD_BEGIN = (0x02, "<HI", "size crc")
LOAD_DATA = (0x03, "<H", "offset")  # the bytes follow
LOAD_END = (0x04, "", "")
STATUS_GET = (0x05, "", "")
STREAM = (0x06, "<H", "period_ms")  # 0 ends it
PAUSE = (0x07, "", "")
STOP = (0x08, "", "")
PING = (0x09, "", "")
STATS_GET = (0x0A, "", "")
LOG_GET = (0x0B, "<I", "seq")
HANG = (0x0C, "", "")  # the code of the bag that hangs, as scanned, follows; a press confirms it

# -- pump to host
HELLO_REPLY = (0x81, "<I12s8s8s8sB", "contract version build git fingerprint mode")
ACK = (0x82, "<B", "request")
REFUSED = (0x83, "<BBBI", "request code where detail")
STATUS = (
    0x84,
    "<BBBBBBBBBIIIIIIIHBBHHI",
    "state step steps solution hold_code choice alarm priority flags rate_e4 step_pulses step_target total_pulses"
    " pl_pulse step_ms t_s t_ms spo2 vitals pulse loss_permille journal_seq",
)
EVENT = (0x85, "<IIHBBBBhIII", "seq t_s t_ms kind state step code arg rate_e4 pulses crc")
STATS = (
    0x86,
    "<IIIIIIIIII",
    "scans mean_us worst_us late_worst_us overruns free_heap rx_bad tx_dropped boot_ms ox_rejected",
)

TO_PUMP = (HELLO, LOAD_BEGIN, LOAD_DATA, LOAD_END, STATUS_GET, STREAM, PAUSE, STOP, PING, STATS_GET, LOG_GET, HANG)
TO_HOST = (HELLO_REPLY, ACK, REFUSED, STATUS, EVENT, STATS)

LOAD_CHUNK = 128
PROTOCOL_MAX = 2048

# -- flags of STATUS
FLAG_FLOW = 1
FLAG_PERMIT = 2
FLAG_LOADED = 4
FLAG_BENCH = 8
FLAG_SILENCED = 16
FLAG_RESUMABLE = 32
FLAG_CONFIRM = 64  # the second of two presses is awaited

# -- other names for what stands in the tables beside this one
VIT_NAMES = vitals.NAMES
VIT_VALID, VIT_SENSOR_OFF, VIT_OUT_OF_TRACK, VIT_ARTIFACT = 1, 2, 4, 8
VIT_LOW_PERFUSION, VIT_LOW_BATTERY, VIT_FROZEN, VIT_DEGRADED = 16, 32, 64, 128
STATES = states.NAMES
(
    IDLE, READY, ARMED, BAG, RUNNING, HELD, DECISION, BOUNDARY, RESUMABLE, LOCKED, STOPPED, COMPLETED, FAULT,
) = range(len(STATES))  # fmt: skip
EVENTS = events.NAMES
EVENT_CODE = {name: number for number, name in enumerate(EVENTS)}
HOLD_CODES = causes.NAMES
HOLD = {name: number for number, name in enumerate(HOLD_CODES)}
REFUSALS = refusals.NAMES
REFUSAL = {name: number for number, name in enumerate(REFUSALS)}

TABLES = (alarms, causes, events, inputs, questions, refusals, states, vitals)


def _describe():
    rows = [str(FORMAT)]
    for layout in TO_PUMP + TO_HOST:
        rows.append("%d%s:%s" % layout)
    for table in TABLES:
        rows.append(",".join(table.described()))
    return "\n".join(rows).encode()


CONTRACT = binascii.crc32(_describe()) & 0xFFFFFFFF
