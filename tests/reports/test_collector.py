"""P13: a collector that is slow, gone or full slows nobody; what the SDK is given by others gets no further."""

import asyncio
import base64
import time
from pathlib import Path

import pytest
import sentry_sdk
from pydantic import SecretStr
from sentry_sdk import logger as sdk_logger
from sentry_sdk.utils import event_from_exception

from moorage.errors import EndpointFailure, Invalid
from moorage.reports.desk import PER_MINUTE, Reports
from moorage.reports.events import Told
from moorage.reports.outbox import MAX_WAITING, Outbox, TurnedAwayError
from moorage.settings import Settings, SettingsError
from moorage.telemetry import Metrics
from tests.reports.breaking import BrokenRoutes, break_down
from tests.reports.conftest import Reporting
from tests.support.authority import TestAuthority
from tests.support.canaries import CANARIES, clothes_of, everything, found_in
from tests.support.collector import Collector
from tests.support.model_server import ModelServer
from tests.support.running import Harbour, running

TOLD = Told(frozenset({"draining"}), frozenset({"unexpected_error"}), "moorage@1", "test")


def counted(metrics: Metrics) -> dict[str, int]:
    """Give what became of the reports."""
    lines = [line for line in metrics.render().decode().splitlines() if line.startswith("moorage_error_reports_total")]
    return {line.split('"')[1]: int(float(line.split()[-1])) for line in lines}


def broken(number: int) -> Exception:
    """Give an error of a class of its own."""
    made: type[Exception] = type(f"Broken{number}", (Exception,), {})
    return made(everything())


def add_broken(harbour: Harbour) -> None:
    harbour.built.app.router.add_api_route("/api/broken", BrokenRoutes(harbour.built.parts).handler, methods=["POST"])


async def test_a_report_goes_to_the_project_of_the_dsn_with_its_key_in_a_header(
    reporting: Reporting, collector: Collector, models: tuple[TestAuthority, ModelServer]
) -> None:
    async with running(reporting(), models[1]) as harbour:
        add_broken(harbour)
        answer = await harbour.somebody().call("POST", "/api/broken")
        [event] = await collector.wait_for(1)
        assert answer.status_code == 500
        assert event["tags"]["request_id"] == answer.json()["request_id"] == answer.headers["x-request-id"]
        metrics = harbour.built.parts.metrics
    told = metrics.render().decode()
    [delivery] = collector.deliveries
    assert delivery.head.startswith(b"POST /relay/api/7/envelope/ HTTP/1.1\r\n")
    assert b"sentry_key=publickey" in delivery.head
    assert set(delivery.envelope_head) == {"event_id", "sent_at"}
    assert set(event) == {
        "platform", "level", "release", "environment", "sdk", "exception", "tags", "event_id", "timestamp",
    }  # fmt: skip
    assert 'moorage_error_reports_total{outcome="sent"} 1.0' in told
    assert "moorage_egress_connections_total 1.0" in told  # through the door, and nothing beside it


async def test_without_a_dsn_nothing_is_sent(
    reporting: Reporting, collector: Collector, models: tuple[TestAuthority, ModelServer]
) -> None:
    async with running(reporting(sentry_dsn=None), models[1]) as harbour:
        add_broken(harbour)
        assert (await harbour.somebody().call("POST", "/api/broken")).status_code == 500
        assert harbour.built.parts.reports.client is None
    assert collector.deliveries == []


async def test_a_silent_collector_delays_neither_requests_nor_the_stop(
    reporting: Reporting, collector: Collector, models: tuple[TestAuthority, ModelServer]
) -> None:
    collector.is_silent = True
    async with running(reporting(), models[1]) as harbour:
        add_broken(harbour)
        somebody = harbour.somebody()
        for _ in range(5):
            async with asyncio.timeout(5):
                assert (await somebody.call("POST", "/api/broken")).status_code == 500
        metrics = harbour.built.parts.metrics
        begun = time.monotonic()
    assert time.monotonic() - begun < 10
    # Four were the same within a minute; the one under way was given up at the stop.
    assert counted(metrics) == {"paced": 4, "dropped": 1}


