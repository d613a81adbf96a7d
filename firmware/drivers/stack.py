"""The stack below what runs: what calls left there is wiped, lest it keep what is garbage.

MicroPython takes each word of the stack that could be an object's address for one, those in the gaps of frames too.
Such an address from power-on, in the loop's own frame, kept whatever later came to lie there: a protocol that was
replaced (2 KB), for as long as the pump ran.
"""

from pump.base.compat import micropython

LOWEST = 0x20040000  # the stack is the two banks of 4 KB from here on


@micropython.asm_thumb
def wipe(r0):
    """Zeroes the stack from address `r0` up to where it ends now: 2,000 words at most, 0.1 ms.

    What an interrupt puts there meanwhile is dead when this goes on.
    """
    mov(r1, sp)
    mov(r2, 0)
    label(NEXT)
    sub(r1, 4)
    str(r2, [r1, 0])
    cmp(r1, r0)
    bhi(NEXT)
