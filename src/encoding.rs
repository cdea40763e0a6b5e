//! The wire format: deterministic CBOR (RFC 8949 §4.2), strictly read.
//!
//! An artefact is the array `[format, version, body]`. Reading refuses what is too long before it
//! looks at it, any item that is not where it belongs, and anything left over; then it writes what
//! it understood and compares, so that one artefact has exactly one encoding.
//!
//! For transport in text the octets travel in a JSON envelope,
//! `{"format": "name/version", "cbor": "base64url"}`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::{Decoder, Encoder};
use std::fmt;
use thiserror::Error;

/// Why octets are not an artefact. Names the place, never the content.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// Longer than the artefact's bound.
    #[error("{format}: {found} octets, more than the {most} that are read")]
    TooLong {
        /// The artefact's format.
        format: &'static str,
        /// Octets received.
        found: usize,
        /// Octets allowed.
        most: usize,
    },
    /// The format name or the version is another.
    #[error("not {format} version {version}; get it again from its source, or a newer program")]
    Header {
        /// The format expected.
        format: &'static str,
        /// The version expected.
        version: u64,
    },
    /// An item is missing, of another kind, out of range or too many.
    #[error("octet {position}: expected {expected}")]
    Item {
        /// Where reading stopped.
        position: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// More octets follow the artefact.
    #[error("octet {position}: nothing may follow the end")]
    Trailing {
        /// Where the artefact ends.
        position: usize,
    },
    /// The same content has a shorter or differently ordered encoding, which is the only valid one.
    #[error("the encoding is not the deterministic one")]
    NotDeterministic,
    /// The JSON envelope is not `{"format", "cbor"}` with unpadded base64url.
    #[error("not a JSON envelope of {format}: expected the members \"format\" and \"cbor\"")]
    Envelope {
        /// The format expected.
        format: &'static str,
    },
}

/// An artefact with a wire format.
pub trait Wire: Sized {
    /// The name that heads the encoding.
    const FORMAT: &'static str;
    /// The version that heads the encoding.
    const VERSION: u64;
    /// Most octets that are read.
    const MAX_LEN: usize;

    /// Writes the body.
    fn write(&self, writer: &mut Writer);
    /// Reads the body.
    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError>;

    /// The whole artefact.
    fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.array(3);
        writer.text(Self::FORMAT);
        writer.unsigned(Self::VERSION);
        self.write(&mut writer);
        writer.finish()
    }

    /// Reads a whole artefact; see the module's documentation for what is refused.
    fn from_bytes(octets: &[u8]) -> Result<Self, WireError> {
        if octets.len() > Self::MAX_LEN {
            let (format, most) = (Self::FORMAT, Self::MAX_LEN);
            return Err(WireError::TooLong { format, found: octets.len(), most });
        }
        let mut reader = Reader { decoder: Decoder::new(octets) };
        let wrong = || WireError::Header { format: Self::FORMAT, version: Self::VERSION };
        reader.exact_array(3).map_err(|_| wrong())?;
        if reader.text(64).map_err(|_| wrong())? != Self::FORMAT
            || reader.unsigned().map_err(|_| wrong())? != Self::VERSION
        {
            return Err(wrong());
        }
        let artefact = Self::read(&mut reader)?;
        let position = reader.position();
        if position != octets.len() {
            return Err(WireError::Trailing { position });
        }
        if artefact.to_bytes() != octets {
            return Err(WireError::NotDeterministic);
        }
        Ok(artefact)
    }

    /// The JSON envelope.
    fn to_json(&self) -> String {
        let cbor = URL_SAFE_NO_PAD.encode(self.to_bytes());
        format!("{{\"format\":\"{}/{}\",\"cbor\":\"{cbor}\"}}\n", Self::FORMAT, Self::VERSION)
    }

    /// Reads a JSON envelope. White space between tokens is free, the two members and their order
    /// are not.
    fn from_json(text: &str) -> Result<Self, WireError> {
        let wrong = || WireError::Envelope { format: Self::FORMAT };
        if text.len() > 2 * Self::MAX_LEN + 256 {
            return Err(wrong());
        }
        let format = format!("\"{}/{}\"", Self::FORMAT, Self::VERSION);
        let mut rest = text;
        for token in ["{", "\"format\"", ":", &format, ",", "\"cbor\"", ":", "\""] {
            rest = rest.trim_ascii_start().strip_prefix(token).ok_or_else(wrong)?;
        }
        let (cbor, rest) = rest.split_once('"').ok_or_else(wrong)?;
        if rest.trim_ascii() != "}" {
            return Err(wrong());
        }
        Self::from_bytes(&octets_from_text(cbor).ok_or_else(wrong)?)
    }
}

