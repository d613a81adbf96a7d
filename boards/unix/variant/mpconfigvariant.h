// MicroPython for Unix as the core needs it: the port's standard variant with the chip's small integers. Whatever is
// outside of 31 bits is an object on the heap here too, though a word of this computer could hold it.

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

#include "variants/mpconfigvariant_common.h"

#define MP_SMALL_INT_MIN ((mp_int_t)-0x40000000)
#define MP_SMALL_INT_FITS(n) ((mp_int_t)(n) >= MP_SMALL_INT_MIN && (mp_int_t)(n) <= MP_SMALL_INT_MAX)
#define MP_SMALL_INT_POSITIVE_MASK ((mp_uint_t)0x3fffffff)
