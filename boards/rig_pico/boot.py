# Frozen: it takes the place of a boot.py in the file system, and nothing there is imported after it. Ctrl-C stays on,
# other than in the pump: it ends the rig's program and gives mpremote its prompt.
import sys

sys.path[:] = [".frozen"]
