# The rig's wiring: GPIO numbers of its own Pico. README.md says which pin of the pump each goes to, and through what.
# Frozen as board_pins, the name by which the rig's modules import it.

OX_TX = 0  # UART0, to the pump's RS-232 shifter: the oximeter that the rig plays
OX_RX = 1
STEP = 2  # from the pump, each through 1 kohm
PERMIT = 3
ENN = 4  # the driver's enable after the whole chain: low is enabled
POWER = 5  # relays: high works them, so a rig without power leaves the pump alone; POWER cuts
START = 6
CONFIRM = 7
SILENCE = 8
UP = 9
DOWN = 10
STOP = 11  # normally closed: high opens the contact, as a press does
DOOR = 12  # normally closed, in series with the door's switch: high is an open door
STALL = 13  # holds the motor's shaft by a brake
HX711_DT = 14
HX711_SCK = 15
START_SENSE = 16  # the pump's own nodes, each through 10 kohm: what the relays really did
CONFIRM_SENSE = 17
SILENCE_SENSE = 18
UP_SENSE = 19
DOWN_SENSE = 20
STOP_SENSE = 21
DOOR_SENSE = 22
POWER_SENSE = 26  # the pump's 3V3
DIR = 27

OX_UART = 0
OX_BAUD = 9600

# Name on the line, output, and the node that follows it: level of that node at rest and with the relay on.
CONTACTS = (
    ("start", START, START_SENSE, 1, 0),
    ("confirm", CONFIRM, CONFIRM_SENSE, 1, 0),
    ("silence", SILENCE, SILENCE_SENSE, 1, 0),
    ("up", UP, UP_SENSE, 1, 0),
    ("down", DOWN, DOWN_SENSE, 1, 0),
    ("stop", STOP, STOP_SENSE, 0, 1),
    ("door", DOOR, DOOR_SENSE, 0, 1),
    ("power", POWER, POWER_SENSE, 1, 0),
    ("stall", STALL, -1, 0, 0),
)

# Lines that the pump always drives: one that follows the rig's own pull is broken.
DRIVEN = (("step", STEP), ("permit", PERMIT), ("dir", DIR), ("enn", ENN))
