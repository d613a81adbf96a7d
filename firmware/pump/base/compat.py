"""What MicroPython's compiler gives the core, and its plain equivalent on CPython.

The decorators `micropython.native` and `micropython.viper` are known to the compiler by their names; elsewhere they
change nothing. Code under them keeps to what means the same in all three: words of 31 bits and byte pointers.
"""

try:
    from gc import collect

    import micropython

    ON_DEVICE = True
except ImportError:
    ON_DEVICE = False

    class micropython:
        """Stands in for the module of that name where there is none."""

        @staticmethod
        def native(function):
            return function

        viper = native


if not ON_DEVICE:

    def const(value):
        return value

    def collect():
        """Frees what nobody needs; here that is done by itself, on the device never within a scan."""

    def ptr8(buffer):
        return buffer

    def ptr16(buffer):
        return memoryview(buffer).cast("H")

    def ptr32(buffer):
        return buffer

else:
    from micropython import const  # noqa: F401

    ptr8 = ptr16 = ptr32 = None  # the viper compiler knows these by name; the imports only need to find them
