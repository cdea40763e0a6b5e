//! What can change between two versions of a schema, and what a change means.

use crate::document::Document;
use std::fmt;

/// Who reads whose credentials, all data of them: the words of schema registries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Backward and forward.
    Full,
    /// Who knows the new version reads what was issued under the old one.
    Backward,
    /// Who knows the old version reads what is issued under the new one.
    Forward,
    /// Neither.
    Breaking,
}

impl Class {
    pub(super) fn of(backward: bool, forward: bool) -> Self {
        match (backward, forward) {
            (true, true) => Self::Full,
            (true, false) => Self::Backward,
            (false, true) => Self::Forward,
            (false, false) => Self::Breaking,
        }
    }

    /// Whether who knows the new version reads what was issued under the old one.
    pub fn is_backward(self) -> bool {
        matches!(self, Self::Full | Self::Backward)
    }

    /// Whether who knows the old version reads what is issued under the new one.
    pub fn is_forward(self) -> bool {
        matches!(self, Self::Full | Self::Forward)
    }

    /// What both allow.
    pub fn meet(self, other: Self) -> Self {
        Self::of(self.is_backward() && other.is_backward(), self.is_forward() && other.is_forward())
    }

    /// Whether it allows all that another class does.
    pub fn meets(self, required: Self) -> bool {
        self.meet(required) == required
    }

    /// The word of schema registries.
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Backward => "backward",
            Self::Forward => "forward",
            Self::Breaking => "breaking",
        }
    }

    /// What the class means.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Full => "either version reads the credentials of the other",
            Self::Backward => "the new version reads the old credentials, not the old the new ones",
            Self::Forward => "the old version reads the new credentials, not the new the old ones",
            Self::Breaking => "neither version reads the credentials of the other",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Which of the two documents a place is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The old schema.
    Old,
    /// The new schema.
    New,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Old => "old",
            Self::New => "new",
        })
    }
}

/// The part of the version number that has to be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bump {
    /// Nothing changed, or it is another schema, whose versions are its own.
    None,
    /// For a correction: order of fields, former names added.
    Patch,
    /// For what at least one direction survives.
    Minor,
    /// For a breaking change.
    Major,
}

impl fmt::Display for Bump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        })
    }
}

/// Lists the kinds of change with their words.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// The kind in one word.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            #[cfg(test)]
            pub(super) const WORDS: &'static [&'static str] = &[$($word,)*];
        }
    };
}

kinds! {
    /// Another schema altogether.
    OtherName = "other-name",
    /// The version number is greater.
    VersionRaised = "version-raised",
    /// The version number is the same, and the schema is not.
    VersionKept = "version-kept",
    /// The version number is less.
    VersionLowered = "version-lowered",
    /// A field that the old version has not.
    FieldAdded = "field-added",
    /// A field that the new version has not.
    FieldRemoved = "field-removed",
    /// Another name, with the former one among the aliases.
    FieldRenamed = "field-renamed",
    /// Another place among the fields that both versions have.
    FieldMoved = "field-moved",
    /// Names, present and former, that do not tell which field is which.
    FieldAmbiguous = "field-ambiguous",
    /// The same kind of type with more bits.
    TypeWidened = "type-widened",
    /// The same kind of type with fewer bits.
    TypeNarrowed = "type-narrowed",
    /// A decimal with another number of places.
    ScaleChanged = "scale-changed",
    /// Another kind of type.
    TypeChanged = "type-changed",
    /// An enumeration with more names.
    NamesAdded = "names-added",
    /// An enumeration with fewer names.
    NamesRemoved = "names-removed",
    /// A name of an enumeration with another code, or a code with another name.
    NamesRecoded = "names-recoded",
    /// A value that may now be absent.
    MadeOptional = "made-optional",
    /// A value that may no longer be absent.
    MadeRequired = "made-required",
    /// From allowed to always or never.
    DisclosureTightened = "disclosure-tightened",
    /// From always or never to allowed.
    DisclosureLoosened = "disclosure-loosened",
    /// Between always and never.
    DisclosureReversed = "disclosure-reversed",
    /// A default where there was none.
    DefaultAdded = "default-added",
    /// Another default.
    DefaultChanged = "default-changed",
    /// No default where there was one.
    DefaultRemoved = "default-removed",
    /// One more former name.
    AliasAdded = "alias-added",
    /// One former name less.
    AliasRemoved = "alias-removed",
}

impl Kind {
    /// What such a change needs as long as it is not breaking.
    pub(super) fn bump(self) -> Bump {
        match self {
            Self::VersionRaised | Self::VersionKept | Self::VersionLowered | Self::OtherName => {
                Bump::None
            }
            Self::FieldMoved | Self::AliasAdded => Bump::Patch,
            _ => Bump::Minor,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What kind of change it is.
    pub kind: Kind,
    /// The name of the field in the document of the place; none for what concerns the whole.
    pub field: Option<String>,
    /// The document that the place is in: the old one for what the new one has no place for.
    pub side: Side,
    /// The place.
    pub place: String,
    /// What was and what is.
    pub what: String,
    /// What it means for readers.
    pub class: Class,
    /// Why, in a sentence.
    pub reason: String,
}

impl Change {
    /// The change as an object.
    pub fn to_document(&self) -> Document {
        let field = self.field.as_ref().map(|field| ("field", Document::text(field)));
        let others = [
            ("kind", Document::text(self.kind.word())),
            ("side", Document::text(self.side.to_string())),
            ("place", Document::text(&self.place)),
            ("what", Document::text(&self.what)),
            ("class", Document::text(self.class.word())),
            ("reason", Document::text(&self.reason)),
        ];
        Document::object(field.into_iter().chain(others))
    }
}