/// The octets that an envelope's member `cbor` has as unpadded base64url.
pub(crate) fn octets_from_text(cbor: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(cbor).ok()
}

/// Writes deterministic CBOR.
#[derive(Default)]
pub struct Writer {
    octets: Vec<u8>,
}

impl Writer {
    /// An array of so many items; the items follow.
    pub fn array(&mut self, len: usize) {
        self.put(|encoder| encoder.array(len as u64).map(drop));
    }
    /// An unsigned integer in its shortest form.
    pub fn unsigned(&mut self, value: u64) {
        self.put(|encoder| encoder.u64(value).map(drop));
    }
    /// A text string.
    pub fn text(&mut self, value: &str) {
        self.put(|encoder| encoder.str(value).map(drop));
    }
    /// A byte string.
    pub fn octets(&mut self, value: &[u8]) {
        self.put(|encoder| encoder.bytes(value).map(drop));
    }
    /// Null.
    pub fn null(&mut self) {
        self.put(|encoder| encoder.null().map(drop));
    }

    fn put<E>(
        &mut self,
        write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Result<(), minicbor::encode::Error<E>>,
    ) where
        E: Into<std::convert::Infallible>,
    {
        // Writing to memory cannot fail: the error type has no value.
        if let Err(_never) = write(&mut Encoder::new(&mut self.octets)) {
            debug_assert!(false, "writing to a Vec");
        }
    }

    /// What was written.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.octets
    }
}

/// What the next item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Null.
    Null,
    /// An unsigned integer.
    Unsigned,
    /// A text string.
    Text,
    /// A byte string.
    Octets,
    /// An array.
    Array,
    /// Anything else, or the end.
    Other,
}

/// Reads CBOR items one by one.
pub struct Reader<'a> {
    decoder: Decoder<'a>,
}

impl<'a> Reader<'a> {
    /// Octets read so far.
    pub fn position(&self) -> usize {
        self.decoder.position()
    }

    /// The error for this place.
    pub fn wrong(&self, expected: &'static str) -> WireError {
        WireError::Item { position: self.position(), expected }
    }

    /// The kind of the next item.
    pub fn kind(&self) -> Kind {
        use minicbor::data::Type;
        match self.decoder.datatype() {
            Ok(Type::Null) => Kind::Null,
            Ok(Type::U8 | Type::U16 | Type::U32 | Type::U64) => Kind::Unsigned,
            Ok(Type::String) => Kind::Text,
            Ok(Type::Bytes) => Kind::Octets,
            Ok(Type::Array) => Kind::Array,
            _ => Kind::Other,
        }
    }

    /// The head of an array of at most `most` items; returns how many.
    pub fn array(&mut self, most: usize) -> Result<usize, WireError> {
        let error = self.wrong("an array of definite length within its bound");
        let len = self.decoder.array().ok().flatten();
        len.and_then(|len| usize::try_from(len).ok()).filter(|len| *len <= most).ok_or(error)
    }

    /// The head of an array of exactly `len` items.
    pub fn exact_array(&mut self, len: usize) -> Result<(), WireError> {
        let error = self.wrong("an array of the stated length");
        if self.array(len)? == len { Ok(()) } else { Err(error) }
    }

    /// An unsigned integer.
    pub fn unsigned(&mut self) -> Result<u64, WireError> {
        let error = self.wrong("an unsigned integer");
        self.decoder.u64().map_err(|_| error)
    }

