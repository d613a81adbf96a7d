# Frozen: it takes the place of a boot.py in the file system, and nothing there is imported after it. A file
# dropped there, by accident or on purpose, cannot become part of the firmware.
import sys

import micropython

micropython.kbd_intr(-1)  # a 3 among the first bytes of a host must not end the firmware before it has begun

sys.path[:] = [".frozen"]
