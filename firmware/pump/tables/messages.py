"""Every message on the host line, a row each, for both sides; `CONTRACT` is the hash of this and of all other tables.

    name | type | struct format | field names | who may send it | state groups that take it (0: any) | answer
    | how many of it the pump takes in a second

Numbers are little endian. Absent values: 255 in a byte field, 65535 in a 16-bit one, -1 in a signed one. Requests have
types below 0x80, an answer or a record one above. The answer is the type of what the pump says to a request, instead of
REFUSED; of what the pump itself says it tells whether that comes unasked too. PAUSE and STOP are taken as often as the
line can carry them. Pump and tool refuse each other when their hashes differ.

Who may send a request (SEC-1): ANYBODY what reads, holds, stops or proposes; KEYED what changes what the pump holds or
does at rest: protocol, clock, settings, the search on its oximeter's line. Such a request comes within SIGNED, whose
MAC a person's key has made (link.authentication); in bench mode, which the screen shows, it comes without, too. What
takes service mode (keys, the memories of orders and log) is no request: there the line is the interpreter's.

HELLO_REPLY names two formats: `oximeter` is set, and counts from the next power-on; `reads` was set at this one, and
counts now. `kept`: the settings are in the memory that outlives power-off.
"""

import binascii

from pump.tables import (
    alarms,
    battery,
    causes,
    checks,
    events,
    inputs,
    lines,
    oximeters,
    parts,
    questions,
    recoveries,
    refusals,
    searches,
    settings,
    states,
    streams,
    trends,
    verdicts,
    vitals,
)

FORMAT = 2
NONE8 = 255
NONE16 = 65535

ANYBODY, KEYED = 0, 1  # who may send a request
PUMP = 255  # no request: the pump sends it
ACKED = 0x82  # the answer to most requests
ASKED, UNASKED = 0, 1  # what the pump says: only as an answer, or by itself too

# A record's head and tail are the same for all; between them stand the fields of its part 0, or, with a higher part
# number, the next DATA_BYTES bytes of what the record before it goes on with (a person, an observation).
_HEAD = "<IIHIHBB"
_TAIL = "II"
_FACTS = "BBBBBBiIII"
HEAD_FIELDS = "seq t_s t_ms wall_s boot kind part"
FACTS_FIELDS = "state step code user solution parts arg rate_e4 pulses dose_ppm"
TAIL_FIELDS = "chain crc"
DATA_BYTES = 22

