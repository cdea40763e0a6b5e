//! Private data: leaves, roots and proofs.

use super::{lost, read, refused_at, sample, vector};
use crate::registry::exchange::private::{ROOT_SCHEMA, root_of};
use crate::registry::exchange::{Foreign, eas_schema_uid, open};
use alloy_dyn_abi::DynSolValue;
use alloy_primitives::{Address, B256, U256, keccak256};
use serde_json::{Value, json};

const VALUES: [(&str, &str, &str); 5] = [
    ("string", "name", "\"John Doe\""),
    ("uint256", "age", "30"),
    ("bool", "isStudent", "true"),
    ("address", "wallet", "\"0x1234567890123456789012345678901234567890\""),
    ("uint8[]", "marks", "[1,2,3]"),
];

/// A tree over the first leaves, its root left to be found.
fn values(count: usize) -> Vec<Value> {
    let leaf = |(i, (kind, name, value)): (usize, &(&str, &str, &str))| {
        let value: Value = serde_json::from_str(value).unwrap();
        let salt = keccak256([i as u8]).to_string();
        json!({ "type": kind, "name": name, "value": value, "salt": salt })
    };
    VALUES.iter().enumerate().take(count).map(leaf).collect()
}

/// A leaf's hash by another way.
fn hash(leaf: &Value) -> B256 {
    keccak256(hashed_once(leaf))
}

/// Every part of a leaf, encoded by hand.
fn hashed_once(leaf: &Value) -> B256 {
    let value = match leaf["type"].as_str().unwrap() {
        "string" => DynSolValue::String(leaf["value"].as_str().unwrap().to_owned()),
        "uint256" => DynSolValue::Uint(U256::from(leaf["value"].as_u64().unwrap()), 256),
        "bool" => DynSolValue::Bool(leaf["value"].as_bool().unwrap()),
        "address" => DynSolValue::Address(leaf["value"].as_str().unwrap().parse().unwrap()),
        _ => {
            let items = leaf["value"].as_array().unwrap().iter();
            let items = items.map(|n| DynSolValue::Uint(U256::from(n.as_u64().unwrap()), 8));
            DynSolValue::Array(items.collect())
        }
    };
    let encoded = DynSolValue::Tuple(vec![
        DynSolValue::String(leaf["type"].as_str().unwrap().to_owned()),
        DynSolValue::String(leaf["name"].as_str().unwrap().to_owned()),
        DynSolValue::Bytes(DynSolValue::Tuple(vec![value]).abi_encode_params()),
        DynSolValue::FixedBytes(leaf["salt"].as_str().unwrap().parse().unwrap(), 32),
    ]);
    keccak256(encoded.abi_encode_params())
}

fn root(leaves: &[Value]) -> B256 {
    root_of(leaves.iter().map(hash).collect())
}

fn tree(count: usize) -> Value {
    let values = values(count);
    json!({ "root": root(&values).to_string(), "values": values })
}

#[test]
fn the_tree_is_the_published_one() {
    let published = vector("merkle");
    let leaves = published["leaves"].as_array().unwrap().iter().map(|leaf| {
        let address: Address = leaf[0].as_str().unwrap().parse().unwrap();
        let amount: U256 = leaf[1].as_str().unwrap().parse().unwrap();
        let pair = DynSolValue::Tuple(vec![address.into(), amount.into()]);
        keccak256(keccak256(pair.abi_encode_params()))
    });
    assert_eq!(root_of(leaves.collect()).to_string(), published["root"].as_str().unwrap());
    let uid = eas_schema_uid("bytes32 privateData", Address::ZERO, true);
    assert_eq!(uid.to_string(), ROOT_SCHEMA);
}

