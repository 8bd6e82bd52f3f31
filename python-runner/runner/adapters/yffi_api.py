"""The part of yffi's C interface that the adapter calls, and who owns what comes from it.

Strings and binaries that the library returns are its own allocations: they are copied and given back at once.
"""

from __future__ import annotations

from typing import Any, Callable

# Tags of values, as libyrs.h defines them.
JSON_BOOL, JSON_NUM, JSON_INT, JSON_STR, JSON_BUF, JSON_ARR, JSON_MAP, JSON_NULL = range(-8, 0)
JSON_UNDEF, ARRAY, MAP, TEXT, XML_ELEM, XML_TEXT, XML_FRAG, DOC = range(8)
OFFSET_UTF16, SKIP_GC, SHOULD_LOAD = 1, 2, 8
DELTA_INSERT, DELTA_DELETE, DELTA_RETAIN = 1, 2, 3

_DECLARATIONS = """
typedef struct YDoc YDoc;
typedef struct Branch Branch;
typedef struct YTransaction YTransaction;
typedef struct YArrayIter YArrayIter;
typedef struct YMapIter YMapIter;
typedef struct YXmlAttrIter YXmlAttrIter;
typedef struct YStickyIndex YStickyIndex;
typedef struct YUndoManager YUndoManager;
typedef struct YIdSet YIdSet;
typedef struct YPendingUpdate YPendingUpdate;

typedef struct { uint64_t id; const char *guid; const char *collection_id; uint8_t flags; } YOptions;
typedef struct { int32_t capture_timeout_millis; } YUndoManagerOptions;

typedef struct YInput YInput;
typedef struct { char **keys; YInput *values; } YMapInputData;
struct YInput {
  int8_t tag;
  uint32_t len;
  union {
    uint8_t flag; double num; int64_t integer; char *str; char *buf; YInput *values; YMapInputData map; YDoc *doc;
  } value;
};
typedef struct { uint8_t tag; uint32_t len; const YInput *attributes; const YInput *insert; } YDeltaIn;

typedef struct YOutput YOutput;
typedef struct { const char *key; const YOutput *value; } YMapEntry;
struct YOutput {
  int8_t tag;
  uint32_t len;
  union {
    uint8_t flag; double num; int64_t integer; char *str; const char *buf; YOutput *array; YMapEntry *map;
    Branch *y_type; YDoc *y_doc;
  } value;
};
typedef struct { YOutput data; uint32_t fmt_len; YMapEntry *fmt; } YChunk;
typedef struct { const char *name; const YOutput *value; } YXmlAttr;

YDoc *ydoc_new_with_options(YOptions options);
void ydoc_destroy(YDoc *value);
char *ydoc_guid(YDoc *doc);
void ystring_destroy(char *str);
void ybinary_destroy(char *ptr, uint32_t len);

YTransaction *ydoc_read_transaction(YDoc *doc);
YTransaction *ydoc_write_transaction(YDoc *doc, uint32_t origin_len, const char *origin);
void ytransaction_commit(YTransaction *txn);
uint8_t ytransaction_apply(YTransaction *txn, const char *diff, uint32_t diff_len);
char *ytransaction_state_vector_v1(const YTransaction *txn, uint32_t *len);
char *ytransaction_state_diff_v1(const YTransaction *txn, const char *sv, uint32_t sv_len, uint32_t *len);
char *ytransaction_snapshot(const YTransaction *txn, uint32_t *len);
char *ytransaction_encode_state_from_snapshot_v1(
  const YTransaction *txn, const char *snapshot, uint32_t snapshot_len, uint32_t *len);
YIdSet *ytransaction_pending_ds(const YTransaction *txn);
void ydelete_set_destroy(YIdSet *ds);
YPendingUpdate *ytransaction_pending_update(const YTransaction *txn);
void ypending_update_destroy(YPendingUpdate *update);
void ytransaction_observe_updates_v1(
  YTransaction *txn, uint32_t key_len, const char *key, void *state, void (*cb)(void*, uint32_t, const char*));

Branch *ytext(YDoc *doc, const char *name);
Branch *yarray(YDoc *doc, const char *name);
Branch *ymap(YDoc *doc, const char *name);
Branch *yxmlfragment(YDoc *doc, const char *name);
int8_t ytype_kind(const Branch *branch);
void youtput_destroy(YOutput *val);

uint32_t ytext_len(const Branch *txt, const YTransaction *txn);
void ytext_insert(const Branch *txt, YTransaction *txn, uint32_t index, const char *value, const YInput *attrs);
void ytext_insert_embed(
  const Branch *txt, YTransaction *txn, uint32_t index, const YInput *content, const YInput *attrs);
void ytext_insert_delta(const Branch *txt, YTransaction *txn, YDeltaIn *delta, uint32_t delta_len);
void ytext_format(const Branch *txt, YTransaction *txn, uint32_t index, uint32_t len, const YInput *attrs);
void ytext_remove_range(const Branch *txt, YTransaction *txn, uint32_t index, uint32_t length);
YChunk *ytext_chunks(const Branch *txt, const YTransaction *txn, uint32_t *chunks_len);
void ychunks_destroy(YChunk *chunks, uint32_t len);

uint32_t yarray_len(const Branch *array);
YOutput *yarray_get(const Branch *array, const YTransaction *txn, uint32_t index);
void yarray_insert_range(const Branch *array, YTransaction *txn, uint32_t index, const YInput *items, uint32_t len);
void yarray_remove_range(const Branch *array, YTransaction *txn, uint32_t index, uint32_t len);
YArrayIter *yarray_iter(const Branch *array, YTransaction *txn);
YOutput *yarray_iter_next(YArrayIter *iterator);
void yarray_iter_destroy(YArrayIter *iter);

void ymap_insert(const Branch *map, YTransaction *txn, const char *key, const YInput *value);
uint8_t ymap_remove(const Branch *map, YTransaction *txn, const char *key);
void ymap_remove_all(const Branch *map, YTransaction *txn);
YOutput *ymap_get(const Branch *map, const YTransaction *txn, const char *key);
YMapIter *ymap_iter(const Branch *map, const YTransaction *txn);
YMapEntry *ymap_iter_next(YMapIter *iter);
void ymap_entry_destroy(YMapEntry *value);
void ymap_iter_destroy(YMapIter *iter);

char *yxmlelem_tag(const Branch *xml);
uint32_t yxmlelem_child_len(const Branch *xml, const YTransaction *txn);
YOutput *yxmlelem_get(const Branch *xml, const YTransaction *txn, uint32_t index);
Branch *yxmlelem_insert_elem(const Branch *xml, YTransaction *txn, uint32_t index, const char *name);
Branch *yxmlelem_insert_text(const Branch *xml, YTransaction *txn, uint32_t index);
void yxmlelem_remove_range(const Branch *xml, YTransaction *txn, uint32_t index, uint32_t len);
void yxmlelem_insert_attr(const Branch *xml, YTransaction *txn, const char *name, const YInput *value);
void yxmlelem_remove_attr(const Branch *xml, YTransaction *txn, const char *name);
YXmlAttrIter *yxmlelem_attr_iter(const Branch *xml, const YTransaction *txn);
YXmlAttrIter *yxmltext_attr_iter(const Branch *xml, const YTransaction *txn);
YXmlAttr *yxmlattr_iter_next(YXmlAttrIter *iterator);
void yxmlattr_destroy(YXmlAttr *attr);
void yxmlattr_iter_destroy(YXmlAttrIter *iterator);
uint32_t yxmltext_len(const Branch *txt, const YTransaction *txn);
void yxmltext_insert(const Branch *txt, YTransaction *txn, uint32_t index, const char *str, const YInput *attrs);
void yxmltext_insert_embed(
  const Branch *txt, YTransaction *txn, uint32_t index, const YInput *content, const YInput *attrs);
void yxmltext_format(const Branch *txt, YTransaction *txn, uint32_t index, uint32_t len, const YInput *attrs);
void yxmltext_remove_range(const Branch *txt, YTransaction *txn, uint32_t index, uint32_t len);
void yxmltext_insert_attr(const Branch *txt, YTransaction *txn, const char *name, const YInput *value);
void yxmltext_remove_attr(const Branch *txt, YTransaction *txn, const char *name);

YStickyIndex *ysticky_index_from_index(const Branch *branch, YTransaction *txn, uint32_t index, int8_t assoc);
char *ysticky_index_encode(const YStickyIndex *pos, uint32_t *len);
YStickyIndex *ysticky_index_decode(const char *binary, uint32_t len);
char *ysticky_index_to_json(const YStickyIndex *pos);
YStickyIndex *ysticky_index_from_json(const char *json);
void ysticky_index_read(const YStickyIndex *pos, const YTransaction *txn, Branch **out_branch, uint32_t *out_index);
void ysticky_index_destroy(YStickyIndex *pos);

YUndoManager *yundo_manager(const YUndoManagerOptions *options);
void yundo_manager_destroy(YUndoManager *mgr);
void yundo_manager_add_origin(YUndoManager *mgr, uint32_t origin_len, const char *origin);
void yundo_manager_add_scope(YUndoManager *mgr, const YDoc *doc, const Branch *ytype);
void yundo_manager_clear(YUndoManager *mgr);
void yundo_manager_stop(YUndoManager *mgr);
uint8_t yundo_manager_undo(YUndoManager *mgr);
uint8_t yundo_manager_redo(YUndoManager *mgr);
uint32_t yundo_manager_undo_stack_len(YUndoManager *mgr);
uint32_t yundo_manager_redo_stack_len(YUndoManager *mgr);
"""

