"""What each op does with the session that it is a step of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import StepError, Unsupported
from .session import LOCAL_OPS, Answer, Handlers, Session, Step, need

if TYPE_CHECKING:
    from .adapters import Adapter
    from .values import Json


def handlers_of(adapter: Adapter) -> Handlers:
    """The steps that the loaded library can perform."""
    return {op: handler for op, handler in _HANDLERS.items() if op in adapter.features}


def _done(value: Json) -> Answer:
    return None if value is None else {"ok": value}


# Documents


def _local(session: Session, step: Step) -> Answer:
    return session.local(step, [step])


def _transact(session: Session, step: Step) -> Answer:
    for op in step["steps"]:
        if not session.performs(op["op"]):
            raise Unsupported(op["op"])
        if op["peer"] != step["peer"] or op.get("doc", step.get("doc")) != step.get("doc"):
            raise StepError("runner", "the ops of a transaction have one document")
    return session.local(step, step["steps"])


def _encode(session: Session, step: Step) -> Answer:
    session.need_format(step)
    since = step.get("since")
    return session.observed(step, session.peer(step).encode(None if since is None else session.bytes_of(since)))


def _apply(session: Session, step: Step) -> Answer:
    session.need_format(step)
    session.peer(step).apply(session.bytes_of(step["update"]))
    return None


def _state_vector(session: Session, step: Step) -> Answer:
    return session.observed(step, session.peer(step).state_vector())


def _wrapped(session: Session, step: Step) -> Answer:
    return _done(session.peer(step).wrapped(step["step"]))


def _state(session: Session, step: Step) -> Answer:
    return {"ok": session.peer(step).state()}


# Updates


def _pending(session: Session, step: Step) -> Answer:
    return {"ok": session.peer(step).pending()}


def _merge(session: Session, step: Step) -> Answer:
    session.need_format(step)
    return session.observed(step, session.adapter.merge([session.bytes_of(update) for update in step["updates"]]))


def _diff(session: Session, step: Step) -> Answer:
    session.need_format(step)
    update, since = session.bytes_of(step["update"]), session.bytes_of(step["since"])
    return session.observed(step, session.adapter.diff(update, since))


def _update_state_vector(session: Session, step: Step) -> Answer:
    session.need_format(step)
    return session.observed(step, session.adapter.update_state_vector(session.bytes_of(step["update"])))


# Snapshots and positions


def _snapshot(session: Session, step: Step) -> Answer:
    session.need_format(step)
    return session.observed(step, session.peer(step).snapshot())


def _restore(session: Session, step: Step) -> Answer:
    session.need_format(step)
    return session.observed(step, session.peer(step).restore(session.bytes_of(step["snapshot"])))


def _snapshots_equal(session: Session, step: Step) -> Answer:
    session.need_format(step)
    one, other = step["snapshots"]
    return {"ok": session.adapter.snapshots_equal(session.bytes_of(one), session.bytes_of(other))}


def _position(session: Session, step: Step) -> Answer:
    peer = session.peer(step)
    fitted = peer.wrapped(step) if session.wraps else step
    if fitted is None:
        return None
    return session.observed(step, peer.position(fitted["path"], fitted["index"], step.get("assoc", 0)))


def _resolve(session: Session, step: Step) -> Answer:
    return _done(session.peer(step).resolve(session.bytes_of(step["position"])))


def _position_json(session: Session, step: Step) -> Answer:
    return _done(session.adapter.position_json(session.bytes_of(step["position"])))


def _position_parse(session: Session, step: Step) -> Answer:
    return session.observed(step, session.adapter.position_parse(step["json"]))


# Undo


def _track(session: Session, step: Step) -> Answer:
    features = session.adapter.features
    origins, timeout, name = step.get("origins"), step.get("timeout", 0), step.get("manager")
    for given, feature in ((origins, "undo.origins"), (timeout, "undo.timeout"), (name, "undo.manager")):
        if given:
            need(features, feature)
    session.peer(step).track(name, step["paths"], origins, timeout)
    return None


def _undo(session: Session, step: Step) -> Answer:
    return {"ok": bool(session.peer(step).manager(step.get("manager")).undo())}


def _redo(session: Session, step: Step) -> Answer:
    return {"ok": bool(session.peer(step).manager(step.get("manager")).redo())}


def _undo_stop(session: Session, step: Step) -> Answer:
    session.peer(step).manager(step.get("manager")).stop()
    return None


def _undo_clear(session: Session, step: Step) -> Answer:
    session.peer(step).manager(step.get("manager")).clear()
    return None


def _undo_can(session: Session, step: Step) -> Answer:
    manager = session.peer(step).manager(step.get("manager"))
    return {"ok": [bool(manager.can_undo()), bool(manager.can_redo())]}


# Observers


def _observe(session: Session, step: Step) -> Answer:
    deep = step.get("deep", False)
    if deep:
        need(session.adapter.features, "observe.deep")
    peer = session.peer(step)
    session.observing(peer)
    peer.observe(step["path"], deep)
    return None


def _events(session: Session, step: Step) -> Answer:
    return {"ok": session.peer(step).events()}


def _subdocs_observe(session: Session, step: Step) -> Answer:
    peer = session.peer(step)
    session.observing(peer)
    peer.observe_subdocs()
    return None


def _subdocs_events(session: Session, step: Step) -> Answer:
    return {"ok": session.peer(step).subdocs_events()}


# Awareness


def _awareness_set(session: Session, step: Step) -> Answer:
    session.peer(step).awareness().set(step["state"])
    return None


def _awareness_encode(session: Session, step: Step) -> Answer:
    return session.observed(step, session.peer(step).awareness().encode(step.get("clients")))


def _awareness_apply(session: Session, step: Step) -> Answer:
    session.peer(step).awareness().apply(session.bytes_of(step["update"]))
    return None


def _awareness_remove(session: Session, step: Step) -> Answer:
    session.peer(step).awareness().remove(step["clients"])
    return None


def _awareness_states(session: Session, step: Step) -> Answer:
    return {"ok": session.peer(step).awareness().states()}


def _awareness_events(session: Session, step: Step) -> Answer:
    return {"ok": session.peer(step).awareness().take()}


def _awareness_advance(session: Session, step: Step) -> Answer:
    session.peer(step).awareness().advance(step["milliseconds"])
    return None


# Sync messages


def _sync_step1(session: Session, step: Step) -> Answer:
    return session.observed(step, session.peer(step).sync_step1())


def _sync_step2(session: Session, step: Step) -> Answer:
    since = step.get("since")
    return session.observed(step, session.peer(step).sync_step2(None if since is None else session.bytes_of(since)))


def _sync_update(session: Session, step: Step) -> Answer:
    return session.observed(step, session.adapter.sync_update(session.bytes_of(step["update"])))


def _sync_read(session: Session, step: Step) -> Answer:
    reply = session.peer(step).sync_read(session.bytes_of(step["message"]))
    return None if reply is None else session.observed(step, reply)


_HANDLERS: Handlers = {
    **dict.fromkeys(LOCAL_OPS, _local),
    "transact": _transact,
    "encode": _encode,
    "apply": _apply,
    "state_vector": _state_vector,
    "state": _state,
    "wrap": _wrapped,
    "pending": _pending,
    "merge": _merge,
    "diff": _diff,
    "update_state_vector": _update_state_vector,
    "snapshot": _snapshot,
    "snapshot.restore": _restore,
    "snapshot.equal": _snapshots_equal,
    "position": _position,
    "position.resolve": _resolve,
    "position.json": _position_json,
    "position.parse": _position_parse,
    "undo.track": _track,
    "undo": _undo,
    "redo": _redo,
    "undo.stop": _undo_stop,
    "undo.clear": _undo_clear,
    "undo.can": _undo_can,
    "observe": _observe,
    "events": _events,
    "subdocs.observe": _subdocs_observe,
    "subdocs.events": _subdocs_events,
    "awareness.set": _awareness_set,
    "awareness.encode": _awareness_encode,
    "awareness.apply": _awareness_apply,
    "awareness.remove": _awareness_remove,
    "awareness.states": _awareness_states,
    "awareness.events": _awareness_events,
    "awareness.advance": _awareness_advance,
    "sync.step1": _sync_step1,
    "sync.step2": _sync_step2,
    "sync.update": _sync_update,
    "sync.read": _sync_read,
}
