"""What the processor runs: the pump's loop, and what happens when it ends, which it never should.

Any exception, exhausted memory included, takes the permit away, is recorded with its place, and resets (INT-11). The
interpreter's prompt comes only in service mode.
"""

import gc

import micropython

micropython.kbd_intr(-1)  # before anything else: the interpreter listens for Ctrl-C again with each file that it runs

try:
    from drivers.clocking import full_speed

    full_speed()  # before the rest is imported: it is a third of the time to the first scan

    from drivers import loop
    from drivers.pump_board import service_asked

    service = service_asked()
    if not service:
        loop.run()
except BaseException as fault:
    service = False
    gc.enable()
    gc.collect()  # what follows wants memory, and may be there because there was none
    from drivers import last_words

    last_words.say(fault)
finally:
    if not service:
        import machine

        machine.reset()