#[test]
fn every_choice_of_leaves_is_proven_and_leads_to_the_root() {
    for count in 1..=5 {
        let whole = read(&tree(count)).unwrap();
        let private = whole.private().unwrap();
        assert!(private.is_whole() && private.leaves().len() == count);
        for choice in 1u32..1 << count {
            let chosen: Vec<usize> = (0..count).filter(|i| choice >> i & 1 == 1).collect();
            let proof: Value = serde_json::from_str(&private.prove(&chosen).unwrap()).unwrap();
            let opened = read(&proof).unwrap();
            assert_eq!(opened.id(), whole.id(), "{count} {chosen:?}");
            assert_eq!(opened.private().unwrap().leaves().len(), chosen.len());
            let nodes = proof["proof"].as_array().unwrap().len();
            let flags = proof["proofFlags"].as_array().unwrap().len();
            assert_eq!(chosen.len() + nodes, flags + 1);
            // With its root beside it, in either of the two shapes seen.
            let mut stated = proof.clone();
            stated["root"] = whole.id().into();
            assert!(read(&stated).is_ok());
            assert!(read(&json!({ "id": "x", "root": whole.id(), "proof": proof })).is_ok());
        }
        assert!(private.prove(&[]).is_err() && private.prove(&[0, 0]).is_err());
        assert!(private.prove(&[count]).is_err());
        assert!(private.leaves()[0].kind() == "string" && private.leaves()[0].name() == "name");
    }
}

fn proof(count: usize, chosen: &[usize]) -> Value {
    let whole = read(&tree(count)).unwrap();
    let mut proof: Value =
        serde_json::from_str(&whole.private().unwrap().prove(chosen).unwrap()).unwrap();
    proof["root"] = whole.id().into();
    proof
}

#[test]
fn forge_a_leaf() {
    for key in ["name", "salt", "value", "type"] {
        let mut proof = proof(5, &[0, 2]);
        let leaf = &mut proof["leaves"][1];
        leaf[key] = match (key, leaf["type"].as_str().unwrap()) {
            ("salt", _) => B256::ZERO.to_string().into(),
            ("name", _) => "invalid".into(),
            ("type", "bool") => {
                leaf["value"] = 1.into();
                "uint256".into()
            }
            ("type", _) => "bytes".into(),
            (_, "bool") => false.into(),
            _ => "Jane Doe".into(),
        };
        if leaf["type"] == "bytes" {
            leaf["value"] = "0x4a6f686e20446f65".into();
        }
        assert_eq!(refused_at(&proof), "$.root", "{key}");
        let mut tree = tree(5);
        tree["values"][2][key] = match key {
            "value" => false.into(),
            "type" => "uint8".into(),
            "name" => "x".into(),
            _ => B256::ZERO.to_string().into(),
        };
        if key == "type" {
            tree["values"][2]["value"] = 1.into();
        }
        assert_eq!(refused_at(&tree), "$.root", "{key} of the tree");
    }
}

#[test]
fn forge_a_node_of_a_proof() {
    let mut proof = proof(5, &[1]);
    proof["proof"][0] = B256::ZERO.to_string().into();
    assert_eq!(refused_at(&proof), "$.root");
}

#[test]
fn reject_proofs_of_nothing() {
    let root = tree(5)["root"].clone();
    let empty = json!({ "root": root, "leaves": [], "proof": [root], "proofFlags": [] });
    assert_eq!(refused_at(&empty), "$.leaves");
    let empty = json!({ "root": root, "values": [] });
    assert_eq!(refused_at(&empty), "$.values");
}

#[test]
fn reject_flags_that_are_not_as_many_as_joins() {
    let flags = |change: fn(&mut Vec<Value>)| {
        let mut proof = proof(5, &[0, 2]);
        change(proof["proofFlags"].as_array_mut().unwrap());
        refused_at(&proof)
    };
    assert_eq!(flags(|flags| flags.push(false.into())), "$.proofFlags");
    assert_eq!(flags(|flags| flags.push(true.into())), "$.proofFlags");
    assert_eq!(flags(|flags| drop(flags.pop())), "$.proofFlags");
    assert_eq!(flags(Vec::clear), "$.proofFlags");
    // As many, and too few false ones: a node of the proof would stay unused.
    assert_eq!(flags(|flags| flags.fill(true.into())), "$.proofFlags");
    assert_eq!(flags(|flags| flags.fill(false.into())), "$.proofFlags");
    let mut proof = proof(5, &[0, 2]);
    proof["proof"].as_array_mut().unwrap().pop();
    assert_eq!(refused_at(&proof), "$.proofFlags");
}

