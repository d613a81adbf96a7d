# The pump on a Raspberry Pi Pico: no radio, no network.
set(PICO_BOARD "pico")
set(PICO_PLATFORM "rp2040")
set(MICROPY_FROZEN_MANIFEST ${CMAKE_CURRENT_LIST_DIR}/manifest.py)

# The port fixes how long a write to USB may wait and leaves a board no say in it; this puts the board's word last.
set_source_files_properties(
    ${MICROPY_DIR}/shared/tinyusb/mp_usbd_cdc.c
    PROPERTIES COMPILE_OPTIONS "-include;${CMAKE_CURRENT_LIST_DIR}/cdc_never_waits.h"
)

include(${CMAKE_CURRENT_LIST_DIR}/../build/native_code.cmake)

# What each call and each attribute of the scan goes through; the port builds it for size (only map.c and vm.c for speed).
set_source_files_properties(
    ${MICROPY_DIR}/py/nativeglue.c
    ${MICROPY_DIR}/py/obj.c
    ${MICROPY_DIR}/py/objarray.c
    ${MICROPY_DIR}/py/objboundmeth.c
    ${MICROPY_DIR}/py/objfun.c
    ${MICROPY_DIR}/py/objint.c
    ${MICROPY_DIR}/py/objlist.c
    ${MICROPY_DIR}/py/objtype.c
    ${MICROPY_DIR}/py/qstr.c
    ${MICROPY_DIR}/py/runtime.c
    ${MICROPY_DIR}/py/smallint.c
    PROPERTIES COMPILE_OPTIONS "-O2"
)
