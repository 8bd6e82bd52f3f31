//! Why a step has no result, and the answer of a step as the protocol writes it.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// Why a step was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is no way to do it; names the feature.
    Unsupported(String),
    /// The library reported an error in its ordinary way.
    Refused(String),
    /// The library panicked.
    Panic(String),
    /// A slot that the step reads was never filled.
    Slot(String),
    /// The step is malformed, or the runner itself is at fault.
    Runner(String),
}

impl Fault {
    /// Whether the session ends with this fault.
    pub fn ends_session(&self) -> bool {
        matches!(self, Self::Unsupported(_) | Self::Panic(_) | Self::Runner(_))
    }

    /// The kind of the protocol's `error`; `None` for unsupported.
    pub fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Unsupported(_) => None,
            Self::Refused(_) => Some("refused"),
            Self::Panic(_) => Some("panic"),
            Self::Slot(_) => Some("slot"),
            Self::Runner(_) => Some("runner"),
        }
    }

    /// The feature that is missing, or the message.
    pub fn message(&self) -> &str {
        match self {
            Self::Unsupported(text) => text,
            Self::Refused(text) | Self::Panic(text) | Self::Slot(text) | Self::Runner(text) => text,
        }
    }

    /// A malformed step.
    pub fn runner(message: impl Into<String>) -> Self {
        Self::Runner(message.into())
    }

    /// An error that the library returned.
    pub fn refused(error: impl fmt::Display) -> Self {
        Self::Refused(error.to_string())
    }

    /// A feature that is missing.
    pub fn unsupported(feature: impl Into<String>) -> Self {
        Self::Unsupported(feature.into())
    }
}

/// What a step observed, or why it was not done.
pub type Answer = Result<Value, Fault>;

/// An answer as the protocol writes it: `null` or `{"ok": ..}`, `{"unsupported": ..}` or
/// `{"error": {"kind": .., "message": ..}}`.
#[derive(Debug)]
pub struct Reply(Answer);

impl Reply {
    /// Whether the step was done and observed nothing.
    pub fn is_nothing(&self) -> bool {
        matches!(self.0, Ok(Value::Null))
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self(answer)
    }
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ok(Value::Null) => serializer.serialize_unit(),
            Ok(value) => serializer.serialize_newtype_variant("Reply", 0, "ok", value),
            Err(fault) => match fault.kind() {
                None => serializer.serialize_newtype_variant("Reply", 1, "unsupported", fault.message()),
                Some(kind) => {
                    let error = Error { kind, message: fault.message() };
                    serializer.serialize_newtype_variant("Reply", 2, "error", &error)
                }
            },
        }
    }
}

#[derive(Serialize)]
struct Error<'a> {
    kind: &'static str,
    message: &'a str,
}

impl fmt::Display for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
