"""What the product is about to promise and does not keep yet: set each to True when it does, then delete it."""

from typing import Final

OWN_ADDRESSES_ARE_REFUSED: Final = False
REFUSALS_TAKE_A_FIXED_TIME: Final = False
EGRESS_COUNTS_ITS_CONNECTIONS: Final = False
