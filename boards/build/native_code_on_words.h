// On ARMv6-M native code reads each constant beyond 16 bits from behind the instruction that wants it, at an address
// that the processor rounds down to a word. MicroPython's freezing puts such code on half words: about every second
// function then computes with a wrong number, and which ones changes with every build. Here it is put on words.
// boards/build/native_code.py checks the image for it.
#include "py/mpconfig.h"
#include "py/objint.h"
#include "py/objstr.h"
#include "py/emitglue.h"
#include "py/nativeglue.h"
#define aligned(bytes) __aligned__((bytes) > 4 ? (bytes) : 4)
