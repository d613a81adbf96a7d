# Runs under MicroPython for Unix: the device's verdict on each compiled protocol of a file (u16 length, bytes, ...),
# one line each: "ok", or code, place and detail of the refusal. Nothing here is imported on CPython.
import sys

from pump.protocol import Refusal, decode
from pump.rules import demand

with open(sys.argv[1], "rb") as file:
    while True:
        head = file.read(2)
        if not head:
            break
        blob = bytearray(file.read(head[0] | head[1] << 8))
        try:
            demand(decode(blob))
            print("ok")
        except Refusal as refusal:
            print(refusal.name, refusal.where, refusal.detail)
