"""The first time that words of an unsealed conversation would leave own hardware, somebody is asked; then it is known.

`none`: own hardware had none of its words. `asks`: it had, and nobody has said that they may go on to somebody else.
`said`: somebody has. Pure; the state is a column of the conversation, changed where a reply is announced.
"""

from collections.abc import Sequence
from typing import Final

from moorage.connections.zones import OWN_HARDWARE, STAYS_HERE

NONE: Final = "none"
ASKS: Final = "asks"
SAID: Final = "said"


def asks_before_leaving(state: str, *, may_leave: bool) -> bool:
    """Whether a model elsewhere is refused until somebody says that the words may go. An unheard-of state asks."""
    return state not in {NONE, SAID} and not may_leave


def let_leave_to(state: str, zones: Sequence[str], *, is_sealed: bool) -> frozenset[str]:
    """Give where words may go because somebody has just said that they may; empty where nobody was asked.

    In a sealed conversation nobody is: what its seal admits was decided with it.
    """
    if is_sealed or not asks_before_leaving(state, may_leave=False):
        return frozenset()
    return frozenset(zones) - {OWN_HARDWARE, STAYS_HERE}


def leaving_after(state: str, zones: Sequence[str]) -> str:
    """Give the state after replies were announced there, together: who got as far as somewhere else has been let."""
    went = set(zones) - {STAYS_HERE}
    if state == SAID or not went:
        return state
    if state == NONE:
        return ASKS if OWN_HARDWARE in went else NONE
    return SAID if went - {OWN_HARDWARE} else state