async def test_what_does_not_fit_is_dropped_and_counted() -> None:
    metrics, released = Metrics(), asyncio.Event()

    async def post(_: bytes) -> None:
        await released.wait()

    outbox = Outbox(post, metrics)
    outbox.start()
    await asyncio.sleep(0)
    for _ in range(MAX_WAITING + 11):
        outbox.put(b"{}")
    assert counted(metrics) == {"dropped": 11}
    released.set()
    await outbox.aclose()
    assert counted(metrics) == {"dropped": 11, "sent": MAX_WAITING}
    outbox.put(b"{}")
    assert counted(metrics)["dropped"] == 12


@pytest.mark.parametrize(
    ("failure", "is_tried_again"),
    [
        (EndpointFailure("connect_timeout", timeout_s=5), True),
        (TurnedAwayError("http_403"), True),
        (TurnedAwayError("http_429", pause_s=60), False),
        (ValueError(everything()), True),
    ],
)
async def test_a_failure_is_counted_and_logged_once_and_a_pause_is_kept(
    failure: Exception, is_tried_again: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    metrics, tries = Metrics(), 0

    async def post(_: bytes) -> None:
        nonlocal tries
        tries += 1
        raise failure

    outbox = Outbox(post, metrics)
    outbox.start()
    for _ in range(4):
        outbox.put(b"{}")
    await outbox.aclose()
    assert tries == (4 if is_tried_again else 1)
    assert counted(metrics) == ({"failed": 4} if is_tried_again else {"failed": 1, "dropped": 3})
    printed = "".join(capfd.readouterr())
    assert printed.count("report_failed") == 1
    assert found_in(printed.encode()) == []


@pytest.mark.parametrize(
    ("status", "headers", "reason"), [(429, {"Retry-After": "120"}, "http_429"), (401, {}, "http_401")]
)
async def test_a_collector_that_refuses_is_named_in_the_log(
    status: int,
    headers: dict[str, str],
    reason: str,
    reporting: Reporting,
    collector: Collector,
    models: tuple[TestAuthority, ModelServer],
    capfd: pytest.CaptureFixture[str],
) -> None:
    collector.status, collector.headers = status, headers
    async with running(reporting(), models[1]) as harbour:
        for number in range(3):
            harbour.built.parts.reports.note("unexpected_error", broken(number))
        await collector.wait_for(1)
        metrics = harbour.built.parts.metrics
    assert counted(metrics) == ({"failed": 1, "dropped": 2} if status == 429 else {"failed": 3})
    assert f'"reason": "{reason}"' in capfd.readouterr().out


async def test_a_flood_of_errors_is_not_a_flood_of_reports() -> None:
    now, metrics, sent = [0.0], Metrics(), list[bytes]()

    async def post(envelope: bytes) -> None:
        sent.append(envelope)

    reports = Reports(Outbox(post, metrics), TOLD, metrics, clock=lambda: now[0])
    for number in range(PER_MINUTE + 5):
        for _ in range(3):
            reports.note("unexpected_error", broken(number))
    assert counted(metrics) == {"paced": 2 * (PER_MINUTE + 5) + 5}
    now[0] = 61.0
    reports.note("unexpected_error", broken(0))
    reports.start()
    await reports.aclose()
    assert len(sent) == PER_MINUTE + 1


async def test_whatever_somebody_puts_into_the_sdk_gets_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scope full of secrets, an event with local variables, a transaction, a log, a session, an attachment."""
    for name in ("DSN", "RELEASE", "ENVIRONMENT"):
        monkeypatch.setenv(f"SENTRY_{name}", CANARIES["key"] if name != "DSN" else "https://k@localhost:9/1")
    monkeypatch.setenv("SENTRY_SPOTLIGHT", "http://127.0.0.1:9/stream")
    monkeypatch.setenv("SENTRY_TRACES_SAMPLE_RATE", "1.0")
    sent: list[bytes] = []

    async def post(envelope: bytes) -> None:
        sent.append(envelope)

    reports = Reports(Outbox(post, Metrics()), TOLD)
    client = reports.client
    assert client is not None
    assert (client.should_send_default_pii(), client.integrations, client.spotlight) == (False, {}, None)
    scope = polluted_scope(client)
    try:
        break_down("Locals")
    except Exception as error:  # noqa: BLE001 - of a class made for it
        event, hint = event_from_exception(error, client_options={**client.options, "include_local_variables": True})
    client.capture_event({**event, "request": {"data": everything()}, "server_name": everything()}, hint, scope)
    client.capture_event({"message": everything(), "logentry": {"message": everything()}}, None, scope)
    client.capture_event({"type": "transaction", "transaction": everything(), "spans": []}, None, scope)
    client.capture_event({"type": "check_in", "monitor_slug": everything()}, None, scope)
    with sentry_sdk.scope.use_scope(scope):
        sdk_logger.error(everything())
        sentry_sdk.capture_message(everything())
    client.flush()
    reports.start()
    await reports.aclose()
    assert len(sent) == 3
    assert [form for envelope in sent for form in found_in(envelope)] == []
    assert b"BrokeAtLocals" in sent[0]


def polluted_scope(client: sentry_sdk.Client) -> sentry_sdk.Scope:
    """Give a scope that a careless library has filled."""
    scope = sentry_sdk.Scope(client=client)
    scope.set_user({"id": CANARIES["person"], "email": CANARIES["mail"], "ip_address": CANARIES["ipv4"]})
    scope.set_tag("request_id", everything())
    scope.set_tag("event", CANARIES["key"])
    scope.set_context("prompt", {"text": CANARIES["prompt"]})
    scope.set_extra("key", CANARIES["key"])
    scope.set_transaction_name(CANARIES["base_url"])
    scope.fingerprint = [CANARIES["key"]]
    scope.add_breadcrumb({"message": everything()})
    scope.add_attachment(bytes=everything().encode(), filename="memory.txt")
    return scope


@pytest.mark.parametrize(
    "dsn",
    [
        "http://key@localhost/1", "https://localhost/1", "https://key@localhost", "https://key@localhost/project",
        "https://key@169.254.169.254:x/1", "nonsense", "https://key@localhost/../1", "https://a@b@c/1",
    ],
)  # fmt: skip
async def test_a_dsn_that_can_not_be_used_stops_the_start_and_is_not_repeated(
    dsn: str, reporting: Reporting, models: tuple[TestAuthority, ModelServer]
) -> None:
    with pytest.raises(Invalid) as refused:
        async with running(reporting(sentry_dsn=dsn), models[1]):
            pass
    assert refused.value.code == "sentry_dsn_invalid"
    assert dsn not in str(refused.value.params)


def test_the_dsn_may_stand_in_a_file_and_not_in_both(tmp_path: Path) -> None:
    file = tmp_path / "dsn"
    file.write_text("https://key@localhost/1\n")
    assert Settings(sentry_dsn_file=file).read_sentry_dsn() == "https://key@localhost/1"
    assert Settings().read_sentry_dsn() == ""
    with pytest.raises(ValueError, match="contradict each other"):
        Settings(sentry_dsn=SecretStr("https://key@localhost/1"), sentry_dsn_file=file)
    with pytest.raises(SettingsError, match="MOORAGE_SENTRY_DSN_FILE"):
        Settings(sentry_dsn_file=tmp_path / "missing").read_sentry_dsn()


@pytest.mark.parametrize("name", sorted(CANARIES))
def test_the_search_finds_a_canary_in_all_its_clothes(name: str) -> None:
    """A search that finds nothing proves nothing, unless it would have found it."""
    for form, worn in clothes_of(CANARIES[name]):
        assert any(found.startswith(name) for found in found_in(b"before " + worn + b" after")), form

    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + CANARIES[name].encode() + b"yyyy")
        assert any(found.startswith(name) for found in found_in(encoded)), offset
