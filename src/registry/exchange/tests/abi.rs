//! ABI data as claims, against another implementation of the encoding.

use super::schemas::kinds;
use super::{lost, read, sample};
use crate::registry::exchange::abi::{decode, encode, parse_type};
use crate::registry::exchange::{Foreign, ForeignSchema, carry, give_back};
use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{Address, B256, I256, U256};
use proptest::prelude::*;

/// A value of a type, made of a seed.
fn value(kind: &DynSolType, seed: &mut u64) -> DynSolValue {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let random = alloy_primitives::keccak256(seed.to_be_bytes());
    let few = usize::from(random[0] % 4);
    match kind {
        DynSolType::Bool => DynSolValue::Bool(random[1] & 1 == 1),
        DynSolType::Uint(bits) => {
            DynSolValue::Uint(U256::from_be_bytes(random.0) >> (256 - bits), *bits)
        }
        DynSolType::Int(bits) => {
            DynSolValue::Int(I256::from_raw(U256::from_be_bytes(random.0)).asr(256 - bits), *bits)
        }
        DynSolType::Address => DynSolValue::Address(Address::from_slice(&random[..20])),
        DynSolType::FixedBytes(size) => {
            DynSolValue::FixedBytes(B256::right_padding_from(&random[..*size]), *size)
        }
        DynSolType::Bytes => DynSolValue::Bytes(random[..few * 8].to_vec()),
        DynSolType::String => DynSolValue::String("né".repeat(few * 9)),
        DynSolType::Array(inner) => {
            DynSolValue::Array((0..few).map(|_| value(inner, seed)).collect())
        }
        DynSolType::FixedArray(inner, size) => {
            DynSolValue::FixedArray((0..*size).map(|_| value(inner, seed)).collect())
        }
        DynSolType::Tuple(parts) => {
            DynSolValue::Tuple(parts.iter().map(|part| value(part, seed)).collect())
        }
        other => panic!("{other:?}"),
    }
}

/// An attestation that holds some data, of no schema that is known.
fn holding(data: &[u8]) -> Foreign {
    let mut attestation = sample("eas-onchain-sdk");
    attestation["data"] = format!("0x{}", hex::encode(data)).into();
    read(&attestation).unwrap()
}

fn schema(text: &str) -> ForeignSchema {
    ForeignSchema::parse(text.as_bytes()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn data_are_read_as_the_other_implementation_reads_them(
        kinds in prop::collection::vec(kinds(), 1..6),
        seed in any::<u64>(),
        cut in any::<prop::sample::Index>(),
        flip in any::<prop::sample::Index>(),
    ) {
        let mut seed = seed;
        let types: Vec<_> = kinds.iter().map(|kind| parse_type(kind).unwrap()).collect();
        let values: Vec<_> = types.iter().map(|kind| value(kind, &mut seed)).collect();
        let data = encode(&values);
        let tuple = DynSolType::Tuple(types.clone());
        prop_assert_eq!(tuple.abi_decode_params(&data).unwrap(), DynSolValue::Tuple(values.clone()));
        prop_assert_eq!(decode(&types, &data).unwrap(), (values, true));
        // Cut off, it is not read, or lacks nothing but padding; with one bit changed, it is read
        // alike or not at all.
        let short = decode(&types, &data[..cut.index(data.len())]);
        prop_assert!(short.is_err() || !short.unwrap().1);
        let mut damaged = data.clone();
        let at = flip.index(data.len() * 8);
        damaged[at / 8] ^= 1 << (at % 8);
        if let Ok((read, canonical)) = decode(&types, &damaged) {
            prop_assert_eq!(canonical, encode(&read) == damaged);
            if let Ok(theirs) = tuple.abi_decode_params(&damaged) {
                prop_assert_eq!(DynSolValue::Tuple(read), theirs);
            }
        }
    }

    #[test]
    fn claims_of_any_data_give_the_data_back(
        kinds in prop::collection::vec(kinds(), 1..6),
        seed in any::<u64>(),
    ) {
        let mut seed = seed;
        let types: Vec<_> = kinds.iter().map(|kind| parse_type(kind).unwrap()).collect();
        let values: Vec<_> = types.iter().map(|kind| value(kind, &mut seed)).collect();
        let data = encode(&values);
        let fields = kinds.iter().enumerate().map(|(i, kind)| format!("{kind} f{i}"));
        let schema = schema(&fields.collect::<Vec<_>>().join(", "));
        let carried = carry(&holding(&data), &schema).unwrap();
        prop_assert!(!lost(&carried.losses).contains(&"data"));
        prop_assert_eq!(give_back(&carried.claims, &schema).unwrap(), data);
    }
}

#[test]
fn extremes_of_integers_go_there_and_back() {
    for kind in ["int8", "int64", "int72", "int256", "uint64", "uint256"] {
        let parsed = parse_type(kind).unwrap();
        let values = match parsed {
            DynSolType::Uint(bits) => {
                vec![
                    DynSolValue::Uint(U256::ZERO, bits),
                    DynSolValue::Uint(U256::MAX >> (256 - bits), bits),
                ]
            }
            DynSolType::Int(bits) => [I256::MIN, I256::MAX, I256::MINUS_ONE]
                .map(|extreme| DynSolValue::Int(extreme.asr(256 - bits), bits))
                .to_vec(),
            _ => panic!("an integer"),
        };
        for value in values {
            let data = encode(&[value]);
            let schema = schema(&format!("{kind} n"));
            let carried = carry(&holding(&data), &schema).unwrap();
            assert_eq!(give_back(&carried.claims, &schema).unwrap(), data, "{kind}");
        }
    }
}

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| U256::from(*word).to_be_bytes::<32>()).collect()
}

