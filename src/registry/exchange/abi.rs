//! Solidity's ABI, as claims of other registries are encoded in it.
//!
//! An encoding is words of 32 octets. A value of fixed size stands in its place; for any other its
//! place holds an offset, and the value stands there, behind its length. Offsets are free, so the
//! same value has many encodings, and a few octets can claim millions of values by pointing at each
//! other. Hence decoding is done here, with a budget: what it reads in all is bounded by a small
//! multiple of what there is. The *canonical* encoding has every tail in order, without gap and
//! with zeros as padding; it is the one that encoding gives, and [`decode`] says whether it was met.
//!
//! Source: Solidity documentation, "Contract ABI Specification", formal part and strict mode.
//! Digits beyond the width of a type are refused as strict decoders do; strings must be UTF-8.

use super::json::Json;
use super::place::{Place, natural};
use crate::document::Fault;
use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{Address, B256, I256, U256};

const WORD: usize = 32;
/// Greatest nesting of arrays and tuples in a type.
const MAX_NESTING: usize = 6;
/// Greatest number of words that a value of fixed size takes.
const MAX_FIXED_WORDS: usize = 4096;
/// Greatest length of an encoding, in octets.
pub(super) const MAX_DATA: usize = 1 << 18;

/// What is wrong with a type or an encoding, in words.
pub(super) type Complaint = String;

/// Reads a type such as `uint8`, `bytes32[]` or `(address who, uint64[2] when)[]`. Names of a
/// tuple's components are read and dropped: the encoding has none.
pub(super) fn parse_type(text: &str) -> Result<DynSolType, Complaint> {
    let (parsed, _) = nested(text.trim(), 0)?;
    match fixed_words(&parsed) {
        Some(1..=MAX_FIXED_WORDS) => Ok(parsed),
        _ => Err(format!("the type \"{}\" takes no room, or too much", shorten(text))),
    }
}

/// The type and whether its names of components were dropped.
fn nested(text: &str, depth: usize) -> Result<(DynSolType, bool), Complaint> {
    let unknown = || format!("no type of the ABI: \"{}\"", shorten(text));
    if depth > MAX_NESTING {
        return Err(format!("a type nested deeper than {MAX_NESTING}"));
    }
    if let Some(stem) = text.strip_suffix(']') {
        let (inner, size) = stem.rsplit_once('[').ok_or_else(unknown)?;
        let (inner, dropped) = nested(inner.trim_end(), depth + 1)?;
        let inner = Box::new(inner);
        if size.is_empty() {
            return Ok((DynSolType::Array(inner), dropped));
        }
        let size: usize = size.parse().map_err(|_| unknown())?;
        let sensible = (1..=MAX_FIXED_WORDS).contains(&size);
        let array = DynSolType::FixedArray(inner, size);
        return sensible.then_some((array, dropped)).ok_or_else(unknown);
    }
    let stem = text.strip_prefix("tuple").unwrap_or(text);
    if let Some(parts) = stem.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        let mut types = Vec::new();
        for part in split(parts)? {
            types.push(nested(named(part).0, depth + 1)?.0);
        }
        return match types.is_empty() {
            true => Err(unknown()),
            false => Ok((DynSolType::Tuple(types), true)),
        };
    }
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let parsed = plain.then(|| DynSolType::parse(text).ok()).flatten();
    parsed.map(|parsed| (parsed, false)).ok_or_else(unknown)
}

/// The parts between the commas that stand in no bracket.
pub(super) fn split(text: &str) -> Result<Vec<&str>, Complaint> {
    let (mut depth, mut start, mut parts) = (0usize, 0, Vec::new());
    for (at, octet) in text.bytes().enumerate() {
        match octet {
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1).ok_or("a bracket closes that none opened")?,
            b',' if depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default().trim());
    match depth {
        0 => Ok(parts),
        _ => Err("a bracket stays open".to_owned()),
    }
}

/// A type and the name behind it, if there is one.
pub(super) fn named(part: &str) -> (&str, Option<&str>) {
    let after_brackets = part.rfind([')', ']']).map_or(0, |at| at + 1);
    let tail = part.get(after_brackets..).unwrap_or_default();
    let Some((kind, name)) = tail.split_once([' ', '\t', '\n']) else { return (part, None) };
    let end = after_brackets + kind.len();
    (part.get(..end).unwrap_or(part).trim_end(), Some(name.trim()))
}

