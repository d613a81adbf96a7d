#define MICROPY_HW_BOARD_NAME               "Toleramp rig (Pico)"
#define MICROPY_HW_USB_MANUFACTURER_STRING  "Toleramp"
#define MICROPY_HW_USB_PRODUCT_FS_STRING    "Toleramp rig"

#define MICROPY_HW_FLASH_STORAGE_BYTES      (1024 * 1024)

// Room for whole lines while the rig is busy with the one before.
#define CFG_TUD_CDC_RX_BUFSIZE              (1024)
#define CFG_TUD_CDC_TX_BUFSIZE              (2048)
#define MICROPY_HW_STDIN_BUFFER_LEN         (2048)