#[test]
fn forge_a_leaf_from_a_node() {
    // 64 octets, two nodes, would be a leaf if leaves were hashed once; they are hashed twice.
    let leaves = values(4);
    let mut hashes: Vec<B256> = leaves.iter().map(hash).collect();
    hashes.sort_unstable();
    let node = |a: B256, b: B256| keccak256([a.min(b).as_slice(), a.max(b).as_slice()].concat());
    // The hash of no leaf is a node: one keccak more stands between them.
    let nodes = [node(hashes[3], hashes[2]), node(hashes[1], hashes[0])];
    for leaf in &leaves {
        assert!(!nodes.contains(&hash(leaf)));
    }
    // A tree whose leaves are hashed once is not one of these.
    let once = root_of(leaves.iter().map(hashed_once).collect());
    let tree = json!({ "root": once.to_string(), "values": leaves });
    assert_eq!(refused_at(&tree), "$.root");
    // And opening a node as if it were a leaf leads nowhere: a hash can't be given, only a leaf.
    let mut proof = proof(4, &[0]);
    proof["leaves"] = json!([nodes[0].to_string()]);
    assert_eq!(refused_at(&proof), "$.leaves[0]");
}

#[test]
fn reject_equal_leaves_and_report_equal_salts() {
    let mut tree = tree(3);
    tree["values"][1] = tree["values"][0].clone();
    assert_eq!(refused_at(&tree), "$.values[1]");
    let mut leaves = values(3);
    leaves[1]["salt"] = leaves[0]["salt"].clone();
    let shared = json!({ "root": root(&leaves).to_string(), "values": leaves });
    assert!(lost(read(&shared).unwrap().losses()).contains(&"salt"));
    assert!(!lost(read(&self::tree(3)).unwrap().losses()).contains(&"salt"));
}

/// An attestation that holds a root.
fn attestation(root: &str) -> Foreign {
    let mut attestation = sample("eas-onchain-sdk");
    attestation["data"] = root.into();
    attestation["schema"] = ROOT_SCHEMA.into();
    read(&attestation).unwrap()
}

#[test]
fn leaves_come_over_under_the_attestation_of_their_root() {
    let whole = read(&tree(5)).unwrap();
    let holder = attestation(whole.id());
    let carried = open(&holder, &whole).unwrap();
    assert_eq!(
        carried.claims.canonical(),
        r#"{"age":"30","is_student":true,"marks":"[\"1\",\"2\",\"3\"]","name":"John Doe","wallet":"0x1234567890123456789012345678901234567890"}"#
    );
    assert_eq!(Some(carried.issued_at), holder.issued_at());
    assert!(!lost(&carried.losses).contains(&"leaves"));
    let some = read(&proof(5, &[1, 2])).unwrap();
    let carried = open(&holder, &some).unwrap();
    assert_eq!(carried.claims.canonical(), r#"{"age":"30","is_student":true}"#);
    assert!(lost(&carried.losses).contains(&"leaves"));
}

#[test]
fn forge_leaves_under_another_root() {
    let holder = attestation(read(&tree(5)).unwrap().id());
    let others = read(&tree(4)).unwrap();
    assert!(open(&holder, &others).is_err());
    assert!(open(&holder, &holder).is_err(), "no private data");
    let schema = others.private().unwrap().schema();
    assert!(crate::registry::exchange::carry(&others, &schema).is_err(), "no attestation");
}

#[test]
fn published_proofs_have_the_numbers_of_their_trees() {
    // Their roots are on a chain, so what is checked is that they lead to one at all.
    for (name, leaves) in [("eas-private-docs", 1), ("eas-private-licence", 2)] {
        let record = read(&sample(name)).unwrap();
        assert_eq!(record.private().unwrap().leaves().len(), leaves);
        assert!(lost(record.losses()).contains(&"root"));
        let mut other = sample(name);
        other["leaves"][0]["name"] = "other".into();
        assert_ne!(read(&other).unwrap().id(), record.id());
    }
}
