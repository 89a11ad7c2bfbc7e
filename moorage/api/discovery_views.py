"""What a new look at a model list changed, and what somebody should see to, as the API shows it."""

from collections.abc import Mapping

from moorage.api import connection_views
from moorage.api.schemas.connections import ChangedModel, DiscoveryView, GoneModel, MatterView
from moorage.api.sentences import Language, sentence
from moorage.api.views import moment
from moorage.connections.attention import Matter
from moorage.connections.store import Merged
from moorage.connections.views import ConnectionFacts


def discovery(facts: ConnectionFacts, merged: Merged, uses: Mapping[str, int], language: Language) -> DiscoveryView:
    """The difference. `uses`: conversations by the model's ref."""
    gone = set(merged.went)
    went = [
        GoneModel(
            model_id=model.model_id,
            name=model.name,
            was_on=model.enabled,
            conversations_30d=uses.get(f"byom:{model.id}", 0),
        )
        for model in facts.models
        if model.model_id in gone
    ]
    return DiscoveryView(
        connection=connection_views.connection(facts, language),
        came=list(merged.came),
        # What people miss stands first.
        went=sorted(went, key=lambda one: (not one.was_on, -one.conversations_30d, one.model_id)),
        changed=[
            ChangedModel(
                model_id=one.model_id,
                context_before=one.context_before,
                context_now=one.context_now,
                inputs_before=list(one.inputs_before),
                inputs_now=list(one.inputs_now),
            )
            for one in merged.changed
        ],
    )


def matter(one: Matter, language: Language) -> MatterView:
    """One thing to see to."""
    return MatterView(
        connection_id=one.connection_id,
        connection_name=one.connection_name,
        kind=one.kind,
        cause=None if one.cause is None else sentence(one.cause, one.facts, language),
        since=None if one.since is None else moment(one.since),
        last_good=None if one.last_good is None else moment(one.last_good),
        last_day=one.last_day,
        days_left=one.days_left,
        is_urgent=one.is_urgent,
    )