ERRORS = {
    1: "input or output",
    2: "an integer of variable length",
    3: "the end of the bytes",
    4: "an unexpected value",
    5: "JSON",
    6: "other",
    7: "not enough memory",
    8: "a type mismatch",
    9: "custom, or an invalid parent",
}
"""What the codes of ytransaction_apply stand for."""


class YffiError(Exception):
    """The library reported an error: a code, or NULL in place of a result."""


class Api:
    """The loaded library."""

    def __init__(self, ffi: Any, path: str) -> None:
        """Raises OSError when it cannot be loaded."""
        ffi.cdef(_DECLARATIONS)
        self.ffi = ffi
        self.lib = ffi.dlopen(path)

    def take_bytes(self, call: Callable[..., Any], *arguments: Any) -> bytes:
        """A binary that `call` returns; its length comes by the last parameter."""
        length = self.ffi.new("uint32_t *")
        found = call(*arguments, length)
        if found == self.ffi.NULL:
            raise YffiError("the library returned NULL")
        data = bytes(self.ffi.buffer(found, length[0]))
        self.lib.ybinary_destroy(found, length[0])
        return data

    def take_text(self, found: Any) -> str:
        """A string that the library returned."""
        if found == self.ffi.NULL:
            raise YffiError("the library returned NULL")
        text: str = self.ffi.string(found).decode()
        self.lib.ystring_destroy(found)
        return text