/// A type as the ABI names it.
pub(super) fn name(kind: &DynSolType) -> String {
    match kind {
        DynSolType::Array(inner) => format!("{}[]", name(inner)),
        DynSolType::FixedArray(inner, size) => format!("{}[{size}]", name(inner)),
        DynSolType::Tuple(parts) => {
            let parts: Vec<_> = parts.iter().map(name).collect();
            format!("({})", parts.join(","))
        }
        plain => plain.sol_type_name().into_owned(),
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(48).collect()
}

/// Words that a value takes in its place; none beyond the bound.
fn fixed_words(kind: &DynSolType) -> Option<usize> {
    let words = match kind {
        DynSolType::FixedArray(inner, size) => fixed_words(inner)?.checked_mul(*size)?,
        DynSolType::Tuple(parts) => {
            parts.iter().try_fold(0usize, |sum, part| sum.checked_add(fixed_words(part)?))?
        }
        DynSolType::Array(inner) => fixed_words(inner).map(|_| 1)?,
        _ => 1,
    };
    (words <= MAX_FIXED_WORDS).then_some(words)
}

/// The words of a value in the place where it, or the offset to it, stands.
fn head_words(kind: &DynSolType) -> usize {
    if kind.is_dynamic() { 1 } else { fixed_words(kind).unwrap_or(1) }
}

/// Decodes values that stand one after another, as the arguments of a call do. Also tells whether
/// the encoding is the canonical one.
pub(super) fn decode(
    kinds: &[DynSolType],
    data: &[u8],
) -> Result<(Vec<DynSolValue>, bool), Complaint> {
    if data.len() > MAX_DATA {
        return Err(format!("{} octets, more than {MAX_DATA}", data.len()));
    }
    let mut decoder = Decoder { data, budget: data.len() / WORD * 4 + 16 };
    let values = decoder.sequence(kinds.iter(), 0)?;
    let canonical = encode(&values) == data;
    Ok((values, canonical))
}

/// The canonical encoding of values that stand one after another.
pub(super) fn encode(values: &[DynSolValue]) -> Vec<u8> {
    DynSolValue::Tuple(values.to_vec()).abi_encode_params()
}

/// How the fields of a schema are laid out.
///
/// The two differ by one word in front, wherever a field is of no fixed size; read in the wrong one,
/// data are seldom refused and never right: the length of a string becomes its text. EAS's tools
/// write parameters, Sign Protocol's a struct, contracts either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One after another, as the arguments of a call.
    Parameters,
    /// As one struct.
    Struct,
}

/// What data hold, and how.
pub(super) struct Decoded {
    pub(super) values: Vec<DynSolValue>,
    pub(super) canonical: bool,
    pub(super) layout: Layout,
    /// Whether the other layout would do as well.
    pub(super) ambiguous: bool,
}

/// Decodes the fields of a schema in the layout that their encoding is canonical in; in the usual
/// one of its registry, if that is both or neither.
pub(super) fn decode_fields(
    kinds: &[DynSolType],
    data: &[u8],
    usual: Layout,
) -> Result<Decoded, Complaint> {
    let plain = decode(kinds, data).map(|(values, canonical)| Decoded {
        values,
        canonical,
        layout: Layout::Parameters,
        ambiguous: false,
    });
    if !kinds.iter().any(DynSolType::is_dynamic) {
        return plain;
    }
    let one = [DynSolType::Tuple(kinds.to_vec())];
    let wrapped = decode(&one, data).map(|(mut values, canonical)| {
        let values = match values.pop() {
            Some(DynSolValue::Tuple(values)) => values,
            _ => Vec::new(),
        };
        Decoded { values, canonical, layout: Layout::Struct, ambiguous: false }
    });
    let (first, second) = match usual {
        Layout::Parameters => (plain, wrapped),
        Layout::Struct => (wrapped, plain),
    };
    match (first, second) {
        (Ok(first), Ok(second)) if first.canonical == second.canonical => {
            Ok(Decoded { ambiguous: true, ..first })
        }
        (Ok(first), Ok(second)) => Ok(if first.canonical { first } else { second }),
        (Ok(only), Err(_)) | (Err(_), Ok(only)) => Ok(only),
        (Err(complaint), Err(_)) => Err(complaint),
    }
}

/// The canonical encoding of the fields of a schema.
pub(super) fn encode_fields(values: &[DynSolValue], layout: Layout) -> Vec<u8> {
    match layout {
        Layout::Parameters => encode(values),
        Layout::Struct => encode(&[DynSolValue::Tuple(values.to_vec())]),
    }
}

struct Decoder<'d> {
    data: &'d [u8],
    budget: usize,
}

impl<'d> Decoder<'d> {
    fn spend(&mut self, words: usize) -> Result<(), Complaint> {
        let left = self.budget.checked_sub(words);
        self.budget = left.ok_or("offsets that read the same octets over and over")?;
        Ok(())
    }

