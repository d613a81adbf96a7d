# The pump's wiring: GPIO numbers of the Pico. README.md says what hangs on each, with which resistor and why.
# Frozen as board_pins, the name by which the drivers import it on every board.

TMC_UART = 0  # one wire to the stepper driver's PDN_UART
HX711_DT = 1
STEP = 2
DIR = 3
PERMIT = 4  # toggled every scan: the 74HC123 behind it holds the driver enabled for 100 ms
HX711_SCK = 5
ENC_A = 6
ENC_B = 7
OX_TX = 8  # UART1, to the isolated RS-232 shifter
OX_RX = 9
START = 10  # START, CONFIRM, SILENCE, UP, DOWN: to ground when pressed
CONFIRM = 11
SDA = 12  # I2C0
SCL = 13
SILENCE = 14
STOP = 15  # normally closed to ground: high is pressed, or a broken wire
FRAM_MISO = 16  # SPI0
FRAM_CS = 17
FRAM_SCK = 18
FRAM_MOSI = 19
UP = 20
DOWN = 21
BUZZER = 22
BATTERY = 26  # ADC0
AIR = 27
PRESSURE = 28  # ADC2

OX_UART = 1
I2C_BUS = 0
I2C_HZ = 400_000
FRAM_SPI = 0

# Addresses on I2C0.
EXPANDER_ADDR = 0x20  # MCP23017
SCREEN_ADDR = 0x3C  # SSD1309
CLOCK_ADDR = 0x68  # DS3231

# The expander's port A: outputs.
GPA_RED = 0
GPA_YELLOW = 1
GPA_CYAN = 2
GPA_NURSE_CALL = 3
# The expander's port B: inputs.
GPB_DOOR = 0
GPB_SUPPLY_OK = 1
GPB_DRIVER_ON = 2

PERMIT_HOLD_MS = 100
