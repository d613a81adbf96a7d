// A host that has the line open and does not read must not hold up the scan: a write takes what fits and returns its
// count (sys.stdout.buffer.write), it never waits for room. The stock value is 500 ms.
#include "py/mphal.h"
#undef MICROPY_HW_USB_CDC_TX_TIMEOUT
#define MICROPY_HW_USB_CDC_TX_TIMEOUT (0)