    fn octets(&mut self, at: usize, count: usize) -> Result<&'d [u8], Complaint> {
        self.spend(count.div_ceil(WORD))?;
        let end = at.checked_add(count).ok_or("an offset beyond the end")?;
        self.data.get(at..end).ok_or_else(|| {
            format!("{} octets, where the schema needs at least {end}", self.data.len())
        })
    }

    fn word(&mut self, at: usize) -> Result<[u8; WORD], Complaint> {
        let octets = self.octets(at, WORD)?;
        octets.try_into().map_err(|_| "a word that is cut off".to_owned())
    }

    /// An offset or a length.
    fn size(&mut self, at: usize) -> Result<usize, Complaint> {
        let word = U256::from_be_bytes(self.word(at)?);
        let size = usize::try_from(word).ok().filter(|size| *size <= self.data.len());
        size.ok_or_else(|| "an offset or a length beyond the end".to_owned())
    }

    fn sequence<'k>(
        &mut self,
        kinds: impl Iterator<Item = &'k DynSolType>,
        base: usize,
    ) -> Result<Vec<DynSolValue>, Complaint> {
        let (mut values, mut head) = (Vec::new(), base);
        for kind in kinds {
            let at = match kind.is_dynamic() {
                true => base + self.size(head)?,
                false => head,
            };
            values.push(self.value(kind, at)?);
            head += head_words(kind) * WORD;
        }
        Ok(values)
    }

    fn value(&mut self, kind: &DynSolType, at: usize) -> Result<DynSolValue, Complaint> {
        Ok(match kind {
            DynSolType::Bytes => {
                let length = self.size(at)?;
                DynSolValue::Bytes(self.octets(at + WORD, length)?.to_vec())
            }
            DynSolType::String => {
                let length = self.size(at)?;
                let octets = self.octets(at + WORD, length)?.to_vec();
                let text = String::from_utf8(octets);
                DynSolValue::String(text.map_err(|_| "a string that is not UTF-8")?)
            }
            DynSolType::Array(inner) => {
                let length = self.size(at)?;
                let kinds = std::iter::repeat_n(&**inner, length);
                DynSolValue::Array(self.sequence(kinds, at + WORD)?)
            }
            DynSolType::FixedArray(inner, size) => {
                let kinds = std::iter::repeat_n(&**inner, *size);
                DynSolValue::FixedArray(self.sequence(kinds, at)?)
            }
            DynSolType::Tuple(parts) => DynSolValue::Tuple(self.sequence(parts.iter(), at)?),
            _ => word_value(kind, self.word(at)?)?,
        })
    }
}

/// The value that a single word holds.
fn word_value(kind: &DynSolType, word: [u8; WORD]) -> Result<DynSolValue, Complaint> {
    let unsigned = U256::from_be_bytes(word);
    let dirty = || format!("digits beyond the width of {}", name(kind));
    let clear = |octets: &[u8]| octets.iter().all(|octet| *octet == 0);
    let right = |count: usize| word.get(..WORD - count).is_some_and(clear);
    let left = |count: usize| word.get(count..).is_some_and(clear);
    let checked = match kind {
        DynSolType::Bool => unsigned <= U256::from(1),
        DynSolType::Uint(bits) => in_uint(unsigned, *bits),
        DynSolType::Int(bits) => in_int(I256::from_raw(unsigned), *bits),
        DynSolType::Address => right(20),
        DynSolType::FixedBytes(size) => left(*size),
        DynSolType::Function => left(24),
        _ => false,
    };
    if !checked {
        return Err(dirty());
    }
    Ok(match kind {
        DynSolType::Bool => DynSolValue::Bool(!unsigned.is_zero()),
        DynSolType::Uint(bits) => DynSolValue::Uint(unsigned, *bits),
        DynSolType::Int(bits) => DynSolValue::Int(I256::from_raw(unsigned), *bits),
        DynSolType::Address => DynSolValue::Address(Address::from_word(B256::from(word))),
        DynSolType::FixedBytes(size) => DynSolValue::FixedBytes(B256::from(word), *size),
        _ => {
            let octets: Option<[u8; 24]> = word.get(..24).and_then(|part| part.try_into().ok());
            DynSolValue::Function(octets.ok_or_else(dirty)?.into())
        }
    })
}

fn in_uint(value: U256, bits: usize) -> bool {
    value.bit_len() <= bits
}

fn in_int(value: I256, bits: usize) -> bool {
    // −2^(n−1) ≤ v < 2^(n−1): v, or its complement, has at most n − 1 bits.
    let magnitude = if value.is_negative() { !value.into_raw() } else { value.into_raw() };
    magnitude.bit_len() < bits
}