    /// A text string of at most `most` octets.
    pub fn text(&mut self, most: usize) -> Result<&'a str, WireError> {
        let error = self.wrong("a text string within its bound");
        self.decoder.str().ok().filter(|text| text.len() <= most).ok_or(error)
    }

    /// A byte string of at most `most` octets.
    pub fn octets(&mut self, most: usize) -> Result<&'a [u8], WireError> {
        let error = self.wrong("a byte string within its bound");
        self.decoder.bytes().ok().filter(|octets| octets.len() <= most).ok_or(error)
    }

    /// A byte string, decoded whole by `decode`.
    pub fn decoded<T>(
        &mut self,
        most: usize,
        expected: &'static str,
        decode: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<T, WireError> {
        let error = self.wrong(expected);
        decode(self.octets(most)?).ok_or(error)
    }

    /// Null.
    pub fn null(&mut self) -> Result<(), WireError> {
        let error = self.wrong("null");
        self.decoder.null().map_err(|_| error)
    }
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader(at octet {})", self.position())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Sample(u64, Vec<u8>);

    impl Wire for Sample {
        const FORMAT: &'static str = "sample";
        const VERSION: u64 = 3;
        const MAX_LEN: usize = 64;
        fn write(&self, writer: &mut Writer) {
            writer.array(2);
            writer.unsigned(self.0);
            writer.octets(&self.1);
        }
        fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
            reader.exact_array(2)?;
            Ok(Sample(reader.unsigned()?, reader.octets(16)?.to_vec()))
        }
    }

    const GOOD: &[u8] = b"\x83\x66sample\x03\x82\x18\x20\x42\x01\x02";

    #[test]
    fn octets_and_envelope_round_trip() {
        let sample = Sample(32, vec![1, 2]);
        assert_eq!(sample.to_bytes(), GOOD);
        assert_eq!(Sample::from_bytes(GOOD).unwrap(), sample);
        assert_eq!(Sample::from_json(&sample.to_json()).unwrap(), sample);
        let spaced = sample.to_json().replace(',', " ,\n ").replace(':', " : ");
        assert_eq!(Sample::from_json(&spaced).unwrap(), sample);
    }

    #[test]
    fn reject_every_second_encoding_of_an_artefact() {
        for (name, octets) in [
            ("long integer", &b"\x83\x66sample\x03\x82\x19\x00\x20\x42\x01\x02"[..]),
            ("long string head", b"\x83\x66sample\x03\x82\x18\x20\x58\x02\x01\x02"),
            ("long array head", b"\x83\x66sample\x03\x98\x02\x18\x20\x42\x01\x02"),
            ("indefinite array", b"\x83\x66sample\x03\x9f\x18\x20\x42\x01\x02\xff"),
            ("indefinite string", b"\x83\x66sample\x03\x82\x18\x20\x5f\x42\x01\x02\xff"),
            ("trailing octet", b"\x83\x66sample\x03\x82\x18\x20\x42\x01\x02\x00"),
            ("cut short", b"\x83\x66sample\x03\x82\x18\x20\x42\x01"),
            ("other version", b"\x83\x66sample\x04\x82\x18\x20\x42\x01\x02"),
            ("other format", b"\x83\x66sampla\x03\x82\x18\x20\x42\x01\x02"),
            ("negative", b"\x83\x66sample\x03\x82\x38\x20\x42\x01\x02"),
            ("tagged", b"\x83\x66sample\x03\x82\xc1\x18\x20\x42\x01\x02"),
            ("text for octets", b"\x83\x66sample\x03\x82\x18\x20\x62\x31\x32"),
            ("one item more", b"\x83\x66sample\x03\x83\x18\x20\x42\x01\x02\x00"),
            ("empty", b""),
        ] {
            assert!(Sample::from_bytes(octets).is_err(), "{name}");
        }
        // Refused where it is found, not only by the comparison at the end.
        let trailing = [GOOD, &[0]].concat();
        let error = Sample::from_bytes(&trailing).unwrap_err();
        assert_eq!(error, WireError::Trailing { position: GOOD.len() });
        let short = b"\x83\x66sample\x03\x81\x18\x20\x42\x01\x02";
        let error = Sample::from_bytes(short).unwrap_err();
        assert!(matches!(error, WireError::Item { position: 9, .. }), "{error:?}");
        let surplus = b"\x83\x66sample\x03\x83\x18\x20\x42\x01\x02\x00";
        let error = Sample::from_bytes(surplus).unwrap_err();
        assert!(matches!(error, WireError::Item { position: 9, .. }), "{error:?}");
    }

    #[test]
    fn reject_what_exceeds_its_bound_before_reading_it() {
        let long = vec![0x83; 65];
        let error = Sample::from_bytes(&long).unwrap_err();
        assert_eq!(error, WireError::TooLong { format: "sample", found: 65, most: 64 });
        // A head that promises 2^40 octets allocates nothing.
        let promise = b"\x83\x66sample\x03\x82\x00\x5b\x00\x00\x01\x00\x00\x00\x00\x00";
        assert!(Sample::from_bytes(promise).is_err());
    }

    #[test]
    fn reject_other_envelopes() {
        let good = Sample(1, vec![]).to_json();
        for (name, text) in [
            ("extra member", good.replace('}', ",\"x\":1}")),
            ("swapped format", good.replace("sample/3", "sample/4")),
            ("padding", good.replace("\"}", "=\"}")),
            ("trailing", format!("{good}{{}}")),
            ("duplicate", good.replace("\"cbor\"", "\"format\":\"sample/3\",\"cbor\"")),
        ] {
            assert_ne!(text, good, "{name}: the case must change something");
            assert!(Sample::from_json(&text).is_err(), "{name}");
        }
    }
}
