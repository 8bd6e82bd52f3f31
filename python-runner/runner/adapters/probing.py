"""What the adapters' probes share. Probes run on throwaway documents, once, when a library is loaded."""

from __future__ import annotations

from typing import Callable, NamedTuple

from ..values import MAX_SAFE_INTEGER

BIG = 2**53 + 1
"""The least positive integer that is no double: yrs 0.28 writes the bigints that are as floats."""

NUMBERS = b"\x01\x01\x05\x00\x08\x01\x01a\x02\x7d\x01\x7a" + BIG.to_bytes(8, "big") + b"\x00"
"""An update: the array `a` holds the number 1 and the bigint 2^53 + 1."""

XML_ATTRIBUTE = b"\x01\x02\x05\x00\x07\x01\x01x\x03\x01p\x28\x00\x05\x00\x01k\x01\x7d\x05\x00"
"""An update: the fragment `x` holds an element `p` whose attribute `k` is the number 5."""

CLIENT_53 = 2**53 - 1
CLIENT_53_STATE = b"\x01\xff\xff\xff\xff\xff\xff\xff\x0f\x01"
"""The state vector of a document of client 2^53 - 1 with one unit."""

_BIGINT_TAG = b"\x7a"
_LARGEST = 2**63 - 1


class Probed(NamedTuple):
    """The features and losses of a library, and which ints it writes as bigints."""

    features: frozenset[str]
    lossy: frozenset[str]
    writes_bigint: Callable[[int], bool]


def works(attempt: Callable[[], object]) -> bool:
    """Whether the attempt returns something true. A panic, which is no Exception, counts as a no."""
    try:
        return bool(attempt())
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        return False


def bigints(write: Callable[[int], bytes]) -> Callable[[int], bool]:
    """Which ints are meant as bigints, where `write` returns the update that holds an int."""

    def tagged(number: int) -> bool:
        return works(lambda: _BIGINT_TAG + number.to_bytes(8, "big", signed=True) in write(number))

    small, positive, negative = tagged(1), tagged(BIG), tagged(-BIG)

    def writes(number: int) -> bool:
        if number > MAX_SAFE_INTEGER:
            return positive and number <= _LARGEST
        if number < -MAX_SAFE_INTEGER:
            # The absolute value of the least 64-bit integer overflows in the libraries.
            return negative and number >= -_LARGEST
        return small

    return writes
