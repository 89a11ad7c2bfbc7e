"""Whether somebody has said that words may leave own hardware: asked once, and not before there is something to ask."""

from hypothesis import given
from hypothesis import strategies as st

from moorage.chat.leaving import ASKS, NONE, SAID, asks_before_leaving, leaving_after, let_leave_to

ZONES = ("own_hardware", "own_contract", "included", "router", "unstated", "scripted")


@given(steps=st.lists(st.tuples(st.sampled_from(ZONES), st.booleans()), max_size=12))
def test_it_is_asked_exactly_until_it_is_said_once(steps: list[tuple[str, bool]]) -> None:
    state, is_said, had = NONE, False, False
    for zone, may_leave in steps:
        leaves = zone not in {"own_hardware", "scripted"}
        asks = asks_before_leaving(state, may_leave=False)
        assert asks == (had and not is_said)
        if leaves and asks and not may_leave:
            continue
        assert let_leave_to(state, [zone], is_sealed=False) == ({zone} if leaves and asks else set())
        assert not let_leave_to(state, [zone], is_sealed=True)
        is_said = is_said or (leaves and had)
        had = had or zone == "own_hardware"
        state = leaving_after(state, [zone])


def test_what_goes_to_own_hardware_and_elsewhere_at_once_asks_from_then_on() -> None:
    """The answer of own hardware has not been elsewhere yet; in what order they stand does not matter."""
    for zones in (["router", "own_hardware"], ["own_hardware", "router"]):
        assert leaving_after(NONE, zones) == ASKS
        assert leaving_after(ASKS, zones) == SAID


def test_a_state_nobody_has_heard_of_asks() -> None:
    assert asks_before_leaving("whatever", may_leave=False)
    assert not asks_before_leaving(SAID, may_leave=False)
