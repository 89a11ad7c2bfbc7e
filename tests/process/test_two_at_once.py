"""Two processes over one data folder: a second start by mistake, or a new one while the old one still drains."""

from tests.process.people import HALF as HALF_OF_IT
from tests.process.people import WHOLE, SignUp, connect, follow, read_answer, wait_until_stored
from tests.support.model_server import ModelServer
from tests.support.serving import Serving


async def test_a_second_process_leaves_the_answers_of_the_first_alone(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    """P15: what runs is counted once, by the process that runs it."""
    await deployment.start()
    olga = await sign_up(deployment)
    refs = await connect(olga, model_server, "held")
    exchange = await olga.ask("Hold on", refs["held"])
    await wait_until_stored(olga, exchange, HALF_OF_IT)
    second = Serving(deployment.data.parent.with_name("second"), {"DATA": deployment.data})
    try:
        await second.start()
        assert (await read_answer(olga, exchange))["reply"]["state"] == "running"
        model_server.release()
        events = await follow(olga, exchange)
        assert events[-1].data["receipt"]["state"] == "done"
        assert (await read_answer(olga, exchange))["text"] == WHOLE
        counted = "SELECT count_source, ended FROM byom_usage_event WHERE purpose = 'reply'"
        assert deployment.query(counted) == [("reported", "ok")]
    finally:
        await second.close()
