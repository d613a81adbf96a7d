# Runs under MicroPython for Unix: the device's verdict on each compiled protocol of a file (u16 length, bytes, ...),
# one line each: "ok", or code, place and detail of the refusal. Nothing here is imported on CPython.
import sys

from pump.protocol import approval
from pump.protocol.protocol import Refusal, decode
from pump.protocol.rules import demand

KEYS = {"ann": bytes(range(32)), "vic": bytes(range(32, 64))}  # as toleramp_bench.figures.generated signs

with open(sys.argv[1], "rb") as file:
    while True:
        head = file.read(2)
        if not head:
            break
        blob = bytearray(file.read(head[0] | head[1] << 8))
        try:
            protocol = decode(blob)
            demand(protocol)
            approval.demand(protocol, blob, KEYS)
            print("ok")
        except Refusal as refusal:
            print(refusal.name, refusal.where, refusal.detail)
