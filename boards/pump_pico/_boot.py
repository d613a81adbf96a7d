# Frozen, in place of the port's: the first code that runs. The port's makes a new file system over whatever it cannot
# read; here that takes a blank flash (drivers.file_system).
from drivers import file_system

file_system.mount()