ROWS = (
    ("HELLO", 0x01, "<I", "contract", ANYBODY, 0, 0x81, 10),
    ("LOAD_BEGIN", 0x02, "<HI", "size crc", KEYED, states.AT_REST, ACKED, 4),
    ("LOAD_DATA", 0x03, "<H", "offset", KEYED, states.AT_REST, ACKED, 60),  # the bytes follow
    ("LOAD_END", 0x04, "", "", KEYED, states.AT_REST, ACKED, 4),
    ("STATUS_GET", 0x05, "", "", ANYBODY, 0, 0x84, 20),
    ("STREAM", 0x06, "<H", "period_ms", ANYBODY, 0, ACKED, 10),  # 0 ends it
    ("PAUSE", 0x07, "", "", ANYBODY, 0, ACKED, 100),
    ("STOP", 0x08, "", "", ANYBODY, 0, ACKED, 100),
    ("PING", 0x09, "", "", ANYBODY, 0, ACKED, 20),
    ("STATS_GET", 0x0A, "", "", ANYBODY, 0, 0x86, 10),
    ("LOG_GET", 0x0B, "<I", "seq", ANYBODY, 0, 0x85, 60),
    ("HANG", 0x0C, "", "", ANYBODY, states.HANGING, ACKED, 4),  # a bag's code, as scanned, follows; a press confirms it
    ("SET", 0x0D, "<BH", "setting value", KEYED, states.AT_REST, ACKED, 4),
    ("LISTEN", 0x0E, "<B", "wanted", KEYED, states.AT_REST, ACKED, 4),  # 1 begins a search for the oximeter
    ("HEARD_GET", 0x0F, "<B", "line", ANYBODY, 0, 0x87, 60),  # a row of tables.lines
    ("CLOCK_GET", 0x14, "", "", ANYBODY, 0, 0x8C, 20),
    ("CLOCK_SET", 0x15, "<I", "wall_s", KEYED, states.AT_REST, ACKED, 4),  # seconds since 2020-01-01 UTC
    # So many slots of the log from this one on, at most STORED_MOST; the answer comes some scans later.
    ("STORED_GET", 0x18, "<HB", "slot count", ANYBODY, 0, 0x8D, 60),
    # The recording of its inputs from this byte on, those before are had; highest bit: one that begins now, at rest.
    ("INPUTS_GET", 0x1C, "<I", "at", ANYBODY, 0, 0x8E, 60),
    ("CHECK_GET", 0x1D, "<B", "check", ANYBODY, 0, 0x91, 60),  # a row of tables.checks
    ("SELF_TEST", 0x1E, "", "", KEYED, states.AT_REST, ACKED, 2),  # it is made anew
    ("CHALLENGE_GET", 0x20, "", "", ANYBODY, states.AT_REST, 0x90, 4),  # the id of who asks follows
    # The payload of `request` follows.
    ("SIGNED", 0x21, "<BBI16s", "request user count mac", ANYBODY, states.AT_REST, ACKED, 4),
    ("HELLO_REPLY", 0x81, "<I12s8s8s8sBBBB",
     "contract version build git fingerprint mode oximeter reads kept", PUMP, 0, ASKED, 0),
    ("ACK", 0x82, "<B", "request", PUMP, 0, ASKED, 0),
    ("REFUSED", 0x83, "<BBBI", "request code where detail", PUMP, 0, ASKED, 0),
    ("STATUS", 0x84, "<BBBBBBBBBBBBIIIIIIIHBHHHIBBBBiBBBBBBB",
     "state step steps solution hold_code question choice choices hung alarm priority flags rate_e4 step_pulses"
     " step_target total_pulses pl_pulse step_ms t_s t_ms spo2 vitals pulse loss_permille journal_seq stream"
     " quality spo2_verdict pulse_verdict age_ms baseline lowest lowest_verdict trend minute_spo2 before_spo2 check",
     PUMP, 0, UNASKED, 0),
    ("EVENT", 0x85, _HEAD + _FACTS + _TAIL, HEAD_FIELDS + " " + FACTS_FIELDS + " " + TAIL_FIELDS,
     PUMP, 0, UNASKED, 0),
    ("STATS", 0x86, "<IIIIIIIIII",
     "scans mean_us worst_us late_worst_us overruns free_heap rx_bad tx_dropped boot_ms ox_rejected",
     PUMP, 0, ASKED, 0),
    ("HEARD", 0x87, "<BBBHHHH", "line turn search fits bytes broken took_ms", PUMP, 0, ASKED, 0),  # its first follow
    ("CLOCK", 0x8C, "<IBBI", "wall_s cause era t_s", PUMP, 0, ASKED, 0),  # 0: it says none; why not to trust it
    # The session's nonce; of the asker: the number in the keyring (records have it as `user`), the last count taken.
    ("CHALLENGE", 0x90, "<B16sIH", "user nonce count wait_s", PUMP, 0, ASKED, 0),
    # Slots follow, as they lie; the log takes `end` slots, `waiting` records are not there yet, `lost` never will.
    ("STORED", 0x8D, "<HHHB", "slot end lost waiting", PUMP, 0, ASKED, 0),
    # Bytes of the recording follow (pump.link.inputs), which is the so-manieth, has `end` bytes by now and stands so.
    ("INPUTS", 0x8E, "<IIIIB", "run at end scan stands", PUMP, 0, ASKED, 0),
    ("CHECK", 0x91, "<BBiH", "check verdict value age_s", PUMP, 0, ASKED, 0),  # of the verdict, s
)  # fmt: skip
NAMES = tuple([row[0] for row in ROWS])
LAYOUTS = tuple([row[1:4] for row in ROWS])
WHO = bytes([row[4] for row in ROWS])
STATES_OF = tuple([row[5] for row in ROWS])
ANSWER = bytes([row[6] for row in ROWS])
MOST = bytes([row[7] for row in ROWS])
(
    HELLO, LOAD_BEGIN, LOAD_DATA, LOAD_END, STATUS_GET, STREAM, PAUSE, STOP, PING, STATS_GET, LOG_GET, HANG, SET,
    LISTEN, HEARD_GET, CLOCK_GET, CLOCK_SET, STORED_GET, INPUTS_GET, CHECK_GET, SELF_TEST, CHALLENGE_GET, SIGNED,
    HELLO_REPLY, ACK, REFUSED, STATUS, EVENT, STATS, HEARD, CLOCK, CHALLENGE, STORED, INPUTS, CHECK,
) = LAYOUTS  # fmt: skip
CONTINUED = (EVENT[0], _HEAD + "22s" + _TAIL, HEAD_FIELDS + " data " + TAIL_FIELDS)  # EVENT with a part number

TO_PUMP = tuple([row[1:4] for row in ROWS if row[4] != PUMP])
TO_HOST = tuple([row[1:4] for row in ROWS if row[4] == PUMP])

LOAD_CHUNK = 128
STORED_MOST = 4  # slots of an answer
PROTOCOL_MAX = 2048

# -- flags of STATUS
FLAG_FLOW = 1
FLAG_PERMIT = 2
FLAG_LOADED = 4
FLAG_BENCH = 8
FLAG_SILENCED = 16
FLAG_RESUMABLE = 32
FLAG_CONFIRM = 64  # the second of two presses is awaited
FLAG_TESTING = 128  # the self-test is not over: START counts for nothing yet

_TABLES = (
    alarms, battery, causes, checks, events, inputs, lines, oximeters, parts, questions, recoveries, refusals, searches,
    settings, states, streams, trends, verdicts, vitals,
)  # fmt: skip


def described():
    """What pump and tool must agree on: each message's name, layout and fields, who may send it when, its answer."""
    return ["%s %d %s:%s %d %d %d %d" % row for row in ROWS] + [CONTINUED[1] + ":" + CONTINUED[2]]


def contract():
    """The hash of all tables: numbers, names and layouts, not the words for people."""
    rows = [str(FORMAT)] + described()
    for table in _TABLES:
        rows.append(table.__name__.split(".")[-1] + " " + ",".join(table.described()))
    return binascii.crc32("\n".join(rows).encode()) & 0xFFFFFFFF


CONTRACT = contract()
SIGNED_CONTRACT = CONTRACT - ((CONTRACT & 0x80000000) << 1)  # as a record's `arg` has it
