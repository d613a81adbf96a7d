# Where what lies in the flash, from the image upwards: the log's sectors (pump.store.archive), then the file system,
# which takes the last megabyte, as in each image before. Both together are MICROPY_HW_FLASH_STORAGE_BYTES.
SECTOR_BYTES = 4096
LOG_BYTES = 80 * SECTOR_BYTES
FILES_BYTES = 1024 * 1024
