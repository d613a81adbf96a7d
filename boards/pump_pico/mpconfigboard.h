#define MICROPY_HW_BOARD_NAME               "Toleramp pump (Pico)"
#define MICROPY_HW_USB_MANUFACTURER_STRING  "Toleramp"
#define MICROPY_HW_USB_PRODUCT_FS_STRING    "Toleramp pump"

// The file system: logs of past sessions. The firmware itself is frozen, below it; the build refuses one that reaches
// into it.
#define MICROPY_HW_FLASH_STORAGE_BYTES      (1024 * 1024)

// Room for whole frames between two scans; as writes never wait, what does not fit stays with the sender.
#define CFG_TUD_CDC_RX_BUFSIZE              (1024)
#define CFG_TUD_CDC_TX_BUFSIZE              (2048)
#define MICROPY_HW_STDIN_BUFFER_LEN         (2048)

// Opening the line at 1200 baud must not throw a running pump into its boot loader.
#define MICROPY_HW_USB_CDC_1200BPS_TOUCH    (0)

// The scan looks up some hundreds of names; the stock cache of 128 makes them push each other out.
// A name's place is a multiple of two, so half of the places are used: with 4096 the scan's mean was 2.01 ms.
#define MICROPY_OPT_MAP_LOOKUP_CACHE_SIZE   (8192)
