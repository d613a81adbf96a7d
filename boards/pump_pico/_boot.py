# Frozen, in place of the port's: the first code that runs. The port's makes a new file system over whatever it cannot
# read; here that takes a blank flash (drivers.file_system). What mounts it is not needed again: its memory is wanted.
import sys

import drivers.file_system

drivers.file_system.mount()
del sys.modules["drivers.file_system"], drivers.file_system, drivers
