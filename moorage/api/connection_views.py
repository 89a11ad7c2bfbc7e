"""From what the connections room knows to what the API shows; stages and refusals in the reader's language."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from moorage.api.errors import tell
from moorage.api.schemas.connections import (
    CertificateView,
    ConnectionModelView,
    ConnectionView,
    FoundModel,
    KeyView,
    ModelFactsView,
    ModelProfileView,
    PickerModel,
    PointsToView,
    ServerCertificateView,
    StageView,
    TestFinished,
    TestResult,
    TlsView,
)
from moorage.api.sentences import Language, sentence
from moorage.api.views import moment
from moorage.connections.condition import Condition
from moorage.connections.findings import STAGES, StageEvent
from moorage.connections.picker import PickerLine, PointsTo
from moorage.connections.profiles import Profile, facts_to_json
from moorage.connections.stages import EXPIRY_WARNING_DAYS
from moorage.connections.testing import Finished
from moorage.connections.views import ConnectionFacts, LastTest, ModelFacts
from moorage.errors import Param


def connection(facts: ConnectionFacts, language: Language) -> ConnectionView:
    """One connection."""
    return ConnectionView.model_validate(
        {
            "id": facts.id,
            "name": facts.name,
            "provider": facts.provider,
            "zone": facts.zone,
            "data_location": facts.data_location,
            "enabled": facts.enabled,
            "key": KeyView(
                present=facts.has_key,
                number=facts.key_number,
                set_at=moment(facts.key_set_at),
                set_by=facts.key_set_by,
                expires_on=facts.key_expires_on,
            ),
            "tls": _tls(facts),
            "maintainer_id": facts.maintainer_id,
            "maintainer_name": facts.maintainer_name,
            "maintainer_left": facts.maintainer_left,
            **condition(facts.condition, language),
            "last_test": None if facts.last_test is None else _last_test(facts.last_test, language),
            "models": [_model(one) for one in facts.models],
            "calls_30d": facts.calls,
            "tokens_30d": facts.tokens,
            "created_at": moment(facts.created_at),
            "created_by": facts.created_by,
            "updated_at": moment(facts.updated_at),
        }
    )


def condition(of: Condition, language: Language) -> Mapping[str, Any]:
    """The state of a connection: the fields of `ConditionShape`."""
    return {
        "health": of.health,
        "health_cause": None if of.cause is None else sentence(of.cause, of.facts, language),
        "health_since": None if of.since is None else moment(of.since),
        "last_good": None if of.last_good is None else moment(of.last_good),
    }


def stage(event: StageEvent, language: Language) -> StageView:
    """One stage of a running or finished test."""
    return _stage(event.to_json(), language)


def finished(end: Finished, language: Language) -> TestFinished:
    """The end of a test."""
    findings = end.findings
    return TestFinished(
        test_id=end.test_id,
        passed=findings.passed,
        stages=[stage(findings.stages[name], language) for name in STAGES],
        models=[
            FoundModel(
                model_id=model.id,
                name=model.name,
                context_length=model.context_length,
                inputs=list(model.inputs),
                facts=ModelFactsView.model_validate(facts_to_json(model)),
            )
            for model in findings.models
        ],
        models_offered=findings.models_offered,
        notes=[sentence(f"note_{note}", {}, language) for note in findings.notes],
    )


def picker_line(line: PickerLine, language: Language) -> PickerModel:
    """One line of the picker."""
    params: dict[str, Param] = {"model": line.name, "connection": line.connection_name}
    if line.budget is not None:
        params |= {"left": line.budget.left, "resets_on": line.budget.resets_on.isoformat()}
    return PickerModel.model_validate(
        {
            "ref": line.ref,
            "name": line.name,
            "model_id": line.model_id,
            "origin": line.origin,
            "connection_name": line.connection_name,
            "context_length": line.context_length,
            "inputs": list(line.inputs),
            "data_location": line.data_location,
            "billed_by": line.billed_by,
            **condition(line.condition, language),
            "available": line.problem_code is None,
            "problem": None if line.problem_code is None else tell(line.problem_code, params, language),
            "zone": line.zone,
            "zone_since": None if line.zone_since is None else moment(line.zone_since),
            "alias": None if line.alias is None else _points_to(line.alias),
            "data_policy": line.data_policy,
        }
    )


def _points_to(alias: PointsTo) -> PointsToView:
    return PointsToView(ref=alias.ref, name=alias.name, since=moment(alias.since))


def _stage(stored: Mapping[str, Any], language: Language) -> StageView:
    code = stored["code"]
    if code == "tls_expires_soon":
        # The days of today, not those of the day of the test.
        facts = {**stored["facts"], "days": _days_until(stored["facts"]["expires_on"])}
        stored = {**stored, "facts": facts}
    if code is not None:
        message = sentence(code, stored["facts"], language)
    elif stored["state"] == "passed":
        message = sentence(f"stage_{stored['stage']}_passed", stored["facts"], language)
    else:
        message = ""
    return StageView.model_validate({**stored, "message": message})


def _tls(facts: ConnectionFacts) -> TlsView:
    return TlsView(
        private_ca=_certificate(facts.trust["private_ca"]),
        client_certificate=_certificate(facts.trust["client_certificate"]),
        pinned=facts.trust["pinned"],
        server=_server_certificate(facts.server_certificate),
    )


def _certificate(stored: Mapping[str, str] | None) -> CertificateView | None:
    if stored is None:
        return None
    return CertificateView(**stored, days_left=_days_until(stored["expires_on"]))


def _server_certificate(seen: Mapping[str, str] | None) -> ServerCertificateView | None:
    if seen is None:
        return None
    days_left = _days_until(seen["expires_on"])
    return ServerCertificateView(
        issuer=seen["issuer"],
        expires_on=seen["expires_on"],
        days_left=days_left,
        warns=days_left < EXPIRY_WARNING_DAYS,
        seen_at=moment(datetime.fromisoformat(seen["seen_at"])),
    )


def _days_until(day: str) -> int:
    return (date.fromisoformat(day) - datetime.now(UTC).date()).days


def _last_test(test: LastTest, language: Language) -> TestResult:
    return TestResult(
        at=moment(test.at), passed=test.passed, stages=[_stage(stored, language) for stored in test.stages]
    )


def _profile(profile: Profile) -> ModelProfileView:
    return ModelProfileView.model_validate(
        {
            "habits": dict(profile.habits),
            "learnt": sorted(profile.learnt),
            "set_by_people": sorted(profile.overrides),
            "found_context_length": profile.found_context_length,
            "found_inputs": list(profile.found_inputs),
        }
    )


def _model(facts: ModelFacts) -> ConnectionModelView:
    return ConnectionModelView(
        id=facts.id,
        ref=f"byom:{facts.id}",
        model_id=facts.model_id,
        name=facts.name,
        enabled=facts.enabled,
        typed=facts.typed,
        context_length=facts.context_length,
        inputs=list(facts.inputs),
        facts=ModelFactsView.model_validate(facts.profile.facts),
        profile=_profile(facts.profile),
        vanished_at=None if facts.vanished_at is None else moment(facts.vanished_at),
    )
