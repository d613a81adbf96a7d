"""What every parser counts besides its samples: bytes thrown away, and how often the lock on the stream was lost."""

from pump.base.compat import micropython
from pump.io import COUNT_MAX


class Losses:
    """`state` (an array), the places of the two in it (`rejected_at`, `resyncs_at`) and `samples` are the parser's."""

    @property
    def rejected(self):
        """Bytes (and packets) thrown away."""
        return self.state[self.rejected_at]

    @property
    def resyncs(self):
        """How often what did not fit came after what did."""
        return self.state[self.resyncs_at]

    @micropython.native
    def make_room(self, more):
        """Before so many more are counted: near their end both counts are halved, so that the loss rate stays."""
        state, at = self.state, self.rejected_at
        if state[at] >= COUNT_MAX - more or self.samples >= COUNT_MAX:
            state[at] >>= 1
            self.samples >>= 1

    @micropython.native
    def count_resync(self):
        """The lock was lost."""
        state, at = self.state, self.resyncs_at
        state[at] = min(state[at] + 1, COUNT_MAX)
