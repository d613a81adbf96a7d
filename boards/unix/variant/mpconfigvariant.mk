# The interpreter that runs the pump's core on this computer; mpconfigvariant.h says how it differs from the port's own.
