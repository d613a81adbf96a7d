# Run in both cores at one moment: a line for each object of the core, with a checksum of all numbers, words and bytes
# that it holds. `brain.core` is the controller; the lines stand in `said`.
import binascii
from array import array

from pump.base.compat import collect

SKIP = ("parser", "orders._read_slot", "link.build")


class Digest:
    def __init__(self, root):
        self.lines, self.found, self.paths = [], [root], [""]
        done = 0
        while done < len(self.found):
            self.lines.append(self.line(self.paths[done], self.found[done]))
            done += 1
            if not done & 15:
                collect()  # else what is kept lies scattered over the core's small heap, and no long line fits between

    def line(self, path, item):
        sum_ = 0
        for name in sorted(item.__dict__):
            value, at = item.__dict__[name], path + "." + name if path else name
            if at not in SKIP and not callable(value):
                sum_ = self.add(binascii.crc32(name.encode(), sum_), value, at)
        return f"{path} {sum_ & 0xFFFFFFFF:08x}"

    def add(self, sum_, value, path):
        # The checksum with one value more; objects of the core have lines of their own, functions are none.
        if isinstance(value, bool):  # no int in MicroPython
            value = int(value)
        if value is None or isinstance(value, (int, str)):
            return binascii.crc32(str(value).encode(), sum_)
        if isinstance(value, (bytes, bytearray)):
            return binascii.crc32(value, sum_)
        if isinstance(value, dict):
            for key in sorted(value):
                sum_ = self.add(self.add(sum_, key, path), value[key], path)
        elif isinstance(value, (list, tuple, array, memoryview)):
            for k in range(len(value)):
                sum_ = self.add(sum_, value[k], path)
        elif hasattr(value, "__dict__") and not callable(value):
            self.keep(value, path)
        return sum_

    def keep(self, value, path):
        for other in self.found:
            if other is value:
                return
        self.found.append(value)
        self.paths.append(path)


said = "\n".join(Digest(brain.core).lines)  # noqa: F821
