"""What an update says, as values.

Source: Yjs `structs/` and `utils/encoding.js`; yrs `block.rs`, `moving.rs` (until 0.23), `types/mod.rs`.
Equality is equality of what is said: where a struct lay in the bytes does not count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, TypeAlias

from conformance.wire.lib0 import utf16_length

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.wire.values import Value

Format: TypeAlias = Literal["v1", "v2"]

GC_REF = 0
SKIP_REF = 10

HAS_PARENT_SUB = 0x20
HAS_RIGHT_ORIGIN = 0x40
HAS_ORIGIN = 0x80
REF_BITS = 0x1F

ARRAY, MAP, TEXT, XML_ELEMENT, XML_FRAGMENT, XML_HOOK, XML_TEXT = range(7)
WEAK = 7
"""Type refs. A weak reference is an extension of yrs."""
SUB_DOC, UNDEFINED_TYPE = 9, 15
"""Type refs that yrs can write for a branch that is no shared type; they have no payload."""

NAMED_TYPES = frozenset((XML_ELEMENT, XML_HOOK))
TYPE_NAMES = {
    ARRAY: "Array",
    MAP: "Map",
    TEXT: "Text",
    XML_ELEMENT: "XmlElement",
    XML_FRAGMENT: "XmlFragment",
    XML_HOOK: "XmlHook",
    XML_TEXT: "XmlText",
    WEAK: "WeakLink",
    SUB_DOC: "SubDoc",
    UNDEFINED_TYPE: "Undefined",
}


class ID(NamedTuple):
    """The element `clock` of a client. A tuple, since ids are hashed and compared more than anything else."""

    client: int
    clock: int

    def __str__(self) -> str:
        return f"{self.client}:{self.clock}"


@dataclass(frozen=True, slots=True)
class RootName:
    """The name of a root type (`doc.getText(name)`)."""

    name: str


Parent: TypeAlias = RootName | ID | None
"""None: not written, the parent is that of the origin, or else of the right origin."""


@dataclass(frozen=True, slots=True)
class ContentDeleted:
    ref: ClassVar[int] = 1
    length: int


@dataclass(frozen=True, slots=True)
class ContentJSON:
    """Values of the time before `any`; each is written as JSON, or as the word undefined."""

    ref: ClassVar[int] = 2
    values: tuple[Value, ...]

    @property
    def length(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class ContentBinary:
    ref: ClassVar[int] = 3
    length: ClassVar[int] = 1
    data: bytes


@dataclass(frozen=True, slots=True)
class ContentString:
    ref: ClassVar[int] = 4
    text: str

    @property
    def length(self) -> int:
        """In UTF-16 units."""
        return utf16_length(self.text)


@dataclass(frozen=True, slots=True)
class ContentEmbed:
    ref: ClassVar[int] = 5
    length: ClassVar[int] = 1
    value: Value


@dataclass(frozen=True, slots=True)
class ContentFormat:
    """A mark: from here on, `key` is `value`; null ends it."""

    ref: ClassVar[int] = 6
    length: ClassVar[int] = 1
    key: str
    value: Value


@dataclass(frozen=True, slots=True)
class WeakLink:
    """What a weak reference of yrs points to: a single element, or the range `start` to `end` (a quote).

    An end of a range that is unbounded is the type itself, by root name or id; `flags` says which ends are.
    """

    flags: int
    start: ID | RootName
    end: ID | RootName


@dataclass(frozen=True, slots=True)
class ContentType:
    """A nested shared type. `name` is the node name of an element, the hook name of a hook, else None."""

    ref: ClassVar[int] = 7
    length: ClassVar[int] = 1
    type_ref: int
    name: str | None = None
    link: WeakLink | None = None


@dataclass(frozen=True, slots=True)
class ContentAny:
    ref: ClassVar[int] = 8
    values: tuple[Value, ...]

    @property
    def length(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class ContentDoc:
    """A subdocument: its guid, and options that are not the default, in principle."""

    ref: ClassVar[int] = 9
    length: ClassVar[int] = 1
    guid: str
    options: Value


@dataclass(frozen=True, slots=True)
class ContentMove:
    """Elements `start` to `end` of an array live here: an extension of yrs until 0.23."""

    ref: ClassVar[int] = 11
    length: ClassVar[int] = 1
    start: ID
    end: ID
    flags: int
    """1: a single element, no end is written; 2, 4: start, end stick to what follows; >>6: priority."""


Content: TypeAlias = (
    ContentDeleted
    | ContentJSON
    | ContentBinary
    | ContentString
    | ContentEmbed
    | ContentFormat
    | ContentType
    | ContentAny
    | ContentDoc
    | ContentMove
)

NO_OFFSET = -1
"""The offset of what was not decoded."""


@dataclass(frozen=True, slots=True)
class GC:
    """Elements whose content and place are gone.

    The `offset` of a struct is that of its info byte: where it begins in update v1. In v2 that byte lies in a column of
    its own, and structs that follow each other with equal infos share it.
    """

    id: ID
    length: int
    offset: int = field(default=NO_OFFSET, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Skip:
    """Elements that this update leaves out, so that later ones of the same client can follow."""

    id: ID
    length: int
    offset: int = field(default=NO_OFFSET, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Item:
    """Elements with a place.

    `parent_sub`, a map's key or an attribute's name, is written only beside a parent. `info` is the first
    byte as written; its bit 0x20 may announce a key that is then left out because an origin implies it.
    """

    id: ID
    origin: ID | None
    right_origin: ID | None
    parent: Parent
    parent_sub: str | None
    content: Content
    info: int
    offset: int = field(default=NO_OFFSET, compare=False, repr=False)

    @property
    def length(self) -> int:
        return self.content.length

    @staticmethod
    def of(
        id: ID,
        content: Content,
        *,
        origin: ID | None = None,
        right_origin: ID | None = None,
        parent: Parent = None,
        parent_sub: str | None = None,
    ) -> Item:
        """An item with the info byte that its fields imply."""
        info = content.ref
        if origin is not None:
            info |= HAS_ORIGIN
        if right_origin is not None:
            info |= HAS_RIGHT_ORIGIN
        if parent_sub is not None:
            info |= HAS_PARENT_SUB
        return Item(id, origin, right_origin, parent, parent_sub, content, info)


Struct: TypeAlias = GC | Skip | Item

DeleteSet: TypeAlias = "Mapping[int, tuple[tuple[int, int], ...]]"
"""Client -> ranges (clock, length), in the order of the bytes."""

StateVector: TypeAlias = "Mapping[int, int]"
"""Client -> the clock that comes next."""


@dataclass(frozen=True, slots=True)
class Update:
    """`structs` by client, without gaps between those of a client; both mappings keep the order written.

    `trailing` counts the bytes after the end, which all implementations ignore.
    """

    structs: Mapping[int, tuple[Struct, ...]]
    delete_set: DeleteSet
    trailing: int = field(default=0, compare=False)