/// A value as JSON: booleans as such, integers as decimal text, octets as lower-case hexadecimal
/// text behind `0x`, arrays and tuples as arrays.
pub(super) fn to_json(value: &DynSolValue) -> Json {
    let list = |values: &[DynSolValue]| Json::Array(values.iter().map(to_json).collect());
    match value {
        DynSolValue::Bool(flag) => Json::Bool(*flag),
        DynSolValue::String(text) => Json::text(text),
        DynSolValue::Array(values)
        | DynSolValue::FixedArray(values)
        | DynSolValue::Tuple(values) => list(values),
        DynSolValue::CustomStruct { tuple, .. } => list(tuple),
        _ => Json::Text(plain(value)),
    }
}

/// A value that is neither a boolean, nor text, nor a list, as text.
pub(super) fn plain(value: &DynSolValue) -> String {
    let octets = |octets: &[u8]| format!("0x{}", hex::encode(octets));
    match value {
        DynSolValue::Uint(n, _) => n.to_string(),
        DynSolValue::Int(n, _) => n.to_string(),
        DynSolValue::Address(address) => octets(address.as_slice()),
        DynSolValue::FixedBytes(word, size) => octets(word.get(..*size).unwrap_or_default()),
        DynSolValue::Function(function) => octets(function.as_slice()),
        DynSolValue::Bytes(bytes) => octets(bytes),
        _ => to_json(value).compact(),
    }
}

/// Reads a value of a type from JSON, in any of the ways that registries write one.
pub(super) fn from_json(kind: &DynSolType, place: &Place<'_>) -> Result<DynSolValue, Fault> {
    let remedy = || format!("write a value of type {}", name(kind));
    let sized = |count: usize| {
        let octets = place.hex()?;
        let fits = octets.len() == count;
        fits.then_some(octets).ok_or_else(|| place.invalid("not so many octets", remedy()))
    };
    let list = |inner: &DynSolType| {
        place.items()?.iter().map(|item| from_json(inner, item)).collect::<Result<Vec<_>, Fault>>()
    };
    Ok(match kind {
        DynSolType::Bool => DynSolValue::Bool(place.boolean()?),
        DynSolType::String => DynSolValue::String(place.text()?.to_owned()),
        DynSolType::Address => DynSolValue::Address(place.address()?),
        DynSolType::Bytes => DynSolValue::Bytes(place.hex()?),
        DynSolType::FixedBytes(size) => {
            let octets = sized(*size)?;
            DynSolValue::FixedBytes(B256::right_padding_from(&octets), *size)
        }
        DynSolType::Function => {
            let octets: [u8; 24] = sized(24)?.try_into().unwrap_or_default();
            DynSolValue::Function(octets.into())
        }
        DynSolType::Uint(bits) => {
            let value = place.natural()?;
            let range = || place.invalid("integer out of range", remedy());
            DynSolValue::Uint(in_uint(value, *bits).then_some(value).ok_or_else(range)?, *bits)
        }
        DynSolType::Int(bits) => {
            let value = integer(place)?.filter(|value| in_int(*value, *bits));
            let range = || place.invalid("not an integer, or out of range", remedy());
            DynSolValue::Int(value.ok_or_else(range)?, *bits)
        }
        DynSolType::Array(inner) => DynSolValue::Array(list(inner)?),
        DynSolType::FixedArray(inner, size) => {
            let values = list(inner)?;
            let right = values.len() == *size;
            let wrong = || place.invalid("another number of items than the type has", remedy());
            DynSolValue::FixedArray(right.then_some(values).ok_or_else(wrong)?)
        }
        DynSolType::Tuple(parts) => {
            let items = place.items()?;
            if items.len() != parts.len() {
                return Err(place.invalid("another number of items than the type has", remedy()));
            }
            let pairs = parts.iter().zip(&items).map(|(part, item)| from_json(part, item));
            DynSolValue::Tuple(pairs.collect::<Result<_, Fault>>()?)
        }
        DynSolType::CustomStruct { .. } => return Err(place.invalid("not a type here", remedy())),
    })
}

fn integer(place: &Place<'_>) -> Result<Option<I256>, Fault> {
    let digits = match place.json {
        Json::Number(digits) | Json::Text(digits) => digits.as_str(),
        _ => return place.natural().map(|n| I256::try_from(n).ok()),
    };
    let Some(magnitude) = digits.strip_prefix('-') else {
        return Ok(natural(digits).and_then(|n| I256::try_from(n).ok()));
    };
    // The lowest integer has a magnitude that no positive one has.
    Ok(natural(magnitude).and_then(|n| {
        let negative = I256::from_raw(n.wrapping_neg());
        (n.is_zero() || negative.is_negative()).then_some(negative)
    }))
}
