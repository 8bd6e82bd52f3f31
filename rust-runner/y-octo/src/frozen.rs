//! The library's read-only view of a document. It alone shows XML, for which the types of a document have no API.

use conformance_runner::fault::Fault;
use conformance_runner::step::PathItem;
use serde_json::Value as Json;
use y_octo::Doc;

#[cfg(y_octo_1)]
pub use since_0_1::Frozen;

/// The view, which the first releases do not have.
#[cfg(not(y_octo_1))]
pub struct Frozen<'a>(&'a Doc);

#[cfg(not(y_octo_1))]
#[allow(missing_docs)]
impl<'a> Frozen<'a> {
    pub fn new(doc: &'a Doc) -> Self {
        Self(doc)
    }

    pub fn fragment(&self, _name: &str) -> Result<Json, Fault> {
        self.at(&[])
    }

    pub fn at(&self, _path: &[PathItem]) -> Result<Json, Fault> {
        let _ = self.0;
        Err(Fault::unsupported("value.xml"))
    }
}

#[cfg(y_octo_1)]
mod since_0_1 {
    use std::cell::OnceCell;

    use conformance_runner::values::{tag, Chunks};
    use serde_json::{json, Map as Object};
    use y_octo::{Any, ReadArray, ReadDoc, ReadMap, ReadValue, YTypeKind};

    use super::{Doc, Fault, Json, PathItem};
    use crate::session::refused;
    use crate::values::{from_any, from_delta, xml_node};

    /// The view, made when it is first looked at.
    pub struct Frozen<'a> {
        doc: &'a Doc,
        made: OnceCell<ReadDoc>,
    }

    impl<'a> Frozen<'a> {
        /// A view of a document as it is now.
        pub fn new(doc: &'a Doc) -> Self {
            Self { doc, made: OnceCell::new() }
        }

        /// The XML fragment that is the root `name`. The view has no XML roots, but any root shows its list.
        ///
        /// # Errors
        /// [`Fault::Refused`] with the library's error, [`Fault::Unsupported`] as [`Frozen::at`].
        pub fn fragment(&self, name: &str) -> Result<Json, Fault> {
            let children = self.view()?.array(name).map(|array| list(array)).transpose()?;
            Ok(tag("$fragment", children.unwrap_or_else(|| json!([]))))
        }

        /// What stands at a path.
        ///
        /// # Errors
        /// [`Fault::Refused`] with the library's error, [`Fault::Unsupported`] while something waits in the document: the
        /// view takes complete updates, and the library cannot leave out what waits.
        pub fn at(&self, path: &[PathItem]) -> Result<Json, Fault> {
            let missing = || Fault::refused(format!("the read-only view has nothing at {path:?}"));
            let Some((PathItem::Key(root), [first, rest @ ..])) = path.split_first() else { return Err(missing()) };
            let view = self.view()?;
            let first = match first {
                PathItem::Key(key) => view.map(root).and_then(|map| map.get(key)),
                PathItem::Index(index) => view.array(root).and_then(|array| array.get(u64::from(*index))),
            };
            let found = rest.iter().try_fold(first.ok_or_else(missing)?, |value, item| {
                let inner = match (value, item) {
                    (ReadValue::Map(map), PathItem::Key(key)) => map.get(key),
                    (ReadValue::Array(array), PathItem::Index(index)) => array.get(u64::from(*index)),
                    _ => None,
                };
                inner.ok_or_else(missing)
            });
            read(found?)
        }

        fn view(&self) -> Result<&ReadDoc, Fault> {
            if self.doc.has_pending_updates() {
                return Err(Fault::unsupported("root.xml.pending"));
            }
            if let Some(made) = self.made.get() {
                return Ok(made);
            }
            let update = self.doc.encode_update_v1().map_err(refused)?;
            let made = ReadDoc::from_full_update_v1(update).map_err(Fault::refused)?;
            Ok(self.made.get_or_init(|| made))
        }
    }

    fn read(value: ReadValue) -> Result<Json, Fault> {
        Ok(match value {
            ReadValue::Any(any) => from_any(&any.to_owned()),
            ReadValue::Array(array) => tag("$array", list(array)?),
            ReadValue::Map(map) => tag("$map", Json::Object(entries(map)?)),
            ReadValue::Text(text) => tag("$text", from_delta(&text.to_delta())),
            ReadValue::Doc { guid, .. } => json!({"$doc": guid}),
            ReadValue::Xml { kind, tag: name, map, array } => match (kind, name) {
                (YTypeKind::XMLFragment, _) => tag("$fragment", list(array)?),
                (YTypeKind::XMLText, _) => Json::Object(xml_node("$xmltext", xml_text(array)?, entries(map)?)),
                (YTypeKind::XMLElement, Some(name)) => {
                    let mut node = xml_node("$element", name.into(), entries(map)?);
                    let children = list(array)?;
                    if children.as_array().is_some_and(|children| !children.is_empty()) {
                        node.insert("children".into(), children);
                    }
                    Json::Object(node)
                }
                _ => return Err(Fault::unsupported("value.xml.hook")),
            },
        })
    }

    fn list(array: ReadArray) -> Result<Json, Fault> {
        array.iter().map(read).collect()
    }

    fn entries(map: ReadMap) -> Result<Object<String, Json>, Fault> {
        map.iter().map(|(key, value)| Ok((key.to_owned(), read(value)?))).collect()
    }

    /// The content of an XML text, which the view shows as a list without formats.
    fn xml_text(array: ReadArray) -> Result<Json, Fault> {
        let mut chunks = Chunks::default();
        for value in array.iter() {
            let insert = match value {
                ReadValue::Any(any) => match any.to_owned() {
                    Any::String(text) => Json::from(text),
                    other => tag("$embed", from_any(&other)),
                },
                other => tag("$embed", read(other)?),
            };
            chunks.push(insert, Object::new());
        }
        Ok(chunks.finish())
    }
}