#[test]
fn data_that_are_not_canonical_are_read_and_reported() {
    let plain = words(&[0x20, 1, 0]);
    let mut far = words(&[0x40, 0, 1, 0]);
    let mut padded = words(&[0x20, 1, 0]);
    for data in [&mut far, &mut padded] {
        let last = data.len() - 32;
        data[last] = b'x';
    }
    let end = padded.len() - 1;
    padded[end] = 1;
    let longer = [&words(&[0x20, 1, 0])[..], &[0; 32]].concat();
    assert!(!lost(&carry(&holding(&plain), &schema("string s")).unwrap().losses).contains(&"data"));
    for data in [far, padded, longer] {
        let carried = carry(&holding(&data), &schema("string s")).unwrap();
        assert!(lost(&carried.losses).contains(&"data"));
        assert_ne!(give_back(&carried.claims, &schema("string s")).unwrap(), data);
    }
}

#[test]
fn text_in_another_unicode_form_is_changed_and_reported() {
    let data = encode(&[DynSolValue::String("e\u{301}".to_owned())]);
    let carried = carry(&holding(&data), &schema("string s")).unwrap();
    assert_eq!(carried.claims.canonical(), "{\"s\":\"\u{e9}\"}");
    assert!(lost(&carried.losses).contains(&"s"));
}

#[test]
fn reject_digits_beyond_a_type() {
    for (kind, data) in [
        ("bool", words(&[2])),
        ("uint8", words(&[256])),
        ("int8", words(&[128])),
        ("bytes1", words(&[1])),
        ("address", vec![0xff; 32]),
    ] {
        let fault = carry(&holding(&data), &schema(&format!("{kind} x"))).unwrap_err();
        assert_eq!(fault.path(), "$.data", "{kind}");
    }
    assert!(carry(&holding(&[0xff; 32]), &schema("int8 x")).is_ok(), "minus one");
}

#[test]
fn reject_data_of_another_schema() {
    let data = words(&[1]);
    for text in ["string s", "bool a, bool b", "uint256[] n", "bytes b"] {
        assert_eq!(carry(&holding(&data), &schema(text)).unwrap_err().path(), "$.data", "{text}");
    }
    let invalid = [&words(&[0x20, 1])[..], &[0xff; 32]].concat();
    assert!(carry(&holding(&invalid), &schema("string s")).is_err(), "not UTF-8");
    let long = encode(&[DynSolValue::String("x".repeat(16_385))]);
    assert!(carry(&holding(&long), &schema("string s")).is_err(), "longer than a text may be");
}

#[test]
fn reject_offsets_that_read_the_same_over_and_over() {
    // Each level is an array whose items all point at the next one: 120^4 strings in 15 kB.
    let (levels, width) = (4u64, 120u64);
    let mut data = words(&[0x20]);
    for _ in 0..levels {
        data.extend(words(&[width]));
        data.extend(words(&vec![width * 32; width as usize]));
    }
    data.extend(words(&[0]));
    let begun = std::time::Instant::now();
    assert!(decode(&[parse_type("string[][][][]").unwrap()], &data).is_err());
    assert!(begun.elapsed().as_millis() < 500);
    let huge = words(&[0x20, u64::MAX]);
    assert!(decode(&[parse_type("uint256[]").unwrap()], &huge).is_err());
    assert!(decode(&[DynSolType::Bool], &vec![0; (1 << 18) + 32]).is_err());
}

#[test]
fn reject_claims_that_the_schema_does_not_have() {
    let schema = schema("uint8 n, bool b");
    for (claims, path) in [
        (r#"{"n":1}"#, "$.b"),
        (r#"{"n":1,"b":true,"c":1}"#, "$.c"),
        (r#"{"n":256,"b":true}"#, "$.n"),
        (r#"{"n":true,"b":true}"#, "$.n"),
        (r#"[]"#, "$"),
    ] {
        let bounds = crate::document::Bounds::RECORD;
        let claims = crate::document::Document::read_json(claims.as_bytes(), &bounds).unwrap();
        assert_eq!(give_back(&claims, &schema).unwrap_err().path(), path);
    }
}
