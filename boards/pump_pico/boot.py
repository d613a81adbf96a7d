# Frozen: it takes the place of a boot.py in the file system, and nothing there is imported after it. A file
# dropped there, by accident or on purpose, cannot become part of the firmware.
import sys

sys.path[:] = [".frozen"]
