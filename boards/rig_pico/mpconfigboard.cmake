# The test rig on a Raspberry Pi Pico: no radio, no network.
set(PICO_BOARD "pico")
set(PICO_PLATFORM "rp2040")
set(MICROPY_FROZEN_MANIFEST ${CMAKE_CURRENT_LIST_DIR}/manifest.py)

include(${CMAKE_CURRENT_LIST_DIR}/../build/native_code.cmake)
