"""What the pump found in a protocol or a request that it refuses, for each row of pump.tables.refusals."""

from pump.protocol import approval
from pump.tables import refusals
from toleramp.words import rows

WORDS: dict[int, str] = {}
WORDS[refusals.NONE] = "no reason given"
WORDS[refusals.RATIO_EXCEEDED] = "the dose rate rises too steeply"
WORDS[refusals.RATIO_TWO_PERSON] = "this rise of the dose rate needs two people's approval"
WORDS[refusals.DOSE_SUM] = "the steps do not add up to the full dose"
WORDS[refusals.BAG_SHORT] = "the bag holds less than its steps draw"
WORDS[refusals.BAG_SUM] = "the bags do not add up to the full dose"
WORDS[refusals.DEAD_VOLUME] = "the line's dead volume swallows the first step after a bag change"
WORDS[refusals.FIRST_STEP] = "the first step is larger than the protocol's class allows"
WORDS[refusals.DWELL_SHORT] = "a step is too short"
WORDS[refusals.RATE_RANGE] = "the rate is outside the pump's range"
WORDS[refusals.RATE_RESOLUTION] = "the mechanism cannot hold this rate exactly"
WORDS[refusals.ORDER] = "out of order"
WORDS[refusals.UNKNOWN_KEY] = "an entry it does not know"
WORDS[refusals.MISSING] = "something is missing"
WORDS[refusals.UNIT] = "a wrong unit"
WORDS[refusals.EXPIRED] = "a bag expires before it is used up"
WORDS[refusals.APPROVAL] = "it is not approved"
WORDS[refusals.PRINTED_MISMATCH] = "a printed cell differs from the arithmetic"
WORDS[refusals.TRUNCATED] = "the end is missing"
WORDS[refusals.CHECKSUM] = "the checksum is wrong"
WORDS[refusals.FORMAT] = "not the form of a compiled protocol"
WORDS[refusals.RANGE] = "a value is out of range"
WORDS[refusals.BUSY] = "the pump is busy with a session"
WORDS[refusals.CONTRACT] = "tool and firmware do not speak the same version"
WORDS[refusals.UNKNOWN_REQUEST] = "a request it does not know"
WORDS[refusals.DUPLICATE] = "the same thing twice"
WORDS[refusals.STEP_VOLUME] = "a step's volume is not what its rate and time make"
WORDS[refusals.SIGNATURE] = "a signature does not fit"
WORDS[refusals.VEIN_RATIO] = "the dose rate rises too steeply where the line meets the vein"
WORDS[refusals.ORAL] = "bags and doses by mouth in one protocol"
WORDS[refusals.BENCH_MODE] = (
    "a protocol of class bench loads only in bench mode: hold UP and DOWN at power-up, let go, CONFIRM"
)
WORDS[refusals.NOT_RUN] = "this pump does not run oral doses; print the table"
WORDS[refusals.CLASS] = "a protocol of class one-bag has one bag"
WORDS[refusals.DWELL_LONG] = "a step lasts many times as long as the others"
WORDS[refusals.TOO_OFTEN] = "more of these in a second than it takes: ask again"
WORDS[refusals.ORDER_GIVEN] = "this pump has given some of this order before"
WORDS[refusals.ORDER_UNREAD] = (
    "its memory does not answer, or is damaged: it cannot know whether some of this order was given before;"
    " see `toleramp orders forget --help`"
)
WORDS[refusals.UNSEEN] = (
    "its last session ended by a fault or a lock: read its screen, look at patient and line, press CONFIRM at the pump"
)
WORDS[refusals.WATCHED] = "a patient is still watched: end monitoring at the pump, CONFIRM twice"
WORDS[refusals.NO_CLOCK] = "its clock does not answer"
WORDS[refusals.UNREAD] = "its memory does not answer"
WORDS[refusals.KEY_NEEDED] = "it takes a person's key"
WORDS[refusals.NO_KEYS] = "no key is installed in the pump"
WORDS[refusals.KEYS_DAMAGED] = "the pump's keyring is damaged, both copies: nobody is known"
WORDS[refusals.KEY_UNKNOWN] = "the pump does not know this person's key"
WORDS[refusals.KEY_REVOKED] = "this person's key was revoked"
WORDS[refusals.KEY_WRONG] = "the key is another one than the pump has for this person"
WORDS[refusals.KEY_COUNT] = "a copy of a request that came before, or one out of order"
WORDS[refusals.KEY_SESSION] = "signed for another session of the pump"
WORDS[refusals.KEY_WAIT] = "after tries with a wrong key it looks at none for a while"

# What helps where a key is missing or does not count.
KEY_REMEDIES = {}
KEY_REMEDIES[refusals.KEY_NEEDED] = "name your key file with --key or in TOLERAMP_KEY"
KEY_REMEDIES[refusals.NO_KEYS] = "toleramp keys install in service mode; on a bench: UP and DOWN at power-up"
KEY_REMEDIES[refusals.KEYS_DAMAGED] = "install it again in service mode: toleramp keys install"
KEY_REMEDIES[refusals.KEY_UNKNOWN] = "put it into the keyring: toleramp keys ring, then toleramp keys install"
KEY_REMEDIES[refusals.KEY_REVOKED] = "use the key that came in its place"
KEY_REMEDIES[refusals.KEY_WRONG] = "compare: toleramp keys list on your file and on the pump's keyring"
KEY_REMEDIES[refusals.KEY_COUNT] = "run it again"
KEY_REMEDIES[refusals.KEY_SESSION] = "run it again"

# What helps where the order was given before.
ORDER_REMEDY = 'load the next cycle or a new order (cycle, order_id in the file); on a bench write class = "bench"'

_KEYRING = "put a keyring with this person's key into it: `toleramp keys install`"
_PROVE = "see `toleramp protocol verify --keys`, and have it signed anew"
# What an approval lacks, by the place in a refusal for the approval: what, and what helps.
APPROVAL = {
    approval.UNSIGNED: (
        "it is not signed",
        "load it in bench mode (UP and DOWN held at power-up, then CONFIRM) or have two people sign it",
    ),
    approval.NO_KEYS: ("there is no keyring in the pump", "put one into it: `toleramp keys install`"),
    approval.SAME_PERSON: ("author and verifier are the same person", "have another person sign as verifier"),
    approval.AUTHOR_UNKNOWN: ("the pump does not know the author", _KEYRING),
    approval.VERIFIER_UNKNOWN: ("the pump does not know the verifier", _KEYRING),
    approval.AUTHOR_WRONG: ("the author's signature does not fit", _PROVE),
    approval.VERIFIER_WRONG: ("the verifier's signature does not fit", _PROVE),
}


def found(code: str | None) -> str | None:
    """What was found, by the refusal's name; None for another name."""
    return WORDS.get(rows.number(refusals, code))
